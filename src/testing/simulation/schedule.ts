/** Virtual time: what is to happen, in order. It stands until it is moved to the next event. */

interface Event {
  readonly at: number
  readonly order: number
  run: (() => void) | null
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export class Schedule {
  #now: number
  #orders = 0
  /** A binary heap, the next event first. */
  readonly #heap: Event[] = []

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  get now(): number {
    return this.#now
  }

  /** Runs `run` in `delayMs` milliseconds. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, delayMs), order: this.#orders++, run }
    this.#push(event)
    return () => {
      event.run = null
    }
  }

  /** Moves to the next event, which is taken out, if it comes before `end`; else moves to `end`. */
  next(end: number): (() => void) | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > end) break
      this.#pop()
      if (first.run === null) continue
      this.#now = first.at
      return first.run
    }
    this.#now = Math.max(this.#now, end)
    return undefined
  }

  /** When the next event is due. */
  nextAt(): number | undefined {
    while (this.#heap[0]?.run === null) this.#pop()
    return this.#heap[0]?.at
  }

  #push(event: Event): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[i] = parent
      i = up
    }
    heap[i] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      let child = heap[down]
      if (child === undefined) break
      const right = heap[down + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        down++
      }
      if (!isBefore(child, last)) break
      heap[i] = child
      i = down
    }
    heap[i] = last
  }
}
