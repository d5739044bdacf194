/** What the tests of the simulation have in common. */
import { expect } from 'vitest'
import { isFlawless, replay, simulate, type SimulationOptions, type SimulationResult } from './run.ts'

/** Simulates, and fails with how to see the same again. */
export async function expectFlawless(options: SimulationOptions): Promise<SimulationResult> {
  const result = await simulate(options)
  const { findings, ...figures } = result
  const told = [replay(options), JSON.stringify(figures), ...findings].join('\n')
  expect(isFlawless(result), told).toBe(true)
  expect(result.messages, told).toBe(options.messages)
  return result
}
