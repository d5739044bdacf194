/** What becomes of single frames and sessions on their way. */
import type { Chance } from './chance.ts'
import type { FaultName } from './fault-names.ts'

export type Fate = 'arrives' | 'lost' | 'twice' | 'overtaken' | 'goes dark' | 'outlives'

/** Of a thousand frames. */
const RATES: readonly (readonly [fault: FaultName, fate: Fate, rate: number])[] = [
  ['drop', 'lost', 6],
  ['duplicate', 'twice', 6],
  ['reorder', 'overtaken', 10],
  ['half-open', 'goes dark', 4],
  ['half-open', 'outlives', 15],
]

/** Times are in steps of this many milliseconds, so that much happens in the same instant. */
export const INSTANT_MS = 5

export class LinkFaults {
  readonly #chance: Chance
  readonly #faults: Set<FaultName>
  #slowUntil = 0
  /** How often each fault has struck. */
  readonly struck = new Map<FaultName, number>()

  constructor(chance: Chance, faults: ReadonlySet<FaultName>) {
    this.#chance = chance
    this.#faults = new Set(faults)
  }

  fate(): Fate {
    let dice = this.#chance.fraction() * 1000
    for (const [fault, fate, rate] of RATES) {
      if (dice >= 0 && dice < rate && this.#faults.has(fault)) {
        this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1)
        return fate
      }
      dice -= rate
    }
    return 'arrives'
  }

  /** How long a frame that is sent now is on its way, milliseconds. At times everything is slow for a while. */
  delay(now: number): number {
    const chance = this.#chance
    const slow = this.#faults.has('delay')
    if (slow && chance.happens(0.005)) this.#slowUntil = now + chance.spread(1000, 300_000)
    return INSTANT_MS * (slow && now < this.#slowUntil ? chance.spread(20, 6000) : chance.between(1, 8))
  }

  /** How long it takes until the end of a session is noticed, milliseconds. */
  notice(): number {
    return INSTANT_MS * this.#chance.spread(20, 20_000)
  }

  /** How long a frame is on its way that its sender has lost the session of, milliseconds: about as long as a new one takes. */
  outliving(): number {
    return INSTANT_MS * this.#chance.between(10, 22)
  }

  /** How long the close of a session takes on the side that closes it, milliseconds. */
  closing(): number {
    return this.#faults.has('delay') && this.#chance.happens(0.3) ? this.#chance.spread(5, 5000) : 0
  }

  stop(): void {
    this.#faults.clear()
  }
}
