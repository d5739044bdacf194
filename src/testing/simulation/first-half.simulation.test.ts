import { describe, test } from 'vitest'
import { expectAll } from './seeds.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => 1 + i)

describe('everything fails, and nothing is lost, doubled, out of order or falsely confirmed', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    await expectAll(seed)
  })
})
