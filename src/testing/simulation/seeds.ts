/** What the tests of the simulation have in common. */
import { expect } from 'vitest'
import { FAULT_NAMES } from './fault-names.ts'
import { isFlawless, replay, simulate, type SimulationOptions, type SimulationResult } from './run.ts'

/** Of the messages of people who never meet again, this share comes by mail at least. */
const SHARE_BY_MAIL = 0.25

/** Simulates every fault, and for every other seed people who never meet again. */
export async function expectAll(seed: number): Promise<void> {
  const apart = seed % 2 === 0
  const faults = new Set(FAULT_NAMES)
  const result = await expectFlawless({ seed, messages: 850, peers: 3 + (seed % 4), faults, apart })
  expect(result.byMail).toBeGreaterThan(apart ? SHARE_BY_MAIL * result.messages : 0)
}

/** Simulates, and fails with how to see the same again. */
export async function expectFlawless(options: SimulationOptions): Promise<SimulationResult> {
  const result = await simulate(options)
  const { findings, ...figures } = result
  const told = [replay(options), JSON.stringify(figures), ...findings].join('\n')
  expect(isFlawless(result), told).toBe(true)
  expect(result.messages, told).toBe(options.messages)
  return result
}
