/** What is not read, by conversation: for notifications, and for the count of it all. */
import { Dexie } from 'dexie'
import type { ConversationId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { isMuted, SHELF } from '../domain/shelf.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'

export interface Unread {
  readonly conversation: ConversationId
  /** Of the person, or of the group. */
  readonly name: string
  readonly unread: number
  /** In a group: who wrote last, and how much of it speaks to us by our name. */
  readonly author?: string
  readonly mentions?: number
  /** A stranger, who has not been answered. */
  readonly isRequest: boolean
  /** Nothing is to be said of it now. */
  readonly isMuted: boolean
}

/** How much of each conversation was unread at some time. */
export type UnreadThen = readonly Pick<Unread, 'conversation' | 'unread'>[]

/** The listed conversations that have something unread. `now` says which are muted, milliseconds. */
export async function readUnread(db: GigiDatabase, now: number): Promise<Unread[]> {
  const rows = await unreadRows(db)
  const contacts = await db.contacts.bulkGet(rows.map((row) => row.peer_id))
  return rows.flatMap((row, i) => {
    const { id: conversation, title: name, unread, mentions = 0, preview } = row
    const found = { conversation, name, unread, isMuted: isMuted(row.muted_until, now) }
    if (row.msg_type === 'Group')
      return [
        {
          ...found,
          isRequest: false,
          ...(preview?.author === undefined ? {} : { author: preview.author }),
          ...(mentions === 0 ? {} : { mentions }),
        },
      ]
    const state = contacts[i]?.state
    if (state !== 'accepted' && state !== 'request') return []
    return [{ ...found, isRequest: state === 'request' }]
  })
}

/** How many messages are unread in the listed conversations that are not muted. */
export const countUnread = async (db: GigiDatabase, now: number): Promise<number> =>
  (await unreadRows(db)).reduce((sum, row) => sum + (isMuted(row.muted_until, now) ? 0 : row.unread), 0)

/**
 * What came since `before`, of all that is unread: but what is muted, and of a request no more than its beginning, which is
 * over when something more is written or the first of it has been displayed.
 */
export async function unreadSince(
  db: GigiDatabase,
  before: UnreadThen,
  unread: readonly Unread[],
): Promise<Unread[]> {
  const arrived: Unread[] = []
  for (const one of unread) {
    const then = before.find(({ conversation }) => conversation === one.conversation)?.unread ?? 0
    if (one.isMuted || one.unread <= then) continue
    if (one.isRequest && (then > 0 || (await wasDisplayed(db, one.conversation)))) continue
    arrived.push(one)
  }
  return arrived
}

/**
 * Begins to fetch what is to be told: gives what was unread when that began of which the telling has not ended, be it long
 * ago, and keeps it until `endTelling`.
 */
export function beginTelling(db: GigiDatabase): Promise<UnreadThen> {
  return db.transaction('rw', db.meta, db.conversations, async () => {
    const kept = await keptUnread(db)
    if (kept !== null) return kept
    const before = (await unreadRows(db)).map(({ id: conversation, unread }) => ({ conversation, unread }))
    await db.meta.put({ key: 'untold', before })
    return before
  })
}

/** All is told that came since `beginTelling`, or need not be. */
export const endTelling = (db: GigiDatabase): Promise<void> => db.meta.delete('untold')

async function keptUnread(db: GigiDatabase): Promise<UnreadThen | null> {
  const row = await db.meta.get('untold')
  return row?.key === 'untold' ? row.before : null
}

const unreadRows = (db: GigiDatabase): Promise<ConversationRow[]> =>
  db.conversations.filter((row) => row.unread > 0 && row.listed !== SHELF.hidden).toArray()

/** Whether anything that was received in a conversation has been before its reader's eyes. */
async function wasDisplayed(db: GigiDatabase, conversation: ConversationId): Promise<boolean> {
  const displayed = await db.messages
    .where('[conversation_id+order_key]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .filter((row) => row.direction === 'Received' && row.read === 1 && isShown(row.content_type))
    .first()
  return displayed !== undefined
}
