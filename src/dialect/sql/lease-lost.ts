// Tells the loss of the lease that a session found by itself from every other error.
import { isGodwitError } from '../../core/error.ts'

/** LOCK.LOST anywhere in the chain of causes. */
export function isLeaseLost(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    if (isGodwitError(one) && one.code === 'LOCK.LOST') return true
  }
  return false
}
