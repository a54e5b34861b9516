// Ctrl-C. The first one asks the run to stop and roll back; a second one within two seconds of the last ends the process
// and says what may be left behind.
import type { Io } from './io.ts'

const SECOND_MS = 2000

export interface Stopping {
  readonly signal: AbortSignal
  /** The first signal that came. */
  readonly received: () => 'SIGINT' | 'SIGTERM' | undefined
  dispose(): void
}

/** @param say one line on stderr */
export function watchSignals(io: Io, say: (text: string) => void): Stopping {
  const controller = new AbortController()
  let first: 'SIGINT' | 'SIGTERM' | undefined
  let at = 0
  const off = io.onSignal(name => {
    const now = Date.now()
    if (first === undefined) {
      first = name
      at = now
      say('stopping: rolling back what has not been committed (once more to end at once)')
      controller.abort(name)
      return
    }
    // A terminal and npm may both deliver one Ctrl-C: what comes in the same instant is the same.
    if (now - at < 50) return
    if (now - at > SECOND_MS) {
      at = now
      say('still stopping; once more within 2 s to end at once')
      return
    }
    say(
      'ended at once. The server rolls open transactions back by itself; on stores without them a revision may be half done, ' +
        'and the lock stays until it expires. Look with: godwit status',
    )
    io.exit(first === 'SIGTERM' ? 143 : 130)
  })
  return { signal: controller.signal, received: () => first, dispose: off }
}
