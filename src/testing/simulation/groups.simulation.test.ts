import { describe, expect, test } from 'vitest'
import { FAULT_NAMES, readFaults } from './fault-names.ts'
import { type GroupSimulationOptions, isFlawlessGroup, simulateGroup } from './group-run.ts'

async function expectFlawless(options: GroupSimulationOptions) {
  const result = await simulateGroup(options)
  const { findings, ...figures } = result
  const told = [JSON.stringify(figures), ...findings].join('\n')
  expect(isFlawlessGroup(result), told).toBe(true)
  expect(result.said, told).toBeGreaterThan(0)
  return result
}

describe('a group', () => {
  test('where nothing fails, all have everything, and nobody is sent what they have', async () => {
    const result = await expectFlawless({
      ...{ seed: 1, members: 5, messages: 60, changes: 0 },
      faults: readFaults('none'),
    })
    expect(result.said).toBe(60)
    expect(result.redundant).toBe(0)
  })

  test.each([1, 2])(
    'everything fails, members come and go and are removed, some never come back: seed %i',
    async (seed) => {
      const members = 3 + (seed % 2)
      const history = seed % 2 === 0 ? 'joining' : 'all'
      const faults = new Set(FAULT_NAMES)
      await expectFlawless({ seed, members, messages: 20, changes: 4, gone: 1, history, faults })
    },
  )
})
