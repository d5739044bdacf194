/**
 * Deleting single messages, and taking that back. A message is deleted at once and for good: a crash finds it deleted, as its
 * user was told. What is needed to bring it back is with whoever may ask for that, in memory, and comes back in one
 * transaction, so that there is nothing half done either way.
 */
import type { MessageId, PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { difference, has } from '../domain/sequence-set.ts'
import { SHELF } from '../domain/shelf.ts'
import { advance } from '../domain/status.ts'
import {
  acknowledgmentsOf,
  deleteMessages,
  deletionTables,
  isTried,
  isUnread,
  noteForgotten,
  targetsOf,
  vacate,
} from './deletion.ts'
import { openGroupWriter } from './group-writer.ts'
import { groupTables } from './groups.ts'
import { leavePlace, openWriter, type RandomBytes } from './log-writer.ts'
import { newestPreview } from './preview.ts'
import { isProven, markDelivered } from './receipts.ts'
import { restoreFile } from './file-choices.ts'
import type {
  AcknowledgmentRow,
  ConversationRow,
  FileRow,
  GigiDatabase,
  MessageRow,
  QueueRow,
} from './schema.ts'

/** A message that was deleted, with all that went with it. */
export interface Deletion {
  readonly row: MessageRow
  /** To whom it was still to be sent. */
  readonly queued: readonly QueueRow[]
  readonly acknowledgments: readonly AcknowledgmentRow[]
  /** What it shared. */
  readonly file: FileRow | undefined
}

/**
 * Deletes a message on this device. An own one that is not proven to have arrived is not sent any more: it leaves the queue, and
 * its number is filled when the recipient is next met, or has arrived by mail meanwhile. Null where there is nothing to delete.
 */
export function deleteMessage(db: GigiDatabase, id: MessageId, now: number): Promise<Deletion | null> {
  const tables = [db.installation, db.logs, db.receipts, ...deletionTables(db)]
  return db.transaction('rw', tables, async () => {
    const row = await db.messages.get(id)
    if (row === undefined || !isShown(row.content_type)) return null
    const conversation = await db.conversations.get(row.conversation_id)
    if (conversation === undefined) return null
    const targets = row.direction === 'Sent' ? await targetsOf(db, conversation) : []
    const queued = await db.offline_queue.bulkGet(targets.map((peer): [PeerId, MessageId] => [peer, id]))
    const [first, last] = acknowledgmentsOf(row)
    const deletion: Deletion = {
      row,
      queued: queued.filter((waiting) => waiting !== undefined),
      acknowledgments: await db.message_acknowledgments.where('id').between(first, last).toArray(),
      file: await db.files.get(id),
    }
    await deleteMessages(db, conversation, [row], now)
    if (isTried(row) && !(await isProvenByAny(db, row, targets))) await vacate(db, [row])
    await noteForgotten(db, now)
    return deletion
  })
}

/**
 * Brings a message back as it was before it was deleted; an own one takes its place in the queue again, or, where that place was
 * filled meanwhile, a new one at the end of the log. Nothing happens where its conversation was deleted since, or the message
 * is there. Throws NotAcceptedError.
 */
export function restoreMessage(
  db: GigiDatabase,
  deletion: Deletion,
  now: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    const { row } = deletion
    const conversation = await db.conversations.get(row.conversation_id)
    if (conversation === undefined || (await db.messages.get(row.id)) !== undefined) return
    const contact = await db.contacts.get(conversation.peer_id)
    if (conversation.listed === SHELF.hidden && contact?.state !== 'blocked') return
    if (row.direction === 'Received') {
      await db.messages.add(row)
      await db.deleted_messages.delete(row.id)
    } else if (!(await putBack(db, conversation, deletion, now))) await sendAnew(db, row, now, random)
    if (deletion.file !== undefined) await restoreFile(db, deletion.file)
    await noteForgotten(db, now)
    await db.conversations.update(conversation.id, {
      unread: conversation.unread + (isUnread(row) ? 1 : 0),
      ...(row.mention === 1 ? { mentions: (conversation.mentions ?? 0) + 1 } : {}),
      ...(await previewOf(db, conversation)),
    })
  })
}

async function sendAnew(db: GigiDatabase, row: MessageRow, now: number, random: RandomBytes): Promise<void> {
  if (row.msg_type === 'Group') {
    const writer = await openGroupWriter(db, row.conversation_id, now, random)
    await writer.writeAgain(row)
    await writer.close()
    return
  }
  const writer = await openWriter(db, row.conversation_id, now, random)
  // Its number is a void's.
  await writer.appendAgain(leavePlace(row), row.timestamp, row.expires_at)
  await writer.close()
}

async function isProvenByAny(db: GigiDatabase, row: MessageRow, peers: readonly PeerId[]): Promise<boolean> {
  for (const peer of peers) if (await isProven(db, row, peer)) return true
  return false
}

async function previewOf(db: GigiDatabase, { id }: ConversationRow): Promise<Partial<ConversationRow>> {
  const preview = await newestPreview(db, id)
  return preview === undefined ? {} : { preview }
}

/** Puts an own message back where it stood. Returns whether it could be, or has to be sent at another place. */
async function putBack(
  db: GigiDatabase,
  { peer_id: peer, msg_type }: ConversationRow,
  { row, queued: waiting, acknowledgments }: Deletion,
  now: number,
): Promise<boolean> {
  // Members of a group may have been told that there is nothing at its place.
  if (msg_type === 'Group' && waiting.length > 0) return false
  const [queued] = waiting
  const holder = row.seq === 0 ? undefined : await holderOf(db, row)
  if (holder !== undefined && queued !== undefined) return false
  await db.messages.add(holder === undefined ? row : leavePlace(row))
  await db.message_acknowledgments.bulkPut(acknowledgments)
  if (queued === undefined) return true
  const receipt = await db.receipts.get([row.conversation_id, row.log_id, peer])
  if (receipt !== undefined && has(receipt.delivered, row.seq)) {
    // It was on its way, and has arrived.
    const by = { peer, nickname: queued.target_nickname, now }
    await markDelivered(db, row.log_id, [[row.seq, row.seq]], by, receipt)
    return true
  }
  const log = await db.logs.get([row.conversation_id, row.log_id])
  if (log !== undefined)
    await db.logs.put({ ...log, vacated: difference(log.vacated ?? [], [[row.seq, row.seq]]) })
  await queueAgain(db, row, queued)
  return true
}

const holderOf = (db: GigiDatabase, { log_id, seq }: MessageRow): Promise<MessageRow | undefined> =>
  db.messages.where('[log_id+seq]').equals([log_id, seq]).first()

/** The letter that carried it may have been left, or lost, meanwhile. */
async function queueAgain(db: GigiDatabase, row: MessageRow, queued: QueueRow): Promise<void> {
  const { item_id: item, ...waiting } = queued
  const letter = item === undefined ? undefined : await db.deposits.get(item)
  await db.offline_queue.put(letter === undefined ? waiting : queued)
  const isHeld = letter?.state === 'held'
  const status = isHeld ? advance(row.sync_status, 'Synced') : row.sync_status
  const sync_status = letter === undefined && status === 'Synced' ? 'Pending' : status
  if (sync_status !== row.sync_status) await db.messages.update(row.id, { sync_status })
}
