import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('waits double up to the limit, and chance takes off at most half', () => {
  const limits = { firstMs: 500, maxMs: 8000 }
  expect([1, 2, 3, 4, 5, 6, 60].map((failures) => backoffMs(failures, limits, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ])
  expect(backoffMs(3, limits, 0.5)).toBe(1500)
  expect(backoffMs(0, limits, 0)).toBe(500)
})
