/**
 * A set of sequence numbers (1, 2, 3, …) as sorted, disjoint, non-adjacent inclusive ranges. Logs fill in
 * order but for gaps, so a set of a million numbers is mostly one range.
 */
export type Range = readonly [first: number, last: number]
export type SequenceSet = readonly Range[]

/** The set as it must be: ascending, disjoint, non-adjacent, whole numbers from 1. */
export function isSequenceSet(ranges: SequenceSet): boolean {
  let previous = -1
  for (const [first, last] of ranges) {
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return false
    if (first < 1 || last < first || first <= previous + 1) return false
    previous = last
  }
  return true
}

/** Whether `n` is in the set. Logarithmic in the number of ranges. */
export function has(set: SequenceSet, n: number): boolean {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = set[middle]
    if (range === undefined) return false
    if (n < range[0]) high = middle - 1
    else if (n > range[1]) low = middle + 1
    else return true
  }
  return false
}

/** Everything that is in `a` or in `b`. Linear in the number of ranges. */
export function union(a: SequenceSet, b: SequenceSet): SequenceSet {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const sorted = [...a, ...b].sort((x, y) => x[0] - y[0])
  const merged: [number, number][] = []
  for (const [first, last] of sorted) {
    const tail = merged.at(-1)
    if (tail !== undefined && first <= tail[1] + 1) tail[1] = Math.max(tail[1], last)
    else merged.push([first, last])
  }
  return merged
}

export const add = (set: SequenceSet, n: number): SequenceSet => (has(set, n) ? set : union(set, [[n, n]]))

/** The set of `numbers`, which may come in any order and repeat. */
export function fromNumbers(numbers: Iterable<number>): SequenceSet {
  const sorted = [...numbers].sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const n of sorted) {
    const tail = ranges.at(-1)
    if (tail !== undefined && n <= tail[1] + 1) tail[1] = Math.max(tail[1], n)
    else ranges.push([n, n])
  }
  return ranges
}

/** Everything that is in `a` and not in `b`. */
export function difference(a: SequenceSet, b: SequenceSet): SequenceSet {
  const left: Range[] = []
  let skip = 0
  for (const [first, last] of a) {
    let from = first
    while (skip < b.length && (b[skip]?.[1] ?? 0) < from) skip++
    for (let i = skip; i < b.length && from <= last; i++) {
      const range = b[i]
      if (range === undefined || range[0] > last) break
      if (range[0] > from) left.push([from, range[0] - 1])
      from = Math.max(from, range[1] + 1)
    }
    if (from <= last) left.push([from, last])
  }
  return left
}

/** How many numbers are in the set. */
export const count = (set: SequenceSet): number =>
  set.reduce((sum, [first, last]) => sum + last - first + 1, 0)

/** The highest number in the set, 0 when it is empty. */
export const highest = (set: SequenceSet): number => set.at(-1)?.[1] ?? 0

/** Everything that is in both. */
export const intersection = (a: SequenceSet, b: SequenceSet): SequenceSet => difference(a, difference(a, b))

/** The lowest `limit` numbers of a set. */
export function firstOf(set: SequenceSet, limit: number): SequenceSet {
  const taken: Range[] = []
  let left = limit
  for (const [first, last] of set) {
    if (left <= 0) break
    const end = Math.min(last, first + left - 1)
    taken.push([first, end])
    left -= end - first + 1
  }
  return taken
}

/** The highest `limit` numbers of a set. */
export function lastOf(set: SequenceSet, limit: number): SequenceSet {
  const total = count(set)
  return total <= limit ? set : difference(set, firstOf(set, total - limit))
}

/** The numbers themselves, ascending. */
export function* numbersOf(set: SequenceSet): Generator<number> {
  for (const [first, last] of set) for (let n = first; n <= last; n++) yield n
}
