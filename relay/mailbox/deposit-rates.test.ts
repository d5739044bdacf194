import { expect, test } from 'vitest'
import type { Grant } from '../../src/protocol/grant.ts'
import { MAX_DEPOSIT_RATES, MAX_DEPOSITS_PER_GRANT_PER_MINUTE } from '../limits.ts'
import { DepositRates } from './deposit-rates.ts'
import { id, owner } from './store-contract.ts'

const grant = (n: number): Grant => ({ owner: owner(1), id: id(n), holder: new Uint8Array(32), ends: 1 })

test('so many grants are remembered, and of those the ones that were used last', () => {
  const rates = new DepositRates()
  for (let n = 0; n < MAX_DEPOSITS_PER_GRANT_PER_MINUTE; n++)
    for (const busy of [1, 2]) expect(rates.take(grant(busy), 0)).toBe(true)
  for (let n = 3; n <= MAX_DEPOSIT_RATES; n++) rates.take(grant(n), 0)
  expect(rates.take(grant(2), 0)).toBe(false)
  // The first makes way, and begins anew.
  rates.take(grant(MAX_DEPOSIT_RATES + 1), 0)
  expect(rates.take(grant(1), 0)).toBe(true)
  expect(rates.take(grant(2), 0)).toBe(false)
})
