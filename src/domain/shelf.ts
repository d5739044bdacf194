/** Where a conversation stands in the list, and whether it may make itself heard. */

/** Compares as it is kept: hidden ones are blocked or deleted, and in no list. */
export const SHELF = { hidden: 0, listed: 1, archived: 2, pinned: 3 } as const

export type Shelf = (typeof SHELF)[keyof typeof SHELF]

/** Stands in place of a time where something is muted for good. */
export const FOR_GOOD = Number.MAX_SAFE_INTEGER

/** Periods that the interface offers for muting, in milliseconds: an hour, eight hours, a week, for good. */
export const MUTE_PERIODS = [3_600_000, 8 * 3_600_000, 7 * 24 * 3_600_000, FOR_GOOD] as const

/** When a period that begins now ends, milliseconds since the Unix epoch. */
export const mutedUntil = (period: number, now: number): number =>
  period === FOR_GOOD ? FOR_GOOD : now + period

export const isMuted = (until: number | null | undefined, now: number): boolean =>
  until !== undefined && until !== null && until > now

/** Where a conversation goes when something new is written in it: what is both archived and muted is to stay away. */
export function shelfAfterNews(shelf: Shelf, muted: boolean): Shelf {
  if (shelf === SHELF.hidden) return SHELF.listed
  return shelf === SHELF.archived && !muted ? SHELF.listed : shelf
}
