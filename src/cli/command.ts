// What a verb is given and what it gives back. A verb prints nothing itself except progress.
import type { Godwit } from '../api.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { LoadOptions } from '../config/load-options.ts'
import type { GodwitError } from '../core/error.ts'
import type { RunEvent } from '../engine/event.ts'
import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import type { Style } from './style.ts'

export interface Opened {
  readonly godwit: Godwit
  readonly loaded: LoadedConfig
}

export interface Call {
  readonly verb: string
  readonly args: readonly string[]
  readonly flags: Flags
  readonly io: Io
  /** Of stdout. */
  readonly style: Style
  /** Of stderr. */
  readonly errStyle: Style
  readonly signal: AbortSignal
  /** A person sits at a terminal and no machine-readable output was asked for. */
  readonly interactive: boolean
  /** Loads the configuration. @throws GodwitError CONFIG.* */
  open(options?: Pick<LoadOptions, 'offline'>): Promise<Opened>
  /** One line on stderr, unless `--quiet` or `--json`. */
  note(text: string): void
  /** While a live line is on the screen, sentences about a signal go through its printer. */
  announceThrough(printer: ((text: string) => void) | undefined): void
  /** For `--json=stream`: one event on stdout. Undefined in the other modes. */
  readonly emit: ((event: RunEvent) => void) | undefined
}

export interface Outcome {
  /** Without `ok`, `command` and `error`, which are added. */
  readonly data?: object
  /** For people, on stdout, with its last line break. */
  readonly text?: string
  /** Findings and failures: printed on stderr, part of the JSON, and the exit code. */
  readonly errors?: readonly { readonly error: GodwitError; readonly database?: string }[]
  /** The one error of the JSON object; default: the only one of `errors`. */
  readonly error?: GodwitError
}

export type Command = (call: Call) => Promise<Outcome>
