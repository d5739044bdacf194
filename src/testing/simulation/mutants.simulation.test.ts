import { expect, test } from 'vitest'
import { simulateMutant } from './mutants.ts'
import { MUTATIONS } from './mutations.ts'

test.each(MUTATIONS)('is caught: $name', async (mutation) => {
  const { caught, output } = await simulateMutant(mutation)
  expect(caught, output).toBe(true)
})
