/**
 * What is on its way by mail: letters in the mailboxes of others. A deposit is written down before it is made and struck
 * out when its mailbox does not hold it any more, so that nothing is believed to be there that is not (D1).
 */
import { Dexie } from 'dexie'
import type { LogId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { add, difference, has, type SequenceSet, union } from '../domain/sequence-set.ts'
import { advance } from '../domain/status.ts'
import type { LogNumbers } from '../protocol/frames.ts'
import type { ItemId } from '../protocol/mailbox.ts'
import { checkEpoch } from './leadership.ts'
import { settleGroupRows } from './group-status.ts'
import { authoredMessage } from './messages.ts'
import { oweAgain } from './owed.ts'
import type { DepositRow, GigiDatabase, MessageRow, QueueRow } from './schema.ts'

/** The messages that wait for `peer`, are not proven, and are in no letter yet: oldest first, at most `limit`. */
export function readUnposted(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  limit: number,
  now: number,
): Promise<AuthoredMessage[]> {
  return db.transaction('r', db.meta, db.offline_queue, db.messages, db.receipts, async () => {
    await checkEpoch(db, epoch)
    const queued = await queueOf(db, peer)
      .filter((row) => isUnposted(row) && row.expires_at > now)
      .limit(limit)
      .toArray()
    const rows = (await db.messages.bulkGet(queued.map((row) => row.message_id))).filter(
      (row) => row !== undefined,
    )
    const delivered = new Map<LogId, SequenceSet>()
    for (const row of rows)
      if (!delivered.has(row.log_id)) {
        const receipt = await db.receipts.get([row.conversation_id, row.log_id, peer])
        delivered.set(row.log_id, receipt?.delivered ?? [])
      }
    return rows.filter((row) => !has(delivered.get(row.log_id) ?? [], row.seq)).map(authoredMessage)
  })
}

/** When the oldest message was queued that waits for `peer` and is in no letter; null when there is none. */
export async function unpostedSince(db: GigiDatabase, peer: PeerId): Promise<number | null> {
  return (await queueOf(db, peer).filter(isUnposted).first())?.queued_at ?? null
}

const queueOf = (db: GigiDatabase, peer: PeerId) =>
  db.offline_queue.where('[target_peer_id+message_id]').between([peer, Dexie.minKey], [peer, Dexie.maxKey])

const isUnposted = (row: QueueRow): boolean => row.item_id === undefined

/**
 * Writes down that these messages go out in an item, under a sealed grant. One that was moved to another place meanwhile, or
 * is in another letter, goes along and still waits.
 */
export function beginDeposit(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  item: { readonly id: ItemId; readonly grant: Uint8Array },
  messages: readonly AuthoredMessage[],
  now: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.messages, db.offline_queue, db.deposits, async () => {
    await checkEpoch(db, epoch)
    const { id, grant } = item
    await db.deposits.add({
      id,
      peer_id: peer,
      state: 'sending',
      at: now,
      grant,
      message_ids: messages.map((message) => message.id),
      places: placesOf(messages),
    })
    const rows = await db.messages.bulkGet(messages.map((message) => message.id))
    const standing = messages.filter(
      ({ log_id, seq }, i) => rows[i]?.log_id === log_id && rows[i].seq === seq,
    )
    for (const message of standing)
      await db.offline_queue.update([peer, message.id], (queued) => {
        queued.item_id ??= id
      })
  })
}

function placesOf(messages: readonly AuthoredMessage[]): LogNumbers[] {
  const places = new Map<LogId, SequenceSet>()
  for (const { log_id, seq } of messages) places.set(log_id, add(places.get(log_id) ?? [], seq))
  return [...places].map(([log, numbers]) => ({ log, numbers }))
}

/** The mailbox holds these items: what they carry is Synced. */
export function noteHeld(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  ids: readonly ItemId[],
): Promise<void> {
  return db.transaction('rw', depositTables(db), async () => {
    await checkEpoch(db, epoch)
    for (const row of await depositRows(db, ids)) {
      if (row.state === 'held') continue
      await db.deposits.put({ ...row, state: 'held' })
      await changeStatus(db, peer, row, ({ sync_status }) => advance(sync_status, 'Synced'))
    }
  })
}

/**
 * No mailbox holds these items any more, or none ever did. What they carried and is not proven is Pending again, and goes
 * into another letter; what was accepted and read, of which there is no proof, is told once more.
 */
