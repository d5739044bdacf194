/** Files that messages share: what of each is here, who may have it, and what is to become of it. */
import { Dexie } from 'dexie'
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import { allChunks } from '../domain/files/chunks.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { MAX_FILE_BYTES } from '../protocol/limits.ts'
import { groupTables } from './groups.ts'
import { readFellows } from './fellows.ts'
import { readSettings } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import type { RandomBytes } from './log-writer.ts'
import { sendMessage } from './outbox.ts'
import type { Source } from './reception.ts'
import type { FileProblem, FileRow, GigiDatabase, TransferRow } from './schema.ts'

export type FileShare = Extract<MessageContent, { type: 'FileShare' }>

/** The row of a file that a message shares which came here. Of history nothing is fetched unasked. */
export function receivedFile(
  message: AuthoredMessage,
  content: FileShare,
  source: Source,
  now: number,
): FileRow {
  const isTooLarge = content.file_size > MAX_FILE_BYTES
  return {
    message_id: message.id,
    conversation_id: message.conversation_id,
    author: message.author,
    share_code: content.share_code,
    size: content.file_size,
    root: content.root,
    blob: message.id,
    state: isTooLarge ? 'failed' : source === 'push' ? 'new' : 'offered',
    ...(isTooLarge ? { problem: 'too-large' as const } : {}),
    held: [],
    at: now,
    had_by: [],
  }
}

/**
 * Sends a message that shares a file whose bytes are in the file room under the name `blob`, all of them, in one transaction with
 * its row. Resolves when it is durable.
 */
export function shareFile(
  db: GigiDatabase,
  conversation: ConversationId,
  content: FileShare,
  blob: string,
  now: number,
  random: RandomBytes,
): Promise<MessageId> {
  return db.transaction('rw', [...groupTables(db), db.sent_tokens], async () => {
    const id = await sendMessage(db, conversation, content, now, random)
    const message = await db.messages.get(id)
    if (message === undefined) throw new Error('the message was not written')
    await db.files.add({
      message_id: id,
      conversation_id: conversation,
      author: message.peer_id,
      share_code: content.share_code,
      size: content.file_size,
      root: content.root,
      blob,
      state: 'complete',
      held: allChunks(content.file_size),
      at: now,
      had_by: [],
    })
    return id
  })
}

/** Who may have what is shared in a conversation, besides ourselves. Within a transaction over `conversations`, `contacts` and `groups`. */
export async function membersOf(db: GigiDatabase, id: ConversationId): Promise<PeerId[]> {
  const conversation = await db.conversations.get(id)
  if (conversation === undefined) return []
  if (conversation.msg_type === 'Group') return membersOfGroup(db, id)
  const contact = await db.contacts.get(conversation.peer_id)
  return contact?.state === 'accepted' ? [contact.peer_id] : []
}

/** Whoever has joined besides us, while we have, and is not blocked here: members need be no contacts. */
async function membersOfGroup(db: GigiDatabase, id: ConversationId): Promise<PeerId[]> {
  const fellows = await readFellows(db, id)
  const contacts = await db.contacts.bulkGet(fellows)
  return fellows.filter((_, i) => contacts[i]?.state !== 'blocked')
}

/** The tables of whatever asks who may have a file. */
const memberTables = (db: GigiDatabase) =>
  [db.meta, db.conversations, db.contacts, db.groups, db.files] as const

/**
 * What `peer` asks for, if it is a member of the conversation in which it was shared and knows its code. denied: it gets nothing,
 * and learns nothing of why. gone: it may have it, and it is not here.
 */
export function readShared(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  message: MessageId,
  code: string,
): Promise<FileRow | 'denied' | 'gone'> {
  return db.transaction('r', memberTables(db), async () => {
    await checkEpoch(db, epoch)
    const row = await db.files.get(message)
    if (row?.share_code !== code || row.sharing === 'ended') return 'denied'
    if (!(await membersOf(db, row.conversation_id)).includes(peer)) return 'denied'
    return row.state === 'complete' ? row : 'gone'
  })
}

/** A file that is to be fetched, and from whom it may be: whoever shared it first. */
export interface WantedFile {
  readonly row: FileRow
  readonly members: readonly PeerId[]
}

/** At most `limit` files that are wanted, the first to come first. */
export function readWanted(db: GigiDatabase, epoch: number, limit: number): Promise<WantedFile[]> {
  return db.transaction('r', memberTables(db), async () => {
    await checkEpoch(db, epoch)
    return withMembers(db, await db.files.where('state').equals('wanted').limit(limit).toArray())
  })
}

/** At most `limit` files that are all here, which those who shared them do not know. */
export function readUntold(db: GigiDatabase, epoch: number, limit: number): Promise<WantedFile[]> {
  return db.transaction('r', memberTables(db), async () => {
    await checkEpoch(db, epoch)
    return withMembers(db, await db.files.where('untold').equals(1).limit(limit).toArray())
  })
}

async function withMembers(db: GigiDatabase, rows: readonly FileRow[]): Promise<WantedFile[]> {
  const conversations = [...new Set(rows.map((row) => row.conversation_id))]
  const members = new Map(
    await Promise.all(conversations.map(async (id) => [id, await membersOf(db, id)] as const)),
  )
  const first = (peer: PeerId, { author }: FileRow): number => (peer === author ? 0 : 1)
  return [...rows]
    .sort((a, b) => a.at - b.at)
    .map((row) => ({
      row,
      members: [...(members.get(row.conversation_id) ?? [])].sort((a, b) => first(a, row) - first(b, row)),
    }))
}

