/** Clock, timer, randomness and log under a test's control. Nothing moves unless the test moves it. */
import type { Clock, Log, Random, Timer } from '../sync/ports.ts'

interface Due {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands, and timers that fire when `advance` passes them. */
export class FakeTime implements Clock, Timer {
  #now: number
  #due: Due[] = []

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, wake: () => void): () => void {
    const due = { at: this.#now + delayMs, wake }
    this.#due.push(due)
    return () => {
      this.#due = this.#due.filter((other) => other !== due)
    }
  }

  /** Moves on by `ms`, firing what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#due = this.#due.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = end
  }

  get pending(): number {
    return this.#due.length
  }
}

/** The same numbers each time for the same seed (mulberry32). */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  readonly fraction = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  readonly bytes = (count: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256))
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined }

/** Resolves when `condition` holds; the work it waits for goes on meanwhile. Rejects after `ms` of real time: it hangs then. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 25_000,
): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
