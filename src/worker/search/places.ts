/**
 * Where messages stand in the index: numbers that rise with time, so that the newest are found first and a span of time is
 * a span of numbers. They are close together, since that is what keeps the index small: the place of a message is its time
 * in grains, and where that is taken the next one that is free. So order is by time, but for messages that come late
 * into a time that was more crowded than a message a grain; how far any place is off is kept, so that no span misses one.
 */

/** 16 s. */
export const GRAIN_MS = 2 ** 14

export class Places {
  /** The most that any place is ahead of its time, and behind it, in grains. */
  ahead = 0
  behind = 0
  /** Whether that has grown since it was last set to false. */
  moved = false

  readonly #isTaken: (place: number) => boolean
  /** Places that are known to be taken without a gap. */
  #run: readonly [from: number, to: number] | null = null

  constructor(isTaken: (place: number) => boolean) {
    this.#isTaken = isTaken
  }

  /** A free place for a message of that time: the next one upwards or downwards. The caller takes it. */
  take(at: number, direction: 1 | -1): number {
    const wanted = Math.floor(at / GRAIN_MS)
    const run = this.#run
    const known = run !== null && wanted >= run[0] && wanted <= run[1]
    let place = known ? (direction === 1 ? run[1] + 1 : run[0] - 1) : wanted
    while (this.#isTaken(place)) place += direction
    const from = Math.min(wanted, place, known ? run[0] : wanted)
    this.#run = [from, Math.max(wanted, place, known ? run[1] : wanted)]
    this.moved ||= place - wanted > this.ahead || wanted - place > this.behind
    this.ahead = Math.max(this.ahead, place - wanted)
    this.behind = Math.max(this.behind, wanted - place)
    return place
  }

  /** A place has become free, or was not taken after all. */
  free(): void {
    this.#run = null
  }

  /** The first and the last place that a message of a time from `from` on and before `to` can have. */
  range(from: number, to: number): readonly [first: number, last: number] {
    return [Math.floor(from / GRAIN_MS) - this.behind, Math.floor(to / GRAIN_MS) + this.ahead]
  }
}
