// Whatever was thrown as the error people read: ours as it is, a driver's mapped, a fault of godwit named as one.
import { GodwitError, isGodwitError } from '../core/error.ts'
import type { Dialect } from '../dialect/dialect.ts'

/** Errors that only wrong code raises; drivers give theirs a `code`. */
const FAULTS = [TypeError, ReferenceError, RangeError]

export function knownError(dialect: Dialect, cause: unknown): GodwitError {
  if (isGodwitError(cause)) return cause
  const fault = FAULTS.some(kind => cause instanceof kind) && !('code' in (cause as object))
  if (!fault) return dialect.mapError(cause)
  return new GodwitError('INTERNAL.BUG', `godwit met a fault of its own: ${(cause as Error).message}`, {
    why: 'What the journal records is as it says; what was under way is not known.',
    next: ['godwit status', 'GODWIT_DEBUG=1 godwit status'],
    cause,
  })
}
