/** Cleanup in bounded pieces, so that it never stands in the way of sending. */
import { Dexie } from 'dexie'
import type { ConversationId } from '../domain/ids.ts'
import { isMembership } from '../domain/message.ts'
import { deleteMessages, deletionTables } from './deletion.ts'
import { readConfig } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { KEPT } from './messages.ts'
import type { ConversationRow, GigiDatabase, MessageRow } from './schema.ts'

/**
 * Looks at `limit` acknowledgements after `cursor` (null: from the first) and deletes those that say nothing any
 * more: of messages that are gone, and of messages that were read longer ago than messages are tried. Returns
 * the cursor for the next piece, null at the end.
 */
export function cleanAcknowledgments(
  db: GigiDatabase,
  epoch: number,
  cursor: string | null,
  limit: number,
  now: number,
): Promise<string | null> {
  return db.transaction('rw', db.meta, db.messages, db.message_acknowledgments, async () => {
    await checkEpoch(db, epoch)
    const before = now - (await readConfig(db)).message_ttl_seconds * 1000
    const rows = await db.message_acknowledgments
      .where('id')
      .above(cursor ?? Dexie.minKey)
      .limit(limit)
      .toArray()
    const messages = await db.messages.bulkGet(rows.map((row) => row.message_id))
    const settled = rows.filter((row, i) => {
      const message = messages[i]
      return message === undefined || (message.sync_status === 'Acknowledged' && row.acknowledged_at < before)
    })
    if (settled.length > 0) await db.message_acknowledgments.bulkDelete(settled.map((row) => row.id))
    return rows.length < limit ? null : (rows.at(-1)?.id ?? null)
  })
}

/**
 * How long the token of a sent message is known, milliseconds: 30 days. Notes of what was being sent are dealt with
 * whenever the app is opened, and are at most as old as the browser's last writing down of them.
 */
export const TOKEN_LIFE_MS = 30 * 24 * 3_600_000

/** Forgets at most `limit` tokens that have had their time. Returns whether there may be more. */
export function cleanTokens(db: GigiDatabase, epoch: number, limit: number, now: number): Promise<boolean> {
  return db.transaction('rw', db.meta, db.sent_tokens, async () => {
    await checkEpoch(db, epoch)
    const over = await db.sent_tokens
      .where('at')
      .below(now - TOKEN_LIFE_MS)
      .limit(limit)
      .primaryKeys()
    if (over.length > 0) await db.sent_tokens.bulkDelete(over)
    return over.length === limit
  })
}

/** When the last cleanup came to its end, milliseconds; 0 before the first. */
export async function lastCleanupAt(db: GigiDatabase): Promise<number> {
  const row = await db.meta.get('cleanup')
  return row?.key === 'cleanup' ? row.at : 0
}

export function noteCleanup(db: GigiDatabase, epoch: number, now: number): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    await checkEpoch(db, epoch)
    await db.meta.put({ key: 'cleanup', at: now })
  })
}

/** How far a cleanup of the history has come. */
export interface HistoryPlace {
  readonly conversation: ConversationId
  /** Null when the conversation is done. */
  readonly walk: {
    /** The period that it is cleaned by, in seconds. */
    readonly retention: number
    /** The order key to go on from, and how many rows that have it were looked at and are still there. */
    readonly key: string
    readonly skip: number
  } | null
}

/**
 * Looks at `limit` messages, or conversations, after `place` (null: from the first) and deletes messages whose
 * retention is over, with their queue rows and acknowledgements. What was not delivered stays, whatever
 * became of it; what was accepted stays accepted and its id stays known, so that it does not come again. Returns the place for the next
 * piece, null at the end.
 */
export function cleanHistory(
  db: GigiDatabase,
  epoch: number,
  place: HistoryPlace | null,
  limit: number,
  now: number,
): Promise<HistoryPlace | null> {
  return db.transaction('rw', [db.meta, ...deletionTables(db)], async () => {
    await checkEpoch(db, epoch)
    if (place?.walk == null) return nextConversation(db, place?.conversation ?? null, limit)
    const conversation = await db.conversations.get(place.conversation)
    if (conversation?.retention_seconds === undefined) return { ...place, walk: null }
    // The user has changed the period meanwhile: it holds for what was looked at too.
    if (conversation.retention_seconds !== place.walk.retention) return beginningOf(conversation)
    return { ...place, walk: await cleanRows(db, conversation, place.walk, limit, now) }
  })
}

const beginningOf = (conversation: ConversationRow): HistoryPlace => ({
  conversation: conversation.id,
  walk: { retention: conversation.retention_seconds ?? 0, key: '', skip: 0 },
})

async function nextConversation(
  db: GigiDatabase,
  after: ConversationId | null,
  limit: number,
): Promise<HistoryPlace | null> {
  const rows = await db.conversations
    .where('id')
    .above(after ?? Dexie.minKey)
    .limit(limit)
    .toArray()
  const found = rows.find((row) => row.retention_seconds !== undefined)
  if (found !== undefined) return beginningOf(found)
  const last = rows.at(-1)
  return last === undefined || rows.length < limit ? null : { conversation: last.id, walk: null }
}

/**
 * Goes through all rows, since neither the order of a conversation nor that of arrival tells when a message was
 * delivered here: a clock that is wrong, or a message that was long on its way, would hide what stands behind it.
 */
async function cleanRows(
  db: GigiDatabase,
  conversation: ConversationRow,
  { retention, key, skip }: NonNullable<HistoryPlace['walk']>,
  limit: number,
  now: number,
): Promise<HistoryPlace['walk']> {
  const rows = await db.messages
    .where('[conversation_id+order_key]')
    .between([conversation.id, key], [conversation.id, Dexie.maxKey], true, true)
    .offset(skip)
    .limit(limit)
    .toArray()
  const over = new Set<MessageRow>()
  const changed: MessageRow[] = []
  for (const row of rows) {
    if (row.delivered === 0 || row.refusal !== undefined || isMembership(row.content_type)) continue
    const end = retention === 0 ? KEPT : (row.delivered_at ?? row.created_at) + retention * 1000
    if (end <= now) over.add(row)
    else if (row.expires_at !== end) changed.push({ ...row, expires_at: end })
  }
  if (changed.length > 0) await db.messages.bulkPut(changed)
  if (over.size > 0) await deleteMessages(db, conversation, [...over], now)
  const last = rows.at(-1)
  if (last === undefined || rows.length < limit) {
    if (retention === 0)
      await db.conversations.update(conversation.id, (row) => {
        delete row.retention_seconds
      })
    return null
  }
  const kept = rows.filter((row) => row.order_key === last.order_key && !over.has(row)).length
  return { retention, key: last.order_key, skip: last.order_key === key ? skip + kept : kept }
}
