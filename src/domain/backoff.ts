/** Waiting times, pure: the caller brings the randomness and keeps the due time. */

export interface BackoffLimits {
  /** Wait before the second attempt, milliseconds. */
  readonly firstMs: number
  /** No wait is longer, milliseconds. */
  readonly maxMs: number
}

/**
 * How long to wait after `failures` failed attempts in a row (from 1): doubling from `firstMs` up to `maxMs`,
 * of which `random` (0 up to 1) takes off as much as half, so that many clients that lost the same relay do
 * not come back in one instant.
 */
export function backoffMs(failures: number, limits: BackoffLimits, random: number): number {
  const full = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.max(0, failures - 1))
  return Math.round(full * (1 - random / 2))
}

/** Stands where nothing is due any more: sorts after every time. */
export const NEVER = Number.MAX_SAFE_INTEGER

/** Share of a wait by which jitter lengthens it at the most, so that many rows do not come due in one instant. */
const RETRY_JITTER = 0.1

/**
 * When the next timed attempt of a queued message is due, after `made` of them have been made: the wait doubles
 * each time, from `intervalMs`, and is up to a tenth longer by `random` (0 up to 1). NEVER after `max` of them:
 * the message is parked, and goes out when its recipient appears.
 */
export function nextRetryAt(
  made: number,
  max: number,
  intervalMs: number,
  now: number,
  random: number,
): number {
  if (made >= max) return NEVER
  return Math.min(NEVER, Math.round(now + intervalMs * 2 ** made * (1 + RETRY_JITTER * random)))
}
