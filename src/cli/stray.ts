// What code of the user can do to the whole process: throw where nobody can catch it, or wait for something that can no
// longer happen. Node would end with a stack or without a word; here the run is stopped, rolled back and reported.
import { GodwitError } from '../core/error.ts'
import { maskSecrets } from '../core/mask.ts'
import type { Io } from './io.ts'

export interface Stray {
  /** Aborted with the error to be shown. */
  readonly signal: AbortSignal
  /** Rejects when the call cannot end by itself even then. */
  readonly hopeless: Promise<never>
  dispose(): void
}

export function watchStray(io: Io): Stray {
  const controller = new AbortController()
  let giveUp: (error: Error) => void = () => {}
  const hopeless = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  hopeless.catch(() => undefined)
  const offUncaught = io.onUncaught(error => {
    const said = maskSecrets(error instanceof Error ? error.message : String(error), [])
    controller.abort(
      new GodwitError('RUN.CODE_FAILED', `code ended with an error that nothing caught: ${said}`, {
        why: 'A promise without await, or a callback, failed outside of what godwit can see.',
        next: ['await every promise in the code, then: godwit up'],
        cause: error,
      }),
    )
  })
  const offIdle = io.onIdle(() => {
    if (controller.signal.aborted) giveUp(new Error('it waits for something that can no longer happen'))
    else
      controller.abort(
        new GodwitError('RUN.CODE_FAILED', 'the code waits for something that can no longer happen', {
          why: 'It awaits a promise that nothing is left to settle: no timer, connection or file is open.',
          next: ['give every promise in the code an end, then: godwit up'],
        }),
      )
  })
  return {
    signal: controller.signal,
    hopeless,
    dispose() {
      offIdle()
      offUncaught()
    },
  }
}
