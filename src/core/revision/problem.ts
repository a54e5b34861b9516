// Several faults found in one look at the files: the first is thrown, the others travel with it,
// so that a person repairs all of them before the next try.
import type { ErrorCode } from '../error-codes.ts'
import { type ErrorDetails, GodwitError } from '../error.ts'

export interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/**
 * Throws the first problem as a GodwitError, with the published JSON form of the others in `meta.others`.
 * Does nothing when there is none.
 */
export function throwProblems(problems: readonly Problem[]): void {
  const [first, ...others] = problems
  if (!first) return
  const meta = {
    ...first.details.meta,
    others: others.map(other => new GodwitError(other.code, other.message, other.details).toJSON()),
  }
  throw new GodwitError(first.code, first.message, { ...first.details, meta })
}
