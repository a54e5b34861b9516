// The one error type of godwit. Built where a fault is detected, printed by the command line,
// returned by the library; recognised by shape so that two copies of the package agree.
import { type ErrorCode, errorCodes, usualRemedy } from './error-codes.ts'
import { asSentence } from './sentence.ts'

/** Where in a file an error was found. Lines and columns start at 1; `text` is the source line. */
export interface ErrorLocation {
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** The source line itself, shown with a caret under `column`. */
  readonly text?: string
}

export interface ErrorDetails {
  /** Why it happened and what state the database is in now: what is applied and what is not. */
  readonly why?: string
  /** Commands that can be run as they are, best first. */
  readonly next?: readonly string[]
  readonly where?: ErrorLocation
  /** Facts that are safe to print: no secrets, JSON-serialisable. */
  readonly meta?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * A failure the user can act on.
 *
 * @example
 * throw new GodwitError('GRAPH.PARENT_UNKNOWN', 'revision b names the parent a, which does not exist', {
 *   next: ['godwit history'],
 * })
 */
export class GodwitError extends Error {
  override readonly name = 'GodwitError'
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly next: readonly string[]
  readonly where: ErrorLocation | undefined
  readonly meta: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.why = details.why === undefined ? undefined : asSentence(details.why)
    const remedy = usualRemedy(code)
    this.next = details.next?.length || remedy === undefined ? (details.next ?? []) : [remedy]
    this.where = details.where
    this.meta = details.meta ?? {}
  }

  /** The exit code of the command line for this error, 2 to 7. */
  get exitCode(): number {
    const { exit } = errorCodes[this.code]
    // A code that leaves it open what stays, in a case where it is known that nothing does.
    return exit === 7 && this.meta['state'] === 'rolled-back' ? 6 : exit
  }

  /** The published JSON form: `{ code, message, why, next, where, meta }`. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      why: this.why ?? errorCodes[this.code].summary,
      next: this.next,
      ...(this.where ? { where: this.where } : {}),
      meta: this.meta,
    }
  }
}

/** True for a GodwitError of this or another copy of the package. */
export function isGodwitError(value: unknown): value is GodwitError {
  return value instanceof Error && value.name === 'GodwitError' && 'code' in value && 'next' in value
}
