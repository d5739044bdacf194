/** Deleting message rows with all that belongs to them, so that preview and unread count stay true. */
import type { MessageId, PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { add } from '../domain/sequence-set.ts'
import { newestPreview } from './preview.ts'
import type { ConversationRow, GigiDatabase, MessageRow } from './schema.ts'

/** What `deleteMessages` runs over. */
export const deletionTables = (db: GigiDatabase) =>
  [
    ...[db.conversations, db.messages, db.deleted_messages, db.offline_queue, db.message_acknowledgments],
    db.groups,
    ...[db.files, db.transfers, db.doomed_blobs],
  ] as const

/** For whom something of a conversation can wait. Within a transaction over `groups`. */
export async function targetsOf(
  db: GigiDatabase,
  { id, msg_type, peer_id }: ConversationRow,
): Promise<readonly PeerId[]> {
  return msg_type === 'Group' ? ((await db.groups.get(id))?.active ?? []) : [peer_id]
}

/** The keys of the acknowledgements of a message: `<message id>/…`, and 0 comes after the slash. */
export const acknowledgmentsOf = ({ id }: MessageRow): readonly [string, string] => [`${id}/`, `${id}0`]

/**
 * Deletes messages of one conversation, with their queue rows, acknowledgements and files. What was received stays known by its id,
 * so that it does not come again. Entries of membership logs are none of them. Within a transaction over `deletionTables`.
 */
export async function deleteMessages(
  db: GigiDatabase,
  conversation: ConversationRow,
  rows: readonly MessageRow[],
  now: number,
): Promise<void> {
  await db.messages.bulkDelete(rows.map((row) => row.id))
  const sharing = rows.filter((row) => row.content_type === 'FileShare')
  if (sharing.length > 0)
    await deleteFiles(
      db,
      sharing.map(({ id }) => id),
      now,
    )
  const received = rows.filter((row) => row.direction === 'Received')
  if (received.length > 0) await db.deleted_messages.bulkPut(received.map(({ id }) => ({ id })))
  const sent = rows.filter((row) => row.direction === 'Sent')
  if (sent.length > 0) {
    const targets = await targetsOf(db, conversation)
    const keys = sent.flatMap((row) => targets.map((peer): [PeerId, MessageId] => [peer, row.id]))
    await db.offline_queue.bulkDelete(keys)
    await db.message_acknowledgments.where('id').inAnyRange(sent.map(acknowledgmentsOf)).delete()
  }
  const shown = rows.filter((row) => isShown(row.content_type))
  const unread = shown.filter(isUnread).length
  const mentions = shown.filter((row) => row.mention === 1 && isUnread(row)).length
  const { preview, ...rest } = conversation
  const previewGone = shown.some((row) => row.order_key === preview?.order_key)
  if (unread === 0 && !previewGone) return
  const shownNow = previewGone ? await newestPreview(db, conversation.id) : preview
  await db.conversations.put({
    ...rest,
    unread: Math.max(0, rest.unread - unread),
    ...(mentions === 0 ? {} : { mentions: Math.max(0, (rest.mentions ?? 0) - mentions) }),
    ...(shownNow === undefined ? {} : { preview: shownNow }),
  })
}

/** Nobody gets them from here any more from now on; their bytes go soon after that. */
async function deleteFiles(db: GigiDatabase, ids: readonly MessageId[], now: number): Promise<void> {
  const files = (await db.files.bulkGet([...ids])).filter((row) => row !== undefined)
  if (files.length === 0) return
  await db.files.bulkDelete(files.map((row) => row.message_id))
  await db.doomed_blobs.bulkPut(files.map(({ blob }) => ({ blob, at: now })))
  const ranges = files.map(({ message_id: id }) => [[id], [id, []]] as const)
  await db.transfers.where('[message_id+peer_id]').inAnyRange(ranges).delete()
}

/** Whether a message is one of those that its conversation counts as unread. */
export const isUnread = (row: MessageRow): boolean =>
  row.direction === 'Received' && row.read === 0 && isShown(row.content_type)

/** Own messages that will never be sent: their numbers are filled by voids. Within a transaction over `logs`. */
export async function vacate(db: GigiDatabase, rows: readonly MessageRow[]): Promise<void> {
  for (const row of rows) {
    if (row.seq === 0) continue
    const log = await db.logs.get([row.conversation_id, row.log_id])
    if (log !== undefined) await db.logs.put({ ...log, vacated: add(log.vacated ?? [], row.seq) })
  }
}

/**
 * Notes that messages are deleted, or back, for a message index that does not listen now: it looks through all of them
 * when it is opened again. Within a transaction over `installation`.
 */
export async function noteForgotten(db: GigiDatabase, now: number): Promise<void> {
  await db.installation.update('self', (row) => {
    row.last_forgotten_ms = Math.max(row.last_forgotten_ms ?? 0, now)
  })
}

/** Whether an own message is still tried, as far as its row says. */
export const isTried = (row: MessageRow): boolean =>
  row.direction === 'Sent' && row.delivered === 0 && row.expired_at === undefined && row.refusal === undefined
