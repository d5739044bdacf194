/** The way out: what the user sends is one transaction, and what waits for a peer is read in order. */
import { Dexie } from 'dexie'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { add, has, type SequenceSet } from '../domain/sequence-set.ts'
import { isGroupId } from '../protocol/group.ts'
import { addContact, type NewContact } from './contacts.ts'
import { sendToGroup } from './group-outbox.ts'
import { readConfig, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { holdsLease, takeLease } from './leases.ts'
import { type LogWriter, openWriter, type RandomBytes, writerTables } from './log-writer.ts'
import { authoredMessage } from './messages.ts'
import { isProven } from './receipts.ts'
import { rowsWithIds } from './rows.ts'
import type { ContactState, GigiDatabase } from './schema.ts'

/**
 * Writes a message of ours and its queue row in one transaction: id, time and sequence number are given out
 * in it, once (D1). In a group there is a queue row for each member. The first words to someone go out behind an introduction. A `token` that was used
 * before (within TOKEN_LIFE_MS) writes nothing, and gives the message that it stands for. Resolves when it is durable.
 */
export function sendMessage(
  db: GigiDatabase,
  conversation: ConversationId,
  content: MessageContent,
  now: number,
  random: RandomBytes,
  token?: string,
): Promise<MessageId> {
  if (isGroupId(conversation)) return sendToGroup(db, conversation, content, now, random, token)
  return db.transaction('rw', [...writerTables(db), db.sent_tokens], async () => {
    const sent = token === undefined ? undefined : await db.sent_tokens.get(token)
    if (sent !== undefined) return sent.message_id
    const writer = await openWriter(db, conversation, now, random)
    if (writer.seq === 0 && content.type !== 'Introduction') await writer.append(introduction(writer))
    const id = await writer.append(content)
    if (token !== undefined) await db.sent_tokens.add({ token, message_id: id, at: now })
    await writer.close()
    return id
  })
}

/**
 * Makes a contact of whoever an invite link names, and queues the introduction that brings its secret, in one
 * transaction. The same link twice introduces us once.
 */
export function addContactByInvite(
  db: GigiDatabase,
  contact: NewContact,
  now: number,
  random: RandomBytes,
): Promise<ConversationId> {
  return db.transaction('rw', [...writerTables(db), db.owed], async () => {
    const self = (await requireIdentity(db)).peer_id
    const before = await db.contacts.get(contact.peerId)
    const conversation = await addContact(db, self, contact, now)
    if (conversation.own_log_id === undefined || before?.invite_secret !== contact.inviteSecret) {
      const writer = await openWriter(db, conversation.id, now, random)
      await writer.append(introduction(writer))
      await writer.close()
    }
    return conversation.id
  })
}

/** What we say first to someone who may not know us. */
export function introduction({ contact, identity }: Pick<LogWriter, 'contact' | 'identity'>): MessageContent {
  const nickname = identity.nickname
  return contact.invite_secret === undefined
    ? { type: 'Introduction', nickname }
    : { type: 'Introduction', nickname, secret: contact.invite_secret }
}

export interface OutboxBatch {
  /** Oldest first, without what the peer has accepted already. */
  readonly messages: readonly AuthoredMessage[]
  /** The last queue row that was looked at; the next batch begins after it. Null when none was left. */
  readonly cursor: MessageId | null
  /** Whether there may be more behind it. */
  readonly more: boolean
  /** How many messages go into one push, by the configuration. */
  readonly size: number
}

/**
 * The next messages that wait for `peer`, after `cursor` (null: from the oldest), for at most so many pushes. What has had
 * its time is left out; nothing is given while another holder has the peer leased.
 */
export async function getPendingMessages(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  holder: string,
  cursor: MessageId | null,
  pushes: number,
  now: number,
): Promise<OutboxBatch> {
  const read = (): Promise<OutboxBatch | null> =>
    // Nothing is written here: whoever commits at the same time is not waited for.
    db.transaction('r', db.meta, db.leases, db.offline_queue, db.messages, db.receipts, async () => {
      const [isLeased, { max_batch_size: size }] = await Promise.all([
        holdsLease(db, epoch, peer, holder, now),
        readConfig(db),
        checkEpoch(db, epoch),
      ])
      return isLeased ? readPending(db, peer, cursor, size, pushes, now) : null
    })
  const batch = await read()
  if (batch !== null) return batch
  const isTaken = await db.transaction('rw', db.meta, db.leases, async () => {
    await checkEpoch(db, epoch)
    return takeLease(db, epoch, peer, holder, now)
  })
  return (isTaken ? await read() : null) ?? { messages: [], cursor, more: false, size: 0 }
}

/** Within a transaction that reads `meta`, `offline_queue`, `messages` and `receipts`. */
async function readPending(
  db: GigiDatabase,
  peer: PeerId,
  cursor: MessageId | null,
  size: number,
  pushes: number,
  now: number,
): Promise<OutboxBatch> {
  const limit = size * pushes
  const queued = await db.offline_queue
    .where('[target_peer_id+message_id]')
    .between([peer, cursor ?? Dexie.minKey], [peer, Dexie.maxKey], false, true)
    .limit(limit)
    .toArray()
  const ids = queued.map((row) => row.message_id)
  const rows = await rowsWithIds(db.messages, ids)
  const receipts = new Map<LogId, SequenceSet>()
  for (const row of rows) {
    if (receipts.has(row.log_id)) continue
    const receipt = await db.receipts.get([row.conversation_id, row.log_id, peer])
    receipts.set(row.log_id, receipt?.delivered ?? [])
  }
  return {
    messages: rows
      .filter((row) => row.expires_at > now && !has(receipts.get(row.log_id) ?? [], row.seq))
      .map(authoredMessage),
    cursor: queued.at(-1)?.message_id ?? null,
    more: queued.length === limit,
    size,
  }
}

/**
 * The logs in which those of these messages stand that wait for `peer`, with their conversations. Voids do not count: where one
 * is in conflict, what it was to stand for has arrived after all.
 */
export async function queuedLogs(
  db: GigiDatabase,
  peer: PeerId,
  ids: readonly MessageId[],
): Promise<(readonly [ConversationId, LogId])[]> {
  return db.transaction('r', db.offline_queue, db.messages, async () => {
    const queued = await db.offline_queue.bulkGet(ids.map((id) => [peer, id]))
    const rows = await db.messages.bulkGet(queued.flatMap((row) => row?.message_id ?? []))
    const logs = new Map<LogId, readonly [ConversationId, LogId]>()
    for (const row of rows)
      if (row !== undefined && row.content_type !== 'Void')
        logs.set(row.log_id, [row.conversation_id, row.log_id])
    return [...logs.values()]
  })
}

/** Those for whom something waits, at most `limit` looked at. One look-up for each, however much waits. */
export async function queuedPeers(db: GigiDatabase, limit: number): Promise<PeerId[]> {
  return db.transaction('r', db.offline_queue, db.contacts, async () => {
    const peers: PeerId[] = []
    let after: PeerId | undefined
    while (peers.length < limit) {
      const from = after === undefined ? Dexie.minKey : [after, Dexie.maxKey]
      const key = (await db.offline_queue.where(':id').above(from).limit(1).primaryKeys())[0]
      if (key === undefined) break
      peers.push((after = key[0]))
    }
    const contacts = await db.contacts.bulkGet(peers)
    // Nobody calls on someone they blocked.
    return peers.filter((_, i) => mayBeCalled(contacts[i]?.state))
  })
}

/** Whether what waits for someone is brought to them: to contacts, and to members of groups that we write in. */
export const mayBeCalled = (state: ContactState | undefined): boolean =>
  state !== undefined && state !== 'blocked'

/**
 * A recipient refused a message for good: it leaves the queue, and the message says why (D5); its number is filled when
 * the recipient is next met. A message that is not in the queue for this peer is left as it is.
 */
export function recordRefusal(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  id: MessageId,
  code: string,
  now: number,
): Promise<void> {
  const { meta, offline_queue, messages, logs, receipts } = db
  return db.transaction('rw', [meta, offline_queue, messages, logs, receipts], async () => {
    await checkEpoch(db, epoch)
    if ((await db.offline_queue.get([peer, id])) === undefined) return
    const row = await db.messages.get(id)
    // What was proven before has arrived, whatever is said of it now.
    if (row !== undefined && (await isProven(db, row, peer))) return
    await db.offline_queue.delete([peer, id])
    // What one member of a group does not take, others may.
    if (row?.msg_type === 'Group') {
      if (row.audience_id !== undefined && row.delivered === 0)
        await db.messages.update(id, { expired_at: now })
      return
    }
    await db.messages.update(id, { refusal: code })
    const log = row === undefined ? undefined : await db.logs.get([row.conversation_id, row.log_id])
    // A void that is refused is not tried again.
    if (row === undefined || log === undefined || row.content_type === 'Void') return
    await db.logs.put({ ...log, vacated: add(log.vacated ?? [], row.seq) })
  })
}
