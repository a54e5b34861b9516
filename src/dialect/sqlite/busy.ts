// Waiting for another writer without blocking the process: SQLite's own busy handler sleeps inside the call, so
// that no heartbeat, signal or time-out would be served meanwhile.
import { isBusy } from './fault.ts'

/**
 * Calls `attempt` until it does not throw SQLITE_BUSY, for `limitMs` milliseconds at most, then throws that error.
 * Pauses rise from 1 to 100 ms with jitter, so that waiting processes do not march in step.
 */
export async function untilFree<Result>(limitMs: number, attempt: () => Result, signal?: AbortSignal): Promise<Result> {
  const end = performance.now() + limitMs
  for (let pause = 1; ; pause = Math.min(pause * 2, 100)) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end || signal?.aborted) throw error
    }
    await new Promise(resolve => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
}
