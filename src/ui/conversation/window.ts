/**
 * Which part of a conversation is in the document: the newest messages, or so many from one on. It moves along as the reader
 * scrolls, and never grows beyond what a browser lays out without being felt, however long the conversation is.
 */
import type { MessageView } from '../../app/api.ts'

/** Messages fetched at a time: more than two screens. */
export const PAGE = 50
/**
 * Most messages held because they are unread: of more the newest are shown, and all are read with them. Of a flood each new
 * page takes the place of all that is held, and so many are drawn without being felt.
 */
export const MAX_UNREAD = 100
/** Most messages held while reading further up: eight screens. */
export const MAX_HELD = 200
/** Messages of one's own that may stand among the unread ones. */
const SLACK = 10

export interface Span {
  /** The cursor of the first; null: the newest ones. */
  readonly from: string | null
  readonly limit: number
}

export const NEWEST: Span = { from: null, limit: PAGE }

/** More of the newest, so that what is unread is among them, even when it comes in a flood. */
export function holding(span: Span, unread: number): Span {
  const wanted = Math.min(Math.ceil((unread + SLACK) / PAGE) * PAGE, MAX_UNREAD)
  return span.from === null && wanted > span.limit ? { from: null, limit: wanted } : span
}

/** What is held, however much comes below: the reader has left the end. */
export const staying = (held: readonly MessageView[]): Span => ({
  from: held[0]?.cursor ?? null,
  limit: MAX_HELD,
})

/** From an older page on; what is then too much leaves at the other end. */
export const upTo = (page: readonly MessageView[], span: Span): Span => {
  const from = page[0]?.cursor
  return from === undefined ? span : { from, limit: MAX_HELD }
}

/** A page further down: as much leaves above. */
export const downFrom = (held: readonly MessageView[], span: Span): Span => {
  const from = held[PAGE]?.cursor
  return from === undefined ? span : { from, limit: MAX_HELD }
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
