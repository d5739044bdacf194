import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as sets from './sequence-set.ts'

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
const members = (set: sets.SequenceSet): number[] =>
  set.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b)

describe('a sequence set is the set of its numbers', () => {
  test('made, added to, united, subtracted, intersected', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 1, max: 60 }), (a, b, n) => {
        const [x, y] = [sets.fromNumbers(a), sets.fromNumbers(b)]
        const [p, q] = [new Set(a), new Set(b)]
        expect(sets.isSequenceSet(x)).toBe(true)
        expect(members(x)).toEqual(sorted(p))
        for (const [mine, model] of [
          [sets.add(x, n), p.union(new Set([n]))],
          [sets.union(x, y), p.union(q)],
          [sets.difference(x, y), p.difference(q)],
          [sets.intersection(x, y), p.intersection(q)],
          [sets.firstOf(x, 5), new Set(sorted(p).slice(0, 5))],
        ] as const) {
          expect(sets.isSequenceSet(mine)).toBe(true)
          expect(members(mine)).toEqual(sorted(model))
        }
        expect(sets.has(x, n)).toBe(p.has(n))
        expect(sets.count(x)).toBe(p.size)
        expect(sets.highest(x)).toBe(Math.max(0, ...p))
      }),
    )
  })

  test.each([
    [[[0, 1]]],
    [[[2, 1]]],
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      [
        [3, 4],
        [1, 1],
      ],
    ],
    [[[1.5, 2]]],
  ] as [sets.SequenceSet][])('refuses %j', (ranges) => {
    expect(sets.isSequenceSet(ranges)).toBe(false)
  })
})
