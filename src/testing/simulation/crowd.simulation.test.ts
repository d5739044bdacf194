import { expect, test } from 'vitest'
import { readFaults } from './fault-names.ts'
import { simulate } from './run.ts'

/** For what hangs, milliseconds: it takes minutes. */
const TIMEOUT_MS = 20 * 60_000

test(
  'a thousand people',
  async () => {
    const faults = readFaults('none')
    const result = await simulate({ seed: 1, messages: 500, peers: 1000, contacts: 2, faults })
    expect(result).toMatchObject({ delivered: 500, lost: 0, findings: [] })
  },
  TIMEOUT_MS,
)
