// One call of the command line: words in, exit code out. Decides the form of the output and makes sure that there is
// always exactly one answer, also for the faults of godwit itself.
import { isAgent, isCI } from 'std-env'
import { loadConfiguration } from '../config/load.ts'
import { processVariables } from '../config/variables.ts'
import { GodwitError, isGodwitError } from '../core/error.ts'
import { version } from '../core/version.ts'
import type { RunEvent } from '../engine/event.ts'
import { makeGodwit } from '../library/create.ts'
import type { Call, Opened, Outcome } from './command.ts'
import { parseDuration } from './duration.ts'
import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import { operandsOf } from './operand.ts'
import { readPlain } from './plain.ts'
import { exitCodeOf, worstExitCode } from './severity.ts'
import { watchSignals } from './signal.ts'
import { watchStray } from './stray.ts'
import { makeStyle } from './style.ts'
import { errorView, stackView } from './view/error.ts'

type Mode = 'text' | 'json' | 'stream'

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const variables = processVariables()
  let mode = modeOf(argv, variables['GODWIT_JSON'])
  const wanted = argv.includes('--no-color') ? false : argv.includes('--color') ? true : undefined
  const errStyle = makeStyle(io.stderr, variables, wanted)
  let command = operandsOf(argv)[0] ?? ''
  let flags: Flags = {}
  const plain = (text: string): void => void io.stderr.write(`${text}\n`)
  let announce = plain
  const stopping = watchSignals(io, text => announce(errStyle.yellow(text)))
  const stray = watchStray(io)
  const signal = AbortSignal.any([stopping.signal, stray.signal])
  let outcome: Outcome
  let bug: unknown
  try {
    const parsed =
      readPlain(argv, variables) ?? (await (await import('./program.ts')).parseCommandLine(argv, version, variables))
    if (parsed.kind === 'text') {
      io.stdout.write(parsed.text)
      return 0
    }
    flags = parsed.flags
    command = parsed.verb.name
    if (flags.json) mode = 'json'
    if ((flags as { jsonStream?: boolean }).jsonStream) mode = 'stream'
    const loaded = await parsed.verb.load()
    const announceThrough: Call['announceThrough'] = printer => {
      announce = printer ?? plain
    }
    const { args } = parsed
    const call = makeCall({ io, mode, flags, verb: command, args, signal, wanted, announceThrough })
    outcome = await Promise.race([loaded.command(call), stray.hopeless])
  } catch (error) {
    if (!isGodwitError(error)) bug = error
    outcome = { errors: [{ error: isGodwitError(error) ? error : bugOf(error) }] }
  } finally {
    stopping.dispose()
    stray.dispose()
  }
  const errors = outcome.errors ?? []
  if (mode === 'text') {
    if (outcome.text !== undefined) io.stdout.write(outcome.text)
    for (const [index, { error, database }] of errors.entries())
      io.stderr.write(
        `${index > 0 || (outcome.text && io.stderr.isTTY) ? '\n' : ''}${errorView(error, errStyle, database)}`,
      )
  } else {
    io.stdout.write(jsonText(outcome, command, mode))
  }
  if (variables['GODWIT_DEBUG'] && variables['GODWIT_DEBUG'] !== '0')
    for (const error of bug === undefined ? errors.map(entry => entry.error) : [bug])
      io.stderr.write(stackView(error, errStyle))
  const received = stopping.received()
  if (errors.length > 0 && received !== undefined) return received === 'SIGTERM' ? 143 : 130
  const all = errors.map(entry => entry.error)
  return all.length === 1 && all[0] !== undefined ? exitCodeOf(all[0]) : worstExitCode(all)
}

function modeOf(argv: readonly string[], variable: string | undefined): Mode {
  if (argv.includes('--json=stream')) return 'stream'
  if (argv.some(word => word === '--json' || word === '--json=object')) return 'json'
  return variable === 'stream'
    ? 'stream'
    : variable !== undefined && /^(1|true|yes|on)$/i.test(variable)
      ? 'json'
      : 'text'
}

/** One object for each call; integers beyond 2^53 as text. */
function jsonText(outcome: Outcome, command: string, mode: Mode): string {
  const errors = outcome.errors ?? []
  const error = outcome.error ?? errors[0]?.error
  const { ok: _ok, command: _command, error: _error, ...data } = (outcome.data ?? {}) as Record<string, unknown>
  const whole = {
    ...(mode === 'stream' ? { type: 'result' } : {}),
    ok: errors.length === 0,
    command,
    ...data,
    ...(error === undefined ? {} : { error }),
  }
  return `${toJson(whole, mode === 'json' ? 2 : 0)}\n`
}

function toJson(value: unknown, indent: number): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part), indent)
}

function bugOf(error: unknown): GodwitError {
  const message = error instanceof Error ? error.message : String(error)
  return new GodwitError('INTERNAL.BUG', `This is a fault of godwit itself: ${message.split('\n')[0] ?? ''}`, {
    why: 'What the databases hold can be seen with godwit status. Run the same command with GODWIT_DEBUG=1 for the stack, and report it.',
    next: ['godwit status'],
    cause: error,
  })
}

interface CallParts {
  readonly io: Io
  readonly mode: Mode
  readonly flags: Flags
  readonly verb: string
  readonly args: readonly string[]
  readonly signal: AbortSignal
  readonly wanted: boolean | undefined
  readonly announceThrough: Call['announceThrough']
}

function makeCall({ io, mode, flags, verb, args, signal, wanted, announceThrough }: CallParts): Call {
  const variables = processVariables()
  const style = makeStyle(io.stdout, variables, wanted)
  const errStyle = makeStyle(io.stderr, variables, wanted)
  const quiet = mode !== 'text' || flags.quiet === true
  const note = (text: string): void => {
    if (!quiet) io.stderr.write(`${errStyle.dim(text)}\n`)
  }
  return {
    verb,
    args,
    flags,
    io,
    style,
    errStyle,
    signal,
    // Asked for only where a question could be put: opening stdin is not free.
    get interactive() {
      return mode === 'text' && io.stdin.isTTY === true && io.stderr.isTTY === true && !isCI && !isAgent
    },
    note,
    announceThrough,
    emit: mode === 'stream' ? (event: RunEvent) => void io.stdout.write(`${toJson(event, 0)}\n`) : undefined,
    async open(options = {}): Promise<Opened> {
      const lockWaitMs = flags.lockWait === undefined ? undefined : parseDuration(flags.lockWait)
      const given = {
        config: flags.config,
        env: flags.env,
        url: flags.url,
        migrations: flags.migrations,
        databases: flags.database,
        lockWaitMs,
      }
      const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      const loaded = await loadConfiguration({ cwd: io.cwd, ...present, ...options })
      for (const notice of loaded.notices) note(notice)
      if (flags.verbose)
        note(
          `configuration: ${loaded.file ?? 'none, from the environment'}; environment: ${loaded.config.environment}${loaded.envFiles.length > 0 ? `; read ${loaded.envFiles.join(', ')}` : ''}`,
        )
      return { godwit: makeGodwit(loaded.config), loaded }
    },
  }
}
