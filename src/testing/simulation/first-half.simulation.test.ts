import { describe, test } from 'vitest'
import { FAULT_NAMES } from './fault-names.ts'
import { expectFlawless } from './seeds.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => 1 + i)

describe('everything fails, and nothing is lost, doubled, out of order or falsely confirmed', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    const faults = new Set(FAULT_NAMES)
    await expectFlawless({ seed, messages: 850, peers: 3 + (seed % 4), faults })
  })
})
