import { expect, test } from 'vitest'
import { simulateMutant } from './mutants.ts'
import { MUTATIONS } from './mutations.ts'

/** Those of groups take minutes each: `node scripts/mutants.ts` goes through them too. */
const OF_PAIRS = MUTATIONS.filter(({ inGroup }) => inGroup !== true)

test.each(OF_PAIRS)('is caught: $name', async (mutation) => {
  const { caught, output } = await simulateMutant(mutation)
  expect(caught, output).toBe(true)
})
