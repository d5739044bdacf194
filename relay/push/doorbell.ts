/**
 * What is left under a grant that anyone may have wakes an owner at most once in OPEN_WAKE_PAUSE_MS, so that whoever has
 * their link cannot keep their devices awake. What comes meanwhile wakes at the end of that, unless the owner came.
 */
import type { PeerId } from '../../src/domain/ids.ts'
import { MAX_OWNERS_TO_WAKE, OPEN_WAKE_PAUSE_MS } from '../limits.ts'

export interface DoorbellInit {
  readonly wake: (owner: PeerId) => void
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Calls `wake` once, after so many milliseconds. Returns how to call it off. */
  readonly after: (delayMs: number, wake: () => void) => () => void
}

interface Pause {
  readonly until: number
  /** Absent: nothing came since it began. */
  cancel?: (() => void) | undefined
}

export class Doorbell {
  readonly #init: DoorbellInit
  /** The first ends first. */
  readonly #pauses = new Map<PeerId, Pause>()

  constructor(init: DoorbellInit) {
    this.#init = init
  }

  /** There is news from someone who may be anyone, for an owner who does not listen. */
  ring(owner: PeerId): void {
    const { now, after, wake } = this.#init
    const pause = this.#pauses.get(owner)
    // A clock that was set back must not silence it for long.
    const left = Math.min((pause?.until ?? 0) - now(), OPEN_WAKE_PAUSE_MS)
    if (pause !== undefined && left > 0) {
      pause.cancel ??= after(left, () => {
        this.#begin(owner)
        wake(owner)
      })
      return
    }
    this.#begin(owner)
    wake(owner)
  }

  /** The owner listens. Returns whether there was something to be woken for. */
  callOff(owner: PeerId): boolean {
    const pause = this.#pauses.get(owner)
    if (pause?.cancel === undefined) return false
    pause.cancel()
    pause.cancel = undefined
    return true
  }

  /** Wakes nobody any more of what came until now. */
  close(): void {
    for (const owner of this.#pauses.keys()) this.callOff(owner)
    this.#pauses.clear()
  }

  #begin(owner: PeerId): void {
    const now = this.#init.now()
    this.#forget(owner)
    this.#pauses.set(owner, { until: now + OPEN_WAKE_PAUSE_MS })
    for (const [first, { until, cancel }] of this.#pauses) {
      const isOver = until <= now && cancel === undefined
      if (!isOver && this.#pauses.size <= MAX_OWNERS_TO_WAKE) break
      this.#forget(first)
    }
  }

  #forget(owner: PeerId): void {
    this.callOff(owner)
    this.#pauses.delete(owner)
  }
}
