/** One attempt to reach something, a reservation say: how long it may still take, and how it is called off. */
import type { Clock, Timer } from '../sync/ports.ts'
import { STALE_ATTEMPT_MS } from './limits.ts'

export class Attempt {
  readonly #clock: Clock
  readonly #timer: Timer
  readonly #controller = new AbortController()
  readonly #begun: number
  #cancelPatience: () => void = () => undefined
  #settled = false
  /** Whether the relay has answered at all. */
  heard = false
  /** Whether it was given up for a new one: that is no failure. */
  replaced = false

  constructor(clock: Clock, timer: Timer) {
    this.#clock = clock
    this.#timer = timer
    this.#begun = clock.now()
  }

  /** Aborted when the attempt is over without success. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The attempt ends unless this, or `settle`, is called again within `ms` milliseconds. */
  allow(ms: number): void {
    this.#cancelPatience()
    this.#cancelPatience = this.#timer.after(ms, () => {
      // A busy or frozen page finds its timers due before it reads what has arrived in time: that comes first.
      this.#cancelPatience = this.#timer.after(0, () => {
        this.abort(`nothing came within ${ms} ms`)
      })
    })
  }

  /** It has what it was made for, and is not aborted any more. */
  settle(): void {
    this.#cancelPatience()
    this.#settled = true
  }

  abort(reason: string): void {
    this.#cancelPatience()
    if (!this.#settled) this.#controller.abort(new Error(reason))
  }

  /** Milliseconds since it began; the clock may have been set back. */
  get ageMs(): number {
    return Math.abs(this.#clock.now() - this.#begun)
  }

  /** Gives the attempt up for a new one if it is so old that it may hang. */
  replace(): void {
    if (this.ageMs <= STALE_ATTEMPT_MS) return
    this.replaced = true
    this.abort('the network may have changed')
  }

  /** The whole attempt: what `work` comes to within `ms` milliseconds. What comes to something all the same is undone. */
  async within<T>(
    ms: number,
    work: (signal: AbortSignal) => Promise<T>,
    undo: (late: T) => void,
  ): Promise<T> {
    this.allow(ms)
    const working = work(this.signal)
    try {
      return await this.orAbort(working)
    } catch (error) {
      working.then(undo, () => undefined)
      throw error
    } finally {
      this.settle()
    }
  }

  /** What `work` comes to, unless the attempt is over before. */
  orAbort<T>(work: Promise<T>): Promise<T> {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(signal.reason as Error)
      if (signal.aborted) fail()
      signal.addEventListener('abort', fail, { once: true })
      work.then(resolve, reject)
    })
  }
}
