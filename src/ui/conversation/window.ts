/** How much of a conversation is held at once: the newest messages, and as many before them as were scrolled to. */
import type { MessageView } from '../../app/api.ts'

/** Messages fetched at a time: more than two screens. */
export const PAGE = 50
/** Most messages held because they are unread: more than that is caught up with by scrolling. */
export const MAX_UNREAD = 500
/** Most messages held while reading far up: what a browser lays out without being felt. */
export const MAX_WINDOW = 2000

/**
 * How many of the newest messages to ask for, so that what the user is reading stays when new ones come in below.
 * `held` is on the screen, `fresh` is what `limit` now gives; both oldest first. More than `limit` means: show
 * what is held until the wider window is there. Null means that no window is wide enough: go on showing what is held.
 */
export function limitToKeep(
  held: readonly MessageView[],
  fresh: readonly MessageView[],
  limit: number,
): number | null {
  const oldest = fresh[0]
  const newest = held.at(-1)
  if (oldest === undefined || newest === undefined) return limit
  // All that there is: what is missing was deleted.
  if (fresh.length < limit) return limit
  const pushedOut = held.findIndex(({ id }) => id === oldest.id)
  if (pushedOut === 0) return limit
  const known = fresh.findLastIndex(({ id }) => id === newest.id)
  // Older ones than before are there as well: nothing was pushed out.
  if (pushedOut === -1 && known !== -1) return limit
  const arrived = known === -1 ? fresh.length : fresh.length - 1 - known
  const wanted = limit + Math.max(PAGE, arrived)
  return wanted > MAX_WINDOW ? null : wanted
}

/** `fresh` with the objects of `held` for the messages that are as they were: of these nothing is rendered again. */
export function sharing(held: readonly MessageView[], fresh: readonly MessageView[]): readonly MessageView[] {
  const known = new Map(held.map((message) => [message.id, message]))
  return fresh.map((message) => {
    const before = known.get(message.id)
    return before !== undefined && isSame(before, message) ? before : message
  })
}

// Both are made by the same query, so their fields come in the same order.
const isSame = (one: MessageView, other: MessageView): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** The received messages that are not read yet. */
export const unreadAmong = (messages: readonly MessageView[]): readonly MessageView[] =>
  messages.filter(({ direction, read }) => direction === 'Received' && !read)
