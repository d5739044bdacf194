/**
 * Truth and mirror: what a peer has proven is recorded as sets, at once and cheaply; the rows of messages, queue
 * and acknowledgements are settled from them in bounded pieces, and again after a crash.
 */
import { Dexie } from 'dexie'
import type { LogId, PeerId } from '../domain/ids.ts'
import {
  count,
  difference,
  firstOf,
  has,
  highest,
  intersection,
  type SequenceSet,
  union,
} from '../domain/sequence-set.ts'
import { advance } from '../domain/status.ts'
import type { LogProof } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { KEPT } from './messages.ts'
import { rowsAt } from './pages.ts'
import type { AcknowledgmentRow, GigiDatabase, MessageRow, ReceiptRow } from './schema.ts'

/**
 * Records what `peer` proved to have accepted and read of our logs. Only what we wrote can be proven; reading
 * is proof of acceptance (SPEC 5.4, 5.10). Returns whether anything was new.
 */
export function recordProofs(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  proofs: readonly LogProof[],
): Promise<boolean> {
  return db.transaction('rw', db.meta, db.identity, db.conversations, db.logs, db.receipts, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const conversation = directConversationId(self, peer)
    let changed = false
    for (const proof of proofs) {
      if (proof.conversation !== conversation) continue
      const log = await db.logs.get([conversation, proof.log])
      if (log?.author !== self) continue
      // Whoever has more of the log than we wrote knew another life of this profile: what they have is not ours.
      const current = (await db.conversations.get(conversation))?.own_log_id === proof.log
      if (current && highest(proof.accepted) > highest(log.accepted)) continue
      const written = log.accepted
      const row = (await db.receipts.get([conversation, proof.log, peer])) ?? newReceipt(proof, peer)
      const read = union(row.read, intersection(proof.read, written))
      const delivered = union(union(row.delivered, intersection(proof.accepted, written)), read)
      if (difference(delivered, row.delivered).length + difference(read, row.read).length === 0) continue
      await db.receipts.put({ ...row, delivered, read })
      changed = true
    }
    return changed
  })
}

const newReceipt = (proof: LogProof, peer: PeerId): ReceiptRow => ({
  conversation_id: proof.conversation,
  log_id: proof.log,
  peer_id: peer,
  delivered: [],
  read: [],
  settled_delivered: [],
  settled_read: [],
})

/**
 * Brings at most `limit` rows up to what `peer` has proven. Returns whether there is more to settle.
 */
export function settle(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  limit: number,
  now: number,
): Promise<boolean> {
  const tables = [
    db.meta,
    db.identity,
    db.contacts,
    db.receipts,
    db.messages,
    db.offline_queue,
    db.message_acknowledgments,
  ]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const conversation = directConversationId((await requireIdentity(db)).peer_id, peer)
    const nickname = (await db.contacts.get(peer))?.nickname ?? ''
    let left = limit
    for (const receipt of await receiptsFrom(db, conversation, peer)) {
      const delivered = firstOf(difference(receipt.delivered, receipt.settled_delivered), left)
      const read = firstOf(difference(receipt.read, receipt.settled_read), left)
      if (delivered.length + read.length === 0) continue
      const by = { peer, nickname, now }
      await markDelivered(db, receipt.log_id, union(delivered, read), by, receipt)
      await db.receipts.put({
        ...receipt,
        settled_delivered: union(receipt.settled_delivered, delivered),
        settled_read: union(receipt.settled_read, read),
      })
      left -= Math.max(count(delivered), count(read))
      if (left <= 0) return true
    }
    return false
  })
}

/** The peers who have proven more than is settled: whoever led before died in between. */
export async function unsettledPeers(db: GigiDatabase): Promise<PeerId[]> {
  const open = (await db.receipts.toArray()).filter(
    (row) =>
      difference(row.delivered, row.settled_delivered).length +
        difference(row.read, row.settled_read).length >
      0,
  )
  return [...new Set(open.map((row) => row.peer_id))]
}

/** Who proved it, and when we heard. */
export interface By {
  readonly peer: PeerId
  readonly nickname: string
  readonly now: number
}

/**
 * Brings the rows at some places of a log up to what was proven: delivered and read, out of the queue, acknowledged.
 * Within a transaction over `messages`, `offline_queue` and `message_acknowledgments`.
 */
export async function markDelivered(
  db: GigiDatabase,
  log: LogId,
  numbers: SequenceSet,
  by: By,
  receipt: ReceiptRow,
): Promise<void> {
  const rows = await rowsAt(db, log, numbers)
  const acknowledgments: AcknowledgmentRow[] = []
  for (const row of rows) {
    if (row.delivered === 0) {
      row.delivered = 1
      row.delivered_at = by.now
      // It meant the end of trying; a retention period is applied by the cleanup.
      row.expires_at = KEPT
    }
    const read = has(receipt.read, row.seq)
    row.sync_status = advance(row.sync_status, read ? 'Acknowledged' : 'Delivered')
    acknowledgments.push(acknowledgment(row, 'Delivered', by))
    if (read) acknowledgments.push(acknowledgment(row, 'Read', by))
  }
  await db.messages.bulkPut(rows)
  await db.offline_queue.bulkDelete(rows.map((row) => [by.peer, row.id]))
  await addMissing(db, acknowledgments)
}

// The first proof's time is kept.
async function addMissing(db: GigiDatabase, rows: AcknowledgmentRow[]): Promise<void> {
  const present = await db.message_acknowledgments.bulkGet(rows.map((row) => row.id))
  await db.message_acknowledgments.bulkAdd(rows.filter((_, i) => present[i] === undefined))
}

const acknowledgment = (row: MessageRow, type: 'Delivered' | 'Read', by: By): AcknowledgmentRow => ({
  id: `${row.id}/${type}/${by.peer}`,
  message_id: row.id,
  acknowledged_by_nickname: by.nickname,
  acknowledged_by_peer_id: by.peer,
  acknowledged_at: by.now,
  ack_type: type,
})

/** What one peer has proven of our logs in a conversation. */
export async function receiptsFrom(
  db: GigiDatabase,
  conversation: string,
  peer: PeerId,
): Promise<ReceiptRow[]> {
  const rows = await db.receipts
    .where('[conversation_id+log_id+peer_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .toArray()
  return rows.filter((row) => row.peer_id === peer)
}
