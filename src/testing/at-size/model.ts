/** What a store should answer, worked out from plain arrays: slow, and too simple to be wrong. */
import type { ConversationId, LogId, MessageId, PeerId } from '../../domain/ids.ts'
import type { ContentType } from '../../domain/message.ts'
import type { HybridTime } from '../../domain/ordering.ts'
import type { ContactState } from '../../store/schema.ts'

/** One stored message. */
export interface Said {
  readonly id: MessageId
  readonly author: PeerId
  readonly sent: boolean
  readonly type: ContentType
  /** What people read of it; empty where there is nothing to read. */
  readonly text: string
  readonly time: HybridTime
  readonly timestamp: number
  readonly log: LogId
  readonly seq: number
  read: boolean
  /** When it came, or was proven to have come; null while it was not, or where it was refused. */
  readonly deliveredAt: number | null
}

/** One conversation and whom it is with. */
export interface Talk {
  readonly id: ConversationId
  readonly peer: PeerId
  readonly name: string
  state: ContactState
  /** When there was news in it, or it began. */
  activity: number
  /** Seconds; null: everything is kept. */
  retention: number | null
  /** What was accepted while its author was a stranger. */
  readonly asked: { messages: number; bytes: number }
  /** In no order. */
  said: Said[]
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** By time, then the end of the author's id, then the message's id. */
export const inOrder = (a: Said, b: Said): number =>
  a.time.ms - b.time.ms ||
  a.time.logical - b.time.logical ||
  compareText(a.author.slice(-8), b.author.slice(-8)) ||
  compareText(a.id, b.id)

/** What people see of a conversation. */
export const isSeen = ({ type }: Said): boolean => type !== 'Void' && type !== 'Introduction'

/** The newest `limit` messages before `cursor` (null: of all), the oldest first, and whether there are older ones. */
export function historyOf(
  talk: Talk,
  cursor: Said | null,
  limit: number,
): { ids: MessageId[]; more: boolean } {
  const before = talk.said
    .filter((said) => said.type !== 'Void' && (cursor === null || inOrder(said, cursor) < 0))
    .sort(inOrder)
  return {
    ids: before.slice(Math.max(0, before.length - limit)).map(({ id }) => id),
    more: before.length > limit,
  }
}

export const unreadOf = ({ said }: Talk): number =>
  said.filter((one) => !one.sent && !one.read && isSeen(one)).length

/** What the list may show of a conversation: the newest message, or either of two at one place; empty where there is none. */
export function previewsOf({ said }: Talk): string[] {
  const seen = said.filter(isSeen).sort(inOrder)
  const last = seen.at(-1)
  if (last === undefined) return []
  const beside = seen.filter((one) => inOrder({ ...one, id: last.id }, last) === 0)
  return beside.map(lineOf)
}

/** What the list shows of a message: of a text one short line. */
export const lineOf = ({ type, text }: Said): string =>
  type !== 'Text' ? text : Array.from(text.slice(0, 240).replace(/\s+/gu, ' ')).slice(0, 120).join('')

/** Whether a message has had its time. */
export const isOver = (said: Said, { retention }: Talk, now: number): boolean =>
  retention !== null && said.deliveredAt !== null && said.deliveredAt + retention * 1000 <= now
