/** What members of groups have proven of our logs, be it themselves or by a statement that others brought (SPEC 21). */
import { Dexie } from 'dexie'
import type { PeerId } from '../domain/ids.ts'
import { memberOf } from '../domain/group.ts'
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
import type { LogProof } from '../protocol/frames.ts'
import { isGroupId } from '../protocol/group.ts'
import { settleGroupRows } from './group-status.ts'
import { rowsAt } from './pages.ts'
import type { AcknowledgmentRow, GigiDatabase, MessageRow, ReceiptRow } from './schema.ts'

/** What of the truth is read for groups besides that of direct conversations; and what of the mirror. */
export const groupTruth = (db: GigiDatabase) => [db.groups]
export const groupMirror = (db: GigiDatabase) => [db.groups, db.group_audiences, db.deposits]

/** Within a transaction over the truth. Returns whether anything was new. */
export async function recordGroupProofs(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  proofs: readonly LogProof[],
): Promise<boolean> {
  let changed = false
  for (const [id, ofGroup] of Map.groupBy(proofs, ({ conversation }) => conversation)) {
    if (!isGroupId(id)) continue
    const group = await db.groups.get(id)
    if (group === undefined || memberOf(group.state, peer) === undefined) continue
    const current = new Set([(await db.conversations.get(id))?.own_log_id, group.membership_log_id])
    for (const proof of ofGroup) {
      const log = await db.logs.get([id, proof.log])
      if (log?.author !== self) continue
      // Whoever has more of the log than we wrote knew another life of this profile.
      if (current.has(proof.log) && highest(proof.accepted) > highest(log.accepted)) continue
      const row = (await db.receipts.get([id, proof.log, peer])) ?? newReceipt(proof, peer)
      const read = union(row.read, intersection(proof.read, log.accepted))
      const delivered = union(union(row.delivered, intersection(proof.accepted, log.accepted)), read)
      if (difference(delivered, row.delivered).length + difference(read, row.read).length === 0) continue
      await db.receipts.put({ ...row, delivered, read })
      changed = true
    }
  }
  return changed
}

const newReceipt = ({ conversation, log }: LogProof, peer: PeerId): ReceiptRow => ({
  conversation_id: conversation,
  log_id: log,
  peer_id: peer,
  delivered: [],
  read: [],
  settled_delivered: [],
  settled_read: [],
})

/** The receipts of one peer in all groups. Within a transaction over `groups` and `receipts`. */
async function groupReceiptsFrom(db: GigiDatabase, peer: PeerId): Promise<ReceiptRow[]> {
  const groups = (await db.groups.toArray()).filter(({ state }) => memberOf(state, peer) !== undefined)
  const found: ReceiptRow[] = []
  for (const { id } of groups)
    found.push(
      ...(await db.receipts
        .where('[conversation_id+log_id+peer_id]')
        .between([id, Dexie.minKey], [id, Dexie.maxKey])
        .filter((row) => row.peer_id === peer)
        .toArray()),
    )
  return found
}

/** Brings at most `limit` rows up to what `peer` has proven in groups. Within a transaction over the mirror. Returns how many were left to do. */
export async function settleGroups(
  db: GigiDatabase,
  by: { readonly peer: PeerId; readonly nickname: string; readonly now: number },
  limit: number,
): Promise<number> {
  let left = limit
  for (const receipt of await groupReceiptsFrom(db, by.peer)) {
    const delivered = firstOf(difference(receipt.delivered, receipt.settled_delivered), left)
    const read = firstOf(difference(receipt.read, receipt.settled_read), left)
    if (delivered.length + read.length === 0) continue
    await settleAt(db, receipt, union(delivered, read), by)
    await db.receipts.put({
      ...receipt,
      settled_delivered: union(receipt.settled_delivered, delivered),
      settled_read: union(receipt.settled_read, read),
    })
    left -= Math.max(count(delivered), count(read))
    if (left <= 0) return 0
  }
  return left
}

async function settleAt(
  db: GigiDatabase,
  receipt: ReceiptRow,
  numbers: SequenceSet,
  by: { readonly peer: PeerId; readonly nickname: string; readonly now: number },
): Promise<void> {
  const group = await db.groups.get(receipt.conversation_id)
  const rows = await rowsAt(db, receipt.log_id, numbers)
  await db.offline_queue.bulkDelete(rows.map((row) => [by.peer, row.id]))
  if (group === undefined) return
  const acks = rows
    .filter((row) => row.audience_id !== undefined)
    .flatMap((row) => [
      acknowledgment(row, 'Delivered', by),
      ...(has(receipt.read, row.seq) ? [acknowledgment(row, 'Read', by)] : []),
    ])
  // The first proof's time is kept.
  const present = await db.message_acknowledgments.bulkGet(acks.map((row) => row.id))
  await db.message_acknowledgments.bulkAdd(acks.filter((_, i) => present[i] === undefined))
  await settleGroupRows(db, group, rows, by.now)
}

const acknowledgment = (
  row: MessageRow,
  type: 'Delivered' | 'Read',
  by: { readonly peer: PeerId; readonly nickname: string; readonly now: number },
): AcknowledgmentRow => ({
  id: `${row.id}/${type}/${by.peer}`,
  message_id: row.id,
  acknowledged_by_nickname: by.nickname,
  acknowledged_by_peer_id: by.peer,
  acknowledged_at: by.now,
  ack_type: type,
})