export function strikeOut(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  ids: readonly ItemId[],
): Promise<void> {
  return db.transaction('rw', [...depositTables(db), db.contacts, db.owed], async () => {
    await checkEpoch(db, epoch)
    for (const row of await depositRows(db, ids)) {
      await changeStatus(db, peer, row, ({ sync_status }) =>
        sync_status === 'Synced' ? 'Pending' : sync_status,
      )
      await forget(db, peer, row)
      const rows = (await db.messages.bulkGet([...row.message_ids])).filter((found) => found !== undefined)
      await settleInGroups(
        db,
        rows.filter((found) => found.msg_type === 'Group'),
      )
      if (isWordOnly(row)) await oweAgain(db, peer, row.at)
    }
  })
}

const isWordOnly = ({ places }: DepositRow): boolean => places.length === 0

/** Within a transaction over `offline_queue` and `deposits`. What it carried and is still queued is in no letter any more. */
async function forget(db: GigiDatabase, peer: PeerId, row: DepositRow): Promise<void> {
  for (const id of row.message_ids)
    await db.offline_queue.update([peer, id], (queued) => {
      if (queued.item_id === row.id) delete queued.item_id
    })
  await db.deposits.delete(row.id)
}

const depositRows = async (db: GigiDatabase, ids: readonly ItemId[]): Promise<DepositRow[]> =>
  (await db.deposits.bulkGet([...ids])).filter((row) => row !== undefined)

/** Of the messages that are queued with this very item, or not any more: those have had their time. */
async function changeStatus(
  db: GigiDatabase,
  peer: PeerId,
  { id, message_ids }: DepositRow,
  status: (row: MessageRow) => MessageRow['sync_status'],
): Promise<void> {
  const queued = await db.offline_queue.bulkGet(message_ids.map((message) => [peer, message]))
  const mine = message_ids.filter((_, i) => queued[i] === undefined || queued[i].item_id === id)
  const rows = (await db.messages.bulkGet(mine)).filter((row) => row !== undefined)
  const inGroups = rows.filter((row) => row.msg_type === 'Group')
  if (inGroups.length > 0) await settleInGroups(db, inGroups)
  const changed = rows.filter((row) => row.msg_type !== 'Group' && status(row) !== row.sync_status)
  if (changed.length > 0)
    await db.messages.bulkPut(changed.map((row) => ({ ...row, sync_status: status(row) })))
}

/** What a letter carries to one member says of a message to a group as much as the others allow. */
async function settleInGroups(db: GigiDatabase, rows: readonly MessageRow[]): Promise<void> {
  for (const [id, ofGroup] of Map.groupBy(rows, (row) => row.conversation_id)) {
    const group = await db.groups.get(id)
    if (group !== undefined) await settleGroupRows(db, group, ofGroup)
  }
}

const depositTables = (db: GigiDatabase) => [
  ...[db.meta, db.messages, db.offline_queue, db.deposits],
  ...[db.groups, db.group_audiences, db.receipts],
]

/**
 * The items for `peer` of which it is not known what became; those of which all is proven are forgotten.
 */
export function openDeposits(db: GigiDatabase, epoch: number, peer: PeerId): Promise<DepositRow[]> {
  return db.transaction('rw', db.meta, db.receipts, db.offline_queue, db.deposits, async () => {
    await checkEpoch(db, epoch)
    const rows = await db.deposits.where('peer_id').equals(peer).toArray()
    if (rows.length === 0) return rows
    const delivered = new Map<LogId, SequenceSet>()
    for (const receipt of await db.receipts.toArray())
      if (receipt.peer_id === peer) delivered.set(receipt.log_id, receipt.delivered)
    const isProven = (row: DepositRow): boolean =>
      !isWordOnly(row) &&
      row.places.every(({ log, numbers }) => difference(numbers, delivered.get(log) ?? []).length === 0)
    const proven = rows.filter(isProven)
    for (const row of proven) await forget(db, peer, row)
    return rows.filter((row) => !proven.includes(row))
  })
}

/** Since when it is not known of a letter whether it arrived, by recipient. */
export async function unheardSince(db: GigiDatabase): Promise<Map<PeerId, number>> {
  const rows = await db.deposits.filter((row) => row.state === 'sending').toArray()
  return new Map(rows.map((row) => [row.peer_id, row.at]))
}

/** To whom something is on its way by mail. */
export const depositPeers = async (db: GigiDatabase): Promise<PeerId[]> =>
  (await db.deposits.orderBy('peer_id').uniqueKeys()) as PeerId[]

/** The numbers of a log of ours that are on their way to `peer` by mail. Within a transaction over `deposits`. */
export async function inMail(db: GigiDatabase, peer: PeerId, log: LogId): Promise<SequenceSet> {
  const rows = await db.deposits.where('peer_id').equals(peer).toArray()
  return rows
    .flatMap((row) => row.places)
    .filter((place) => place.log === log)
    .reduce<SequenceSet>((set, place) => union(set, place.numbers), [])
}
