/** What the user reads: pages of a conversation, the list of conversations, and what has been displayed. */
import { type Collection, Dexie, type InsertType } from 'dexie'
import type { ConversationId, LogId, MessageId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { add, has, type SequenceSet } from '../domain/sequence-set.ts'
import { SHELF, type Shelf } from '../domain/shelf.ts'
import { advance, type SyncStatus } from '../domain/status.ts'
import { oweProof } from './owed.ts'
import { readSettings } from './identity.ts'
import type { ConversationRow, GigiDatabase, MessageRow } from './schema.ts'
import { setMarkedUnread } from './shelf.ts'

export interface HistoryPage {
  /** Oldest first. */
  readonly rows: readonly MessageRow[]
  readonly more: boolean
}

/** Rows that are read beside those of a page: the one of the cursor, and voids. */
const SPARE_ROWS = 8

// A cursor is the order key and the id of a message; keys hold no slash.
export const cursorOf = (row: MessageRow): string => `${row.order_key}/${row.id}`

/**
 * The newest `limit` messages of a conversation, or those just before a cursor (`cursorOf` the oldest one known). Costs the same however long
 * the conversation is. Voids are left out.
 */
export async function getHistory(
  db: GigiDatabase,
  conversation: ConversationId,
  cursor: string | null,
  limit: number,
): Promise<HistoryPage> {
  const [key, id = ''] = cursor?.split('/') ?? []
  const newestFirst = () =>
    db.messages
      .where('[conversation_id+order_key]')
      .between([conversation, Dexie.minKey], [conversation, key ?? Dexie.maxKey], true, true)
      .reverse()
  // Rows with one order key are ordered by id; those from the cursor on are in the page before.
  const rows = await firstOf(newestFirst, (row) => row.order_key !== key || row.id < id, limit + 1)
  return { rows: rows.slice(0, limit).reverse(), more: rows.length > limit }
}

/** The `limit` messages from a cursor on, whether it is still there or not; `more`: there are newer ones. As `getHistory` else. */
export async function getHistoryFrom(
  db: GigiDatabase,
  conversation: ConversationId,
  cursor: string,
  limit: number,
): Promise<HistoryPage> {
  const [key = '', id = ''] = cursor.split('/')
  const oldestFirst = () =>
    db.messages
      .where('[conversation_id+order_key]')
      .between([conversation, key], [conversation, Dexie.maxKey], true, true)
  const rows = await firstOf(oldestFirst, (row) => row.order_key !== key || row.id >= id, limit + 1)
  return { rows: rows.slice(0, limit), more: rows.length > limit }
}

/** The first messages of a range that are of the page asked for. */
async function firstOf(
  range: () => Collection<MessageRow, MessageId, InsertType<MessageRow, 'id'>>,
  isOfPage: (row: MessageRow) => boolean,
  count: number,
): Promise<MessageRow[]> {
  const isWanted = (row: MessageRow): boolean => row.content_type !== 'Void' && isOfPage(row)
  // Read as one range, which is much faster than to look at each on the way; that is needed only where voids stand close.
  const read = count + SPARE_ROWS
  const run = await range().limit(read).toArray()
  const found = run.filter(isWanted).slice(0, count)
  if (found.length === count || run.length < read) return found
  return range().filter(isWanted).limit(count).toArray()
}

/** At most `limit` conversations of the list: the pinned ones first, then the others, the latest activity first in both. */
export function readConversations(db: GigiDatabase, limit: number): Promise<ConversationRow[]> {
  return db.transaction('r', db.conversations, async () => {
    const pinned = await onShelf(db, SHELF.pinned, limit)
    return [...pinned, ...(await onShelf(db, SHELF.listed, limit - pinned.length))]
  })
}

/** At most `limit` conversations that are archived, the latest activity first. */
export const readArchived = (db: GigiDatabase, limit: number): Promise<ConversationRow[]> =>
  onShelf(db, SHELF.archived, limit)

const onShelf = (db: GigiDatabase, shelf: Shelf, limit: number): Promise<ConversationRow[]> =>
  db.conversations
    .where('[listed+last_activity]')
    .between([shelf, Dexie.minKey], [shelf, Dexie.maxKey])
    .reverse()
    .limit(limit)
    .toArray()

/** What has been proven of our messages in a conversation, beyond what their rows say yet. */
export async function provenStatus(
  db: GigiDatabase,
  conversation: ConversationId,
): Promise<(row: MessageRow) => SyncStatus> {
  const sets = new Map<LogId, { delivered: SequenceSet; read: SequenceSet }>()
  const receipts = await db.receipts
    .where('[conversation_id+log_id+peer_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .toArray()
  for (const receipt of receipts) sets.set(receipt.log_id, receipt)
  return (row) => {
    const proven = sets.get(row.log_id)
    if (row.direction === 'Received' || proven === undefined) return row.sync_status
    if (has(proven.read, row.seq)) return advance(row.sync_status, 'Acknowledged')
    return has(proven.delivered, row.seq) ? advance(row.sync_status, 'Delivered') : row.sync_status
  }
}

/**
 * Marks received messages as displayed, and takes them off the unread count. What was marked before, or is
 * ours, or is of another conversation, changes nothing. Bounded by the page that the caller shows.
 */
export function markAsRead(
  db: GigiDatabase,
  conversationId: ConversationId,
  ids: readonly MessageId[],
  now: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.conversations, db.logs, db.messages, db.owed, async () => {
    const { readReceipts } = await readSettings(db)
    const rows = (await db.messages.bulkGet([...ids])).filter(
      (row) => row?.conversation_id === conversationId && row.direction === 'Received' && row.read === 0,
    ) as MessageRow[]
    const conversation = await db.conversations.get(conversationId)
    if (rows.length === 0 || conversation === undefined) return
    const mentions = rows.filter((row) => row.mention === 1).length
    for (const row of rows) {
      row.read = 1
      row.read_at = now
      delete row.mention
    }
    await db.messages.bulkPut(rows)
    const authors = new Set(rows.map((row) => row.peer_id))
    for (const author of readReceipts ? authors : []) await oweProof(db, author, now)
    // What is displayed while receipts are off is never told: switched on later, they start from then.
    const places = rows.flatMap((row) => [row, ...(row.also_at ?? [])])
    for (const logId of readReceipts ? new Set(places.map((place) => place.log_id)) : []) {
      const log = await db.logs.get([conversationId, logId])
      if (log === undefined) continue
      const read = places
        .filter((place) => place.log_id === logId)
        .reduce((set, place) => add(set, place.seq), log.read)
      await db.logs.put({ ...log, read })
    }
    const shown = rows.filter((row) => isShown(row.content_type)).length
    await db.conversations.update(conversationId, {
      unread: Math.max(0, conversation.unread - shown),
      ...(mentions === 0 ? {} : { mentions: Math.max(0, (conversation.mentions ?? 0) - mentions) }),
    })
  })
}

/** Rows that are looked through in one piece. */
const PIECE = 500

/** Marks all that is unread in a conversation, and that mark itself, newest first and in pieces, until nothing is left to count. */
export async function markAllAsRead(
  db: GigiDatabase,
  conversation: ConversationId,
  now: number,
): Promise<void> {
  let cursor: string | null = null
  for (;;) {
    const row = await db.conversations.get(conversation)
    if (row?.marked_unread === 1) await setMarkedUnread(db, conversation, false)
    if ((row?.unread ?? 0) === 0) return
    const page: HistoryPage = await getHistory(db, conversation, cursor, PIECE)
    const unread = page.rows.filter((row) => row.direction === 'Received' && row.read === 0)
    await markAsRead(
      db,
      conversation,
      unread.map((row) => row.id),
      now,
    )
    const [oldest] = page.rows
    if (!page.more || oldest === undefined) return
    cursor = cursorOf(oldest)
  }
}
