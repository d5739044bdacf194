/** Retention: how long delivered and received messages of a conversation are kept, where they are not kept for good. */

const HOUR = 3600
const DAY = 24 * HOUR

/** The periods that are offered, in seconds. */
export const RETENTION_PERIODS = [HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY] as const

/** Whether `seconds` may be a retention period: whole, from a minute to ten years. */
export const isRetentionPeriod = (seconds: number): boolean =>
  Number.isInteger(seconds) && seconds >= 60 && seconds <= 3650 * DAY
