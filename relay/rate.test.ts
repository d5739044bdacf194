import { expect, test } from 'vitest'
import { RateLimit } from './rate.ts'

test('so many are within the limit in a minute, and as many in the next', () => {
  const rate = new RateLimit(2)
  expect([0, 1, 59_999].map((now) => rate.take(now))).toEqual([true, true, false])
  expect([60_000, 60_001, 60_002].map((now) => rate.take(now))).toEqual([true, true, false])
})

test('a clock that is set back refuses nobody for longer than a minute', () => {
  const rate = new RateLimit(1)
  rate.take(3_600_000)
  expect([0, 59_999, 60_000].map((now) => rate.take(now))).toEqual([true, false, true])
})
