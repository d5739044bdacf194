/**
 * The order of pushes: those to one host wait for each other, so many at once and in a minute, and hosts take turns. A host
 * that hangs, or that someone would have flooded, keeps nobody waiting who is woken by another.
 */
import {
  MAX_PUSHES_PER_HOST_PER_MINUTE,
  MAX_PUSHES_PER_HOST_UNDER_WAY,
  MAX_PUSHES_UNDER_WAY,
} from '../limits.ts'

const MINUTE_MS = 60_000
/** Milliseconds between two looks whether the minute is over for a host that others wait for. */
const LOOK_MS = 1_000

export interface LanesInit {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Calls `wake` once, after so many milliseconds. Returns how to call it off. */
  readonly after: (delayMs: number, wake: () => void) => () => void
}

/** The pushes to one host. */
interface Lane {
  /** The first waits longest. */
  readonly waiting: Set<() => void>
  underWay: number
  /** Of the pushes that began since then. */
  since: number
  begun: number
}

export class Lanes {
  readonly #init: LanesInit
  /** The first is the one whose minute began first. */
  readonly #lanes = new Map<string, Lane>()
  /** Hosts that pushes wait for; the first has its turn next. */
  readonly #turns = new Set<string>()
  #underWay = 0
  #cancel: (() => void) | undefined

  constructor(init: LanesInit) {
    this.#init = init
  }

  /**
   * Resolves with true when a push to that host may begin, and whoever asked calls `leave` when it has ended; with false when
   * it was called off before.
   */
  async enter(host: string, off: AbortSignal): Promise<boolean> {
    if (off.aborted) return false
    const lane = this.#laneOf(host)
    return await new Promise<boolean>((resolve) => {
      const begin = (): void => {
        off.removeEventListener('abort', giveUp)
        resolve(true)
      }
      const giveUp = (): void => {
        lane.waiting.delete(begin)
        if (lane.waiting.size === 0) this.#turns.delete(host)
        resolve(false)
      }
      off.addEventListener('abort', giveUp, { once: true })
      lane.waiting.add(begin)
      this.#turns.add(host)
      this.#next()
    })
  }

  leave(host: string): void {
    this.#underWay -= 1
    const lane = this.#lanes.get(host)
    if (lane !== undefined) lane.underWay -= 1
    this.#next()
  }

  /** Forgets those that wait for a minute to pass. */
  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #laneOf(host: string): Lane {
    const now = this.#init.now()
    for (const [name, { waiting, underWay, since }] of this.#lanes) {
      if (waiting.size > 0 || underWay > 0 || now - since < MINUTE_MS) break
      this.#lanes.delete(name)
    }
    const lane = this.#lanes.get(host) ?? { waiting: new Set(), underWay: 0, since: now, begun: 0 }
    this.#lanes.set(host, lane)
    return lane
  }

  #next(): void {
    // Those that begin one and have more come again at the end of the set, and of this loop.
    for (const host of this.#turns) {
      if (this.#underWay >= MAX_PUSHES_UNDER_WAY) return
      const lane = this.#lanes.get(host)
      if (lane !== undefined) this.#begin(host, lane)
    }
  }

  /** Begins a push to a host, if one may. */
  #begin(host: string, lane: Lane): void {
    const now = this.#init.now()
    // Also when the clock was set back.
    if (Math.abs(now - lane.since) >= MINUTE_MS) this.#newMinute(host, lane, now)
    if (lane.underWay >= MAX_PUSHES_PER_HOST_UNDER_WAY) return
    if (lane.begun >= MAX_PUSHES_PER_HOST_PER_MINUTE) {
      this.#wait()
      return
    }
    const [begin] = lane.waiting
    this.#turns.delete(host)
    if (begin === undefined) return
    lane.waiting.delete(begin)
    if (lane.waiting.size > 0) this.#turns.add(host)
    this.#underWay += 1
    lane.underWay += 1
    lane.begun += 1
    begin()
  }

  #newMinute(host: string, lane: Lane, now: number): void {
    lane.since = now
    lane.begun = 0
    this.#lanes.delete(host)
    this.#lanes.set(host, lane)
  }

  #wait(): void {
    this.#cancel ??= this.#init.after(LOOK_MS, () => {
      this.#cancel = undefined
      this.#next()
    })
  }
}
