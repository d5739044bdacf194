/** What the user reads: pages of a conversation, the list of conversations, and what has been displayed. */
import { Dexie } from 'dexie'
import type { ConversationId, LogId, MessageId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { add, has, type SequenceSet } from '../domain/sequence-set.ts'
import { advance, type SyncStatus } from '../domain/status.ts'
import { oweProof } from './owed.ts'
import { readSettings } from './identity.ts'
import type { ConversationRow, GigiDatabase, MessageRow } from './schema.ts'

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
  const [key, id] = cursor?.split('/') ?? []
  const newestFirst = () =>
    db.messages
      .where('[conversation_id+order_key]')
      .between([conversation, Dexie.minKey], [conversation, key ?? Dexie.maxKey], true, true)
      .reverse()
  // Rows with one order key are ordered by id; those from the cursor on are in the page before.
  const isOfPage = (row: MessageRow): boolean =>
    row.content_type !== 'Void' && (row.order_key !== key || row.id < (id ?? ''))
  // Read as one range, which is much faster than to look at each on the way; that is needed only where voids stand close.
  const read = limit + 1 + SPARE_ROWS
  const run = await newestFirst().limit(read).toArray()
  const found = run.filter(isOfPage).slice(0, limit + 1)
  const isEnough = found.length > limit || run.length < read
  const rows = isEnough
    ? found
    : await newestFirst()
        .filter(isOfPage)
        .limit(limit + 1)
        .toArray()
  return { rows: rows.slice(0, limit).reverse(), more: rows.length > limit }
}

/** At most `limit` conversations that are listed, the latest activity first. */
export const readConversations = (db: GigiDatabase, limit: number): Promise<ConversationRow[]> =>
  db.conversations
    .where('[listed+last_activity]')
    .between([1, Dexie.minKey], [1, Dexie.maxKey])
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
    for (const row of rows) {
      row.read = 1
      row.read_at = now
    }
    await db.messages.bulkPut(rows)
    if (readReceipts) await oweProof(db, conversation.peer_id, now)
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
    await db.conversations.update(conversationId, { unread: Math.max(0, conversation.unread - shown) })
  })
}
