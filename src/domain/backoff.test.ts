import { expect, test } from 'vitest'
import { backoffMs, NEVER, nextRetryAt } from './backoff.ts'

test('waits double up to the limit, and chance takes off at most half', () => {
  const limits = { firstMs: 500, maxMs: 8000 }
  expect([1, 2, 3, 4, 5, 6, 60].map((failures) => backoffMs(failures, limits, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ])
  expect(backoffMs(3, limits, 0.5)).toBe(1500)
  expect(backoffMs(0, limits, 0)).toBe(500)
})

test('timed attempts are due after 5, 10, 20, … 2560 minutes, each counted from the one before, then never', () => {
  const minutes = Array.from({ length: 11 }, (_, made) => nextRetryAt(made, 10, 300_000, 0, 0) / 60_000)
  expect(minutes.slice(0, 10)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560])
  expect(nextRetryAt(10, 10, 300_000, 0, 0)).toBe(NEVER)
  expect(nextRetryAt(0, 0, 300_000, 0, 0)).toBe(NEVER)
})

test('jitter lengthens a wait by a tenth at the most, and no wait runs past what a number holds', () => {
  expect(nextRetryAt(0, 10, 1000, 5000, 0.999999)).toBeLessThanOrEqual(6100)
  expect(nextRetryAt(0, 10, 1000, 5000, 0.5)).toBe(6050)
  expect(nextRetryAt(49, 50, 86_400_000, 0, 1)).toBe(NEVER)
})
