// Waiting for code of the user that may never end: a stop is waited for only so long.
import { abortError } from './lease.ts'

/** How long the code may take to end by itself after a stop, ms; its `m.signal` has told it. */
const GRACE = 1_000

/** The code's own outcome, or the reason of the stop when it goes on regardless. What it does then, nobody hears. */
export function untilStopped(work: Promise<unknown>, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const onAbort = () => {
      timer = setTimeout(() => reject(abortError(stop)), GRACE)
    }
    const end = (settle: () => void) => {
      clearTimeout(timer)
      stop.removeEventListener('abort', onAbort)
      settle()
    }
    work.then(
      () => end(resolve),
      (error: unknown) => end(() => reject(error)),
    )
    if (stop.aborted) onAbort()
    else stop.addEventListener('abort', onAbort, { once: true })
  })
}
