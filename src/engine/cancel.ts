// Stopping what runs: the statement at work is cancelled from outside until the run has noticed.
import type { Session } from '../dialect/session.ts'

/** Pause between two requests, ms. */
const AGAIN = 300

/**
 * Asks the server again and again, since a request that arrives between two statements is ignored.
 *
 * @returns ends it; resolves when no request is on its way any more, so that none can hit what is sent afterwards
 */
export function cancelOnStop(session: Session, stop: AbortSignal): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let asking: Promise<void> = Promise.resolve()
  const cancel = () => {
    asking = session.cancel().catch(() => undefined)
  }
  const onAbort = () => {
    cancel()
    timer = setInterval(cancel, AGAIN)
  }
  if (stop.aborted) onAbort()
  else stop.addEventListener('abort', onAbort, { once: true })
  return async () => {
    stop.removeEventListener('abort', onAbort)
    clearInterval(timer)
    await asking
  }
}
