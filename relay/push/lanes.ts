/**
 * The order of pushes: those to one host wait for each other, so many at once and in a minute, and hosts take turns. A host
 * that hangs, or that someone would have flooded, keeps nobody waiting who is woken by another; nor do many names of one host
 * that hangs, since half of all places are for hosts that are known to be quick.
 */
import {
  MAX_PUSHES_PER_HOST_PER_MINUTE,
  MAX_PUSHES_PER_HOST_UNDER_WAY,
  MAX_PUSHES_UNDER_WAY,
  MAX_UNKNOWN_PUSHES_UNDER_WAY,
} from '../limits.ts'
import { Trust } from './trust.ts'

const MINUTE_MS = 60_000
/** Milliseconds between two looks whether the minute is over for a host that others wait for. */
const LOOK_MS = 1_000

export interface LanesInit {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Calls `wake` once, after so many milliseconds. Returns how to call it off. */
  readonly after: (delayMs: number, wake: () => void) => () => void
}

/** A push has ended, and kept nobody waiting, or did. */
export type Leave = (isQuick: boolean) => void

/** The pushes to one host. */
interface Lane {
  /** The first waits longest. */
  readonly waiting: Set<(leave: Leave) => void>
  underWay: number
  /** Of the pushes that began since then. */
  since: number
  begun: number
}

export class Lanes {
  readonly #init: LanesInit
  /** The first is the one whose minute began first. */
  readonly #lanes = new Map<string, Lane>()
  readonly #trust = new Trust()
  /** Hosts that pushes wait for, the first has its turn next: those that are trusted, and the others. */
  readonly #trusted = new Set<string>()
  readonly #unknown = new Set<string>()
  #underWay = 0
  #unknownUnderWay = 0
  #cancel: (() => void) | undefined

  constructor(init: LanesInit) {
    this.#init = init
  }

  /**
   * Resolves when a push to that host may begin, with what is to be called when it has ended; with null when it was called off
   * before.
   */
  async enter(host: string, off: AbortSignal): Promise<Leave | null> {
    if (off.aborted) return null
    const lane = this.#laneOf(host)
    return await new Promise<Leave | null>((resolve) => {
      const begin = (leave: Leave): void => {
        off.removeEventListener('abort', giveUp)
        resolve(leave)
      }
      const giveUp = (): void => {
        lane.waiting.delete(begin)
        if (lane.waiting.size === 0) this.#forgetTurn(host)
        resolve(null)
      }
      off.addEventListener('abort', giveUp, { once: true })
      lane.waiting.add(begin)
      this.#giveTurn(host)
      this.#next()
    })
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

  /** At the end of those that wait, unless it waits already. */
  #giveTurn(host: string): void {
    const [turns, others] = this.#trust.has(host)
      ? [this.#trusted, this.#unknown]
      : [this.#unknown, this.#trusted]
    others.delete(host)
    turns.add(host)
  }

  #forgetTurn(host: string): void {
    this.#trusted.delete(host)
    this.#unknown.delete(host)
  }

  #next(): void {
    // Those that begin one and have more come again at the end of the set, and of this loop.
    for (const host of this.#trusted) {
      if (this.#underWay >= MAX_PUSHES_UNDER_WAY) return
      this.#begin(host, true)
    }
    for (const host of this.#unknown) {
      if (this.#underWay >= MAX_PUSHES_UNDER_WAY) return
      if (this.#unknownUnderWay >= MAX_UNKNOWN_PUSHES_UNDER_WAY) return
      this.#begin(host, false)
    }
  }

  /** Begins a push to a host, if one may. */
  #begin(host: string, isTrusted: boolean): void {
    const lane = this.#lanes.get(host)
    if (lane === undefined) return
    const now = this.#init.now()
    // Also when the clock was set back.
    if (Math.abs(now - lane.since) >= MINUTE_MS) this.#newMinute(host, lane, now)
    if (lane.underWay >= MAX_PUSHES_PER_HOST_UNDER_WAY) return
    if (lane.begun >= MAX_PUSHES_PER_HOST_PER_MINUTE) {
      this.#wait()
      return
    }
    const [begin] = lane.waiting
    this.#forgetTurn(host)
    if (begin === undefined) return
    lane.waiting.delete(begin)
    if (lane.waiting.size > 0) this.#giveTurn(host)
    lane.begun += 1
    const count = (change: 1 | -1): void => {
      this.#underWay += change
      lane.underWay += change
      if (!isTrusted) this.#unknownUnderWay += change
    }
    count(1)
    begin((isQuick) => {
      count(-1)
      this.#trust.count(host, isQuick)
      if (lane.waiting.size > 0) this.#giveTurn(host)
      this.#next()
    })
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
