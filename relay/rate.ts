/** Counts events in windows of one minute. */
const WINDOW_MS = 60_000

export class RateLimit {
  readonly #perMinute: number
  #windowStart = -Infinity
  #count = 0

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Whether one more event at `now` (milliseconds) is within the limit. */
  take(now: number): boolean {
    // Also when the clock was set back.
    if (Math.abs(now - this.#windowStart) >= WINDOW_MS) {
      this.#windowStart = now
      this.#count = 0
    }
    this.#count++
    return this.#count <= this.#perMinute
  }
}
