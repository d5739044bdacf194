import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, SYNC_STATUSES } from './status.ts'

const status = fc.constantFrom(...SYNC_STATUSES)

test('D4: in whatever order proofs come, the status is that of the strongest', () => {
  fc.assert(
    fc.property(fc.array(status), (proofs) => {
      const strongest = Math.max(0, ...proofs.map((proof) => SYNC_STATUSES.indexOf(proof)))
      expect(proofs.reduce(advance, 'Pending')).toBe(SYNC_STATUSES[strongest])
    }),
  )
})
