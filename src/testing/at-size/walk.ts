/** Runs a property of the store over small profiles of many seeds, where steps meet, and over one of 100,000 messages. */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { Profile, type Size } from './profile.ts'

const SMALL: Size = { messages: 400, talks: 25 }
const SEEDS = 8

/** `walk` takes so many random steps of its own. `talks`: how many conversations the large profile has. */
export function holdsAtSize(name: string, talks: number, walk: (profile: Profile) => Promise<void>): void {
  // A seed has no smaller one: what fast-check says of it is enough to see the failure again.
  const holds = (size: Size, numRuns: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(fc.noShrink(fc.nat()), async (seed) => {
        const profile = await Profile.fill(seed, size)
        await walk(profile)
        await profile.db.delete()
      }),
      { numRuns, endOnFailure: true },
    )
  describe(name, () => {
    test(`in ${SEEDS} small profiles`, () => holds(SMALL, SEEDS))
    test('in a profile of 100,000 messages', () => holds({ messages: 100_000, talks }, 1))
  })
}
