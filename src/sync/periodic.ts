/** Something that happens again and again, at a period that may change. */
import type { Timer } from './ports.ts'

export class Periodic {
  readonly #timer: Timer
  readonly #task: () => void
  #periodMs = 0
  #cancel: () => void = () => undefined

  constructor(timer: Timer, task: () => void) {
    this.#timer = timer
    this.#task = task
  }

  /** From now on every `periodMs` milliseconds. Said again with the same period it changes nothing. */
  every(periodMs: number): void {
    if (periodMs === this.#periodMs) return
    this.#periodMs = periodMs
    this.#arm()
  }

  stop(): void {
    this.#cancel()
    this.#periodMs = 0
  }

  #arm(): void {
    this.#cancel()
    this.#cancel = this.#timer.after(this.#periodMs, () => {
      this.#task()
      this.#arm()
    })
  }
}
