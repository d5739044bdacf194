/** Seeded chance in the words that the simulation needs. */
import { SeededRandom } from '../fake-world.ts'

export class Chance extends SeededRandom {
  /** From `low` up to and including `high`, whole. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** Short much more often than long: evenly spread over the orders of magnitude between the two. */
  spread(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.fraction())
  }

  /** A wait between events that come every `mean` on average, and know nothing of each other. */
  wait(mean: number): number {
    return Math.ceil(-Math.log(1 - this.fraction()) * mean)
  }

  happens(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(things: readonly T[]): T {
    const thing = things[this.between(0, things.length - 1)]
    if (thing === undefined) throw new Error('there is nothing to pick from')
    return thing
  }
}
