// The ladder of attempts for work that did not get a lock: all of it was rolled back, so it can be done again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { GodwitError } from '../core/error.ts'
import type { Execution } from './execution.ts'

/** Work that lost a wait for a lock, or was a deadlock victim, is tried this often in all. */
export const ATTEMPTS = 4
/** Pause before the second attempt, ms; doubles, with jitter so that runners do not march in step. */
const RETRY_PAUSE = 250

/** A failure that the next attempt may not meet. The code of a half-done revision hides why; `reason` keeps it. */
export function missedLock(execution: Execution, failure: GodwitError): boolean {
  if (execution.stop.aborted) return false
  const code = failure.meta['reason'] ?? failure.code
  return code === 'RUN.LOCK_TIMEOUT' || code === 'RUN.DEADLOCK'
}

/** Tells that `attempt` failed and waits; a stop ends the wait. */
export async function pauseBeforeRetry(
  execution: Execution,
  revision: string,
  attempt: number,
  reason: string,
): Promise<void> {
  const delayMs = Math.round(RETRY_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random()))
  const database = execution.database.name
  execution.scope.emit({ type: 'retry', database, revision, attempt, delayMs, reason })
  await sleep(delayMs, undefined, { signal: execution.stop }).catch(() => undefined)
}
