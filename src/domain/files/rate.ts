/** How fast bytes come or go: the mean over the last seconds, so that a pause shows and a hiccup does not. */

/** Over how long it is taken, milliseconds. */
const SPAN_MS = 5_000
/** From when on it says something, milliseconds. */
const LEAST_MS = 500

interface Sample {
  readonly at: number
  readonly bytes: number
}

export class Rate {
  #samples: readonly Sample[] = []

  /** `bytes` so far, at `now` (milliseconds). */
  note(bytes: number, now: number): void {
    // A clock that was put back says nothing of what was before.
    const kept = this.#samples.filter(({ at }) => at <= now && now - at <= SPAN_MS)
    this.#samples = [...kept, { at: now, bytes }]
  }

  /** It stands still: what was before says nothing any more. */
  rest(): void {
    this.#samples = []
  }

  /** Bytes a second; null before it can be told. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return null
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at)
  }
}