/**
 * Decides of at most `limit` files that came whether they are fetched unasked: those of members, up to the size in the settings. What
 * a stranger shares waits until they are accepted. Returns whether something changed.
 */
export function settleNew(db: GigiDatabase, epoch: number, limit: number): Promise<boolean> {
  return db.transaction('rw', memberTables(db), async () => {
    await checkEpoch(db, epoch)
    const rows = await db.files.where('state').equals('new').limit(limit).toArray()
    if (rows.length === 0) return false
    const { autoDownloadBytes } = await readSettings(db)
    const settled: FileRow[] = []
    for (const { row, members } of await withMembers(db, rows))
      if (members.length > 0)
        settled.push({ ...row, state: row.size <= autoDownloadBytes ? 'wanted' : 'offered' })
    if (settled.length > 0) await db.files.bulkPut(settled)
    return settled.length > 0
  })
}

/**
 * Notes what was kept of a file since, which is flushed to the disk, with how the transfer fares. Returns whether it is still
 * wanted.
 */
export function recordChunks(
  db: GigiDatabase,
  epoch: number,
  { message_id, blob }: Pick<FileRow, 'message_id' | 'blob'>,
  held: SequenceSet,
  transfer: TransferRow,
): Promise<boolean> {
  return db.transaction('rw', db.meta, db.files, db.transfers, async () => {
    await checkEpoch(db, epoch)
    const row = await db.files.get(message_id)
    // What was given up and begun anew is another blob.
    if (row === undefined || row.state === 'complete' || row.blob !== blob) return false
    await db.files.put({ ...row, held })
    if (row.state !== 'wanted') return false
    await db.transfers.put(transfer)
    return true
  })
}

/** All of a file is kept, and flushed. Returns false where it is not wanted any more. */
export function completeFile(db: GigiDatabase, epoch: number, message: MessageId): Promise<boolean> {
  return db.transaction('rw', db.meta, db.files, async () => {
    await checkEpoch(db, epoch)
    const row = await db.files.get(message)
    if (row?.state !== 'wanted') return false
    await db.files.put({ ...row, state: 'complete', held: allChunks(row.size), untold: 1 })
    return true
  })
}

/** Whoever shared it was told that all of it is here. */
export function noteTold(db: GigiDatabase, epoch: number, message: MessageId): Promise<void> {
  return db.transaction('rw', db.meta, db.files, async () => {
    await checkEpoch(db, epoch)
    await db.files.update(message, (row) => {
      delete row.untold
    })
  })
}

/** A file cannot be fetched, or is not here any more, and why. Nothing that is kept of it is lost by that. */
export function failFile(
  db: GigiDatabase,
  epoch: number,
  message: MessageId,
  problem: FileProblem,
): Promise<void> {
  return db.transaction('rw', db.meta, db.files, async () => {
    await checkEpoch(db, epoch)
    const row = await db.files.get(message)
    const isMeant = problem === 'lost' ? row?.state === 'complete' : row?.state === 'wanted'
    if (row !== undefined && isMeant) await db.files.put({ ...row, state: 'failed', problem })
  })
}

/** Of a file that was not kept as it was promised nothing is held any more. */
export async function forgetChunks(db: GigiDatabase, epoch: number, message: MessageId): Promise<void> {
  await db.transaction('rw', db.meta, db.files, async () => {
    await checkEpoch(db, epoch)
    await db.files.update(message, { held: [] })
  })
}

/** A member has told that they have all of a file that was shared with them. */
export function noteHadBy(db: GigiDatabase, epoch: number, peer: PeerId, message: MessageId): Promise<void> {
  return db.transaction('rw', db.meta, db.files, async () => {
    await checkEpoch(db, epoch)
    const row = await db.files.get(message)
    if (row !== undefined && !row.had_by.includes(peer))
      await db.files.put({ ...row, had_by: [...row.had_by, peer] })
  })
}

export function noteTransfer(db: GigiDatabase, epoch: number, transfer: TransferRow): Promise<void> {
  return db.transaction('rw', db.meta, db.transfers, async () => {
    await checkEpoch(db, epoch)
    await db.transfers.put(transfer)
  })
}

export function dropTransfer(
  db: GigiDatabase,
  epoch: number,
  { message_id, peer_id }: Pick<TransferRow, 'message_id' | 'peer_id'>,
): Promise<void> {
  return db.transaction('rw', db.meta, db.transfers, async () => {
    await checkEpoch(db, epoch)
    await db.transfers.delete([message_id, peer_id])
  })
}

/** Transfers of a node that is no more. */
export function clearTransfers(db: GigiDatabase, epoch: number): Promise<void> {
  return db.transaction('rw', db.meta, db.transfers, async () => {
    await checkEpoch(db, epoch)
    if ((await db.transfers.count()) > 0) await db.transfers.clear()
  })
}

/** A file with what is under way of it; null where there is none. */
export function readFile(
  db: GigiDatabase,
  message: MessageId,
): Promise<{
  readonly row: FileRow
  readonly transfers: readonly TransferRow[]
  readonly members: number
} | null> {
  return db.transaction('r', db.files, db.transfers, db.conversations, db.contacts, async () => {
    const [row, transfers] = await Promise.all([
      db.files.get(message),
      db.transfers
        .where('[message_id+peer_id]')
        .between([message, Dexie.minKey], [message, Dexie.maxKey])
        .toArray(),
    ])
    if (row === undefined) return null
    return { row, transfers, members: (await membersOf(db, row.conversation_id)).length }
  })
}
