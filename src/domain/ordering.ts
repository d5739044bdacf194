/**
 * The order of a conversation: a hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014), so
 * that a reply never sorts before what it answers however wrong the clocks are.
 */
export interface HybridTime {
  /** Milliseconds since the Unix epoch, as the fastest clock seen in the conversation had it. */
  readonly ms: number
  /** Counts events within the same `ms`. */
  readonly logical: number
}

/** Past this a time is malformed (the year 6429): it must fit the 48 bits of an order key with room to spare. */
export const MAX_TIME_MS = 2 ** 47
/** A logical count that reaches this moves `ms` on by one instead: it must fit 24 bits. */
export const MAX_LOGICAL = 2 ** 24 - 1

/** The time of the next own message: the own clock, or just after the highest seen when that is ahead. */
export function next(seen: HybridTime, now: number): HybridTime {
  const own = Math.max(0, Math.min(Math.trunc(now), MAX_TIME_MS))
  if (own > seen.ms) return { ms: own, logical: 0 }
  if (seen.logical < MAX_LOGICAL) return { ms: seen.ms, logical: seen.logical + 1 }
  // At the end of time, where only malice leads, order is by author and id alone; nothing becomes malformed.
  return seen.ms < MAX_TIME_MS ? { ms: seen.ms + 1, logical: 0 } : { ms: MAX_TIME_MS, logical: MAX_LOGICAL }
}

/** The later of two times. */
export const latest = (a: HybridTime, b: HybridTime): HybridTime => (compare(a, b) >= 0 ? a : b)

export const compare = (a: HybridTime, b: HybridTime): number => a.ms - b.ms || a.logical - b.logical

// Sorted by character code, so that text order is number order.
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

function digits(value: number, width: number): string {
  let text = ''
  for (let rest = value, i = 0; i < width; i++) {
    text = (DIGITS[rest % 64] ?? '-') + text
    rest = Math.floor(rest / 64)
  }
  return text
}

/**
 * Where a message stands in its conversation, as text that sorts: time (8 characters), logical count (4), and
 * the author's last eight characters to break ties. Rows that are still equal are ordered by message id,
 * which rises within an installation as the sequence number does.
 */
export function orderKey(time: HybridTime, author: string): string {
  return digits(time.ms, 8) + digits(time.logical, 4) + author.slice(-8)
}
