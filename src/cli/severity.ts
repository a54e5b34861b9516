// Which exit code stands for a call in which several things went wrong.
import type { GodwitError } from '../core/error.ts'
import { errorCodes } from '../core/error-codes.ts'

/** Worst first: left partial, our bug, rolled back, locked, declined, precondition, findings. */
const order: readonly number[] = [7, 1, 6, 5, 3, 2, 4]

/** The exit code of an error, also of one that came from another copy of the package. */
export function exitCodeOf(error: GodwitError): number {
  if (error.code === 'RUN.ABORTED' && typeof error.meta?.['signal'] === 'string')
    return error.meta['signal'] === 'SIGTERM' ? 143 : 130
  const exit = errorCodes[error.code]?.exit ?? 1
  // A code that leaves it open what stays, where it is known that nothing does.
  return exit === 7 && error.meta?.['state'] === 'rolled-back' ? 6 : exit
}

/** 0 when there is none. */
export function worstExitCode(errors: readonly GodwitError[]): number {
  const codes = new Set(errors.map(exitCodeOf))
  return order.find(code => codes.has(code)) ?? [...codes][0] ?? 0
}
