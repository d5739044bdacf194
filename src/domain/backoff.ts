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
