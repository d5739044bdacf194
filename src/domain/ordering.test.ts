import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, type HybridTime, MAX_LOGICAL, MAX_TIME_MS, next, orderKey } from './ordering.ts'

const time: fc.Arbitrary<HybridTime> = fc.record({
  ms: fc.integer({ min: 0, max: MAX_TIME_MS - 1 }),
  logical: fc.integer({ min: 0, max: MAX_LOGICAL }),
})

test('what is written after something was seen sorts after it, whatever the clock says', () => {
  fc.assert(
    fc.property(time, fc.integer({ min: -1000, max: MAX_TIME_MS }), (seen, now) => {
      expect(compare(next(seen, now), seen)).toBeGreaterThan(0)
    }),
  )
})

test('order keys sort as the times do', () => {
  const author = '12D3KooWAuthor'
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [x, y] = [orderKey(a, author), orderKey(b, author)]
      expect(Math.sign(compare(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0)
    }),
  )
})

test('a clock that others drove to its end stays within what is well formed', () => {
  const end = { ms: MAX_TIME_MS, logical: MAX_LOGICAL }
  expect(next(end, 0)).toEqual(end)
  expect(next({ ms: MAX_TIME_MS - 1, logical: MAX_LOGICAL }, 0)).toEqual({ ms: MAX_TIME_MS, logical: 0 })
})
