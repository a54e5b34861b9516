// Bounds how many connections are open at the same time. Who waits too long for a free one is told so.
import { GodwitError } from '../../core/error.ts'

export class Slots {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(most: number) {
    this.#most = Math.max(1, most)
  }

  /**
   * Takes a slot; the function returned gives it back and may be called twice.
   * @throws GodwitError CONNECT.TIMEOUT
   */
  async take(waitMs: number): Promise<() => void> {
    if (this.#taken >= this.#most) {
      await new Promise<void>((resolve, reject) => {
        const granted = () => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(() => {
          this.#waiting.splice(this.#waiting.indexOf(granted), 1)
          reject(
            new GodwitError('CONNECT.TIMEOUT', `all ${this.#most} connections of the pool are in use`, {
              why: `none became free within ${waitMs} ms; raise poolSize if so many are needed at once`,
            }),
          )
        }, waitMs)
        this.#waiting.push(granted)
      })
    } else this.#taken++
    let given = false
    return () => {
      if (given) return
      given = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken--
      else next()
    }
  }
}
