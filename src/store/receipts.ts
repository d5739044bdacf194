/**
 * Truth and mirror: what a peer has proven is recorded as sets, at once and cheaply; the rows of messages, queue
 * and acknowledgements are settled from them in bounded pieces, and again after a crash.
 */
import { Dexie } from 'dexie'
import type { LogId, MessageId, PeerId } from '../domain/ids.ts'
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
import { groupMirror, groupTruth, recordGroupProofs, settleGroups } from './group-receipts.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { KEPT } from './messages.ts'
import { rowsAt } from './pages.ts'
import { logsOf } from './reception.ts'
import type { AcknowledgmentRow, GigiDatabase, MessageRow, ReceiptRow } from './schema.ts'

/** What tells of the truth, and what follows it. */
const truth = (db: GigiDatabase) => [
  ...[db.meta, db.identity, db.conversations, db.logs, db.receipts],
  ...groupTruth(db),
]
const mirror = (db: GigiDatabase) => [
  ...[db.contacts, db.messages, db.offline_queue, db.message_acknowledgments],
  ...groupMirror(db),
]

/**
 * Records what `peer` proved to have accepted and read of our logs: small and quick, whatever it proves. Only what we wrote
 * can be proven; reading is proof of acceptance (SPEC 5.4, 5.10). Returns whether there is something to settle.
 */
export function recordProofs(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  proofs: readonly LogProof[],
): Promise<boolean> {
  return db.transaction('rw', truth(db), async () => {
    await checkEpoch(db, epoch)
    return recordWithin(db, peer, proofs)
  })
}

/** As `recordProofs`, and settles at most `limit` rows at once. Returns whether there is more to settle. */
export function recordAndSettle(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  proofs: readonly LogProof[],
  limit: number,
  now: number,
): Promise<boolean> {
  return db.transaction('rw', [...truth(db), ...mirror(db)], async () => {
    await checkEpoch(db, epoch)
    return (await recordWithin(db, peer, proofs)) && settleWithin(db, peer, limit, now)
  })
}

/** Brings at most `limit` rows up to what `peer` has proven. Returns whether there is more to settle. */
export function settle(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  limit: number,
  now: number,
): Promise<boolean> {
  return db.transaction('rw', [db.meta, db.identity, db.receipts, ...mirror(db)], async () => {
    await checkEpoch(db, epoch)
    return settleWithin(db, peer, limit, now)
  })
}

/** Within a transaction over the truth. Returns whether anything was new. */
async function recordWithin(db: GigiDatabase, peer: PeerId, proofs: readonly LogProof[]): Promise<boolean> {
  const { peer_id: self } = await requireIdentity(db)
  const id = directConversationId(self, peer)
  const [conversation, logs, stored] = await Promise.all([
    db.conversations.get(id),
    logsOf(db, id),
    receiptsFrom(db, id, peer),
  ])
  const receipts = new Map(stored.map((row) => [row.log_id, row]))
  let changed = false
  for (const proof of proofs) {
    if (proof.conversation !== id) continue
    const log = logs.find((log) => log.log_id === proof.log)
    if (log?.author !== self) continue
    // Whoever has more of the log than we wrote knew another life of this profile: what they have is not ours.
    const isCurrent = conversation?.own_log_id === proof.log
    if (isCurrent && highest(proof.accepted) > highest(log.accepted)) continue
    const written = log.accepted
    const row = receipts.get(proof.log) ?? newReceipt(proof, peer)
    const read = union(row.read, intersection(proof.read, written))
    const delivered = union(union(row.delivered, intersection(proof.accepted, written)), read)
    if (difference(delivered, row.delivered).length + difference(read, row.read).length === 0) continue
    receipts.set(proof.log, { ...row, delivered, read })
    changed = true
  }
  if (changed) await db.receipts.bulkPut([...receipts.values()])
  const inGroups = proofs.filter(({ conversation }) => conversation !== id)
  return (inGroups.length > 0 && (await recordGroupProofs(db, self, peer, inGroups))) || changed
}

/** Within a transaction over `identity`, `receipts` and the mirror. Returns whether there is more to settle. */
async function settleWithin(db: GigiDatabase, peer: PeerId, limit: number, now: number): Promise<boolean> {
  const [{ peer_id: self }, contact] = await Promise.all([requireIdentity(db), db.contacts.get(peer)])
  const by = { peer, nickname: contact?.nickname ?? '', now }
  let left = limit
  for (const receipt of await receiptsFrom(db, directConversationId(self, peer), peer)) {
    const delivered = firstOf(difference(receipt.delivered, receipt.settled_delivered), left)
    const read = firstOf(difference(receipt.read, receipt.settled_read), left)
    if (delivered.length + read.length === 0) continue
    await markDelivered(db, receipt.log_id, union(delivered, read), by, receipt)
    await db.receipts.put({
      ...receipt,
      settled_delivered: union(receipt.settled_delivered, delivered),
      settled_read: union(receipt.settled_read, read),
    })
    left -= Math.max(count(delivered), count(read))
    if (left <= 0) return true
  }
  return (await settleGroups(db, by, left)) <= 0
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
  await unqueue(
    db,
    by.peer,
    rows.map((row) => row.id),
  )
  await addMissing(db, acknowledgments)
}

/** Takes messages out of the queue for a peer. Within a transaction over `offline_queue`. */
async function unqueue(db: GigiDatabase, peer: PeerId, ids: readonly MessageId[]): Promise<void> {
  const sorted = [...ids].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return
  const run = db.offline_queue
    .where('[target_peer_id+message_id]')
    .between([peer, first], [peer, last], true, true)
  const proven = new Set(ids)
  const queued = (await run.primaryKeys()).filter(([, id]) => proven.has(id))
  if (queued.length === 0) return
  // What was written one after the other is deleted as one range, where nothing else waits in between.
  if (queued.length === (await run.count())) await run.delete()
  else await db.offline_queue.bulkDelete(queued)
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

/** Whether `peer` has proven to have a message of ours, be it settled or not. Within a transaction over `receipts`. */
export async function isProven(
  db: GigiDatabase,
  { conversation_id, log_id, seq }: MessageRow,
  peer: PeerId,
): Promise<boolean> {
  const receipt = await db.receipts.get([conversation_id, log_id, peer])
  return has(receipt?.delivered ?? [], seq)
}

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
