/** The way out: what the user sends is one transaction, and what waits for a peer is read in order. */
import { Dexie } from 'dexie'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { type AuthoredMessage, isShown, type MessageContent } from '../domain/message.ts'
import { next } from '../domain/ordering.ts'
import { has, highest, type SequenceSet } from '../domain/sequence-set.ts'
import { mintMessageId, toBase64url } from '../protocol/identifiers.ts'
import { addContact, type NewContact } from './contacts.ts'
import { requireIdentity, requireInstallation } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { authoredMessage, createOutboundMessage, previewText } from './messages.ts'
import type { ContactRow, ConversationRow, GigiDatabase, IdentityRow, QueueRow } from './schema.ts'

/** Random bytes, at once: transactions wait for nothing but the store (D13). */
export type RandomBytes = (count: number) => Uint8Array

/** Tokens kept for each conversation: what many tabs can have under way at the moment when they die. */
const REMEMBERED_TOKENS = 50

/** The message cannot be sent because its recipient is not an accepted contact. */
export class NotAcceptedError extends Error {
  override readonly name = 'NotAcceptedError'
}

const tables = (db: GigiDatabase) =>
  [db.meta, db.identity, db.contacts, db.conversations, db.logs, db.messages, db.offline_queue] as const

/**
 * Writes a message of ours and its queue row in one transaction: id, time and sequence number are given out
 * in it, once (D1). The first words to someone go out behind an introduction. A `token` that was used
 * lately in this conversation writes nothing, and gives the message that it stands for. Resolves when it is durable.
 */
export function appendMessage(
  db: GigiDatabase,
  conversation: ConversationId,
  content: MessageContent,
  now: number,
  random: RandomBytes,
  token?: string,
): Promise<MessageId> {
  return db.transaction('rw', tables(db), async () => {
    const writer = await openWriter(db, conversation, now, random)
    const sent = writer.sentUnder(token)
    if (sent !== undefined) return sent
    if (writer.seq === 0 && content.type !== 'Introduction') await writer.append(introduction(writer))
    const id = await writer.append(content)
    if (token !== undefined) writer.note(token, id)
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
  return db.transaction('rw', tables(db), async () => {
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

function introduction({ contact, identity }: Writer): MessageContent {
  const nickname = identity.nickname
  return contact.invite_secret === undefined
    ? { type: 'Introduction', nickname }
    : { type: 'Introduction', nickname, secret: contact.invite_secret }
}

interface Writer {
  readonly identity: IdentityRow
  readonly contact: ContactRow
  /** The last sequence number given out in this log. */
  readonly seq: number
  append(content: MessageContent): Promise<MessageId>
  /** The message that was lately sent under a token. */
  sentUnder(token: string | undefined): MessageId | undefined
  note(token: string, id: MessageId): void
  /** Writes back the rows that keep count. */
  close(): Promise<void>
}

// Within a transaction over `tables`.
async function openWriter(
  db: GigiDatabase,
  conversationId: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<Writer> {
  const identity = await requireIdentity(db)
  const installation = { ...(await requireInstallation(db)) }
  const conversation = await db.conversations.get(conversationId)
  if (conversation === undefined) throw new Error(`no conversation ${conversationId}`)
  const contact = await db.contacts.get(conversation.peer_id)
  if (contact?.state !== 'accepted') throw new NotAcceptedError(`${conversation.peer_id} is not accepted`)

  const logId = conversation.own_log_id ?? (toBase64url(random(8)) as LogId)
  const log = (await db.logs.get([conversationId, logId])) ?? {
    conversation_id: conversationId,
    log_id: logId,
    author: identity.peer_id,
    accepted: [],
    read: [],
  }
  let seq = highest(log.accepted)
  const changed: ConversationRow = { ...conversation, own_log_id: logId, last_activity: now }

  return {
    identity,
    contact,
    get seq() {
      return seq
    },
    async append(content) {
      const nonce = random(16)
      installation.last_minted_ms = Math.max(now, installation.last_minted_ms + 1)
      const time = next({ ms: changed.clock_ms, logical: changed.clock_logical }, now)
      const message: AuthoredMessage = {
        id: mintMessageId(installation.last_minted_ms, identity.peer_id, conversationId, nonce),
        nonce: toBase64url(nonce),
        conversation_id: conversationId,
        author: identity.peer_id,
        log_id: logId,
        seq: ++seq,
        time,
        timestamp: now,
        content,
      }
      const expiresAt = now + DEFAULT_CONFIG.message_ttl_seconds * 1000
      const row = createOutboundMessage(message, {
        senderNickname: identity.nickname,
        recipientNickname: contact.nickname,
        expiresAt,
        now,
      })
      await db.messages.add(row)
      await db.offline_queue.add(queueRow(message.id, contact, expiresAt, now))
      changed.clock_ms = time.ms
      changed.clock_logical = time.logical
      if (isShown(content.type))
        changed.preview = {
          direction: 'Sent',
          text: previewText(content),
          timestamp: now,
          order_key: row.order_key,
        }
      return message.id
    },
    sentUnder: (token) => conversation.sent_tokens?.find((sent) => sent.token === token)?.id,
    note(token, id) {
      changed.sent_tokens = [...(changed.sent_tokens ?? []), { token, id }].slice(-REMEMBERED_TOKENS)
    },
    async close() {
      await db.logs.put({ ...log, accepted: [[1, seq]] })
      await db.conversations.put(changed)
      await db.meta.put(installation)
    },
  }
}

function queueRow(id: MessageId, contact: ContactRow, expiresAt: number, now: number): QueueRow {
  return {
    message_id: id,
    target_nickname: contact.nickname,
    target_peer_id: contact.peer_id,
    queued_at: now,
    retry_count: 0,
    max_retries: DEFAULT_CONFIG.max_retry_attempts,
    next_retry_at: now,
    expires_at: expiresAt,
    status: 'Pending',
  }
}

export interface OutboxBatch {
  /** Oldest first, without what the peer has accepted already. */
  readonly messages: readonly AuthoredMessage[]
  /** The last queue row that was looked at; the next batch begins after it. Null when none was left. */
  readonly cursor: MessageId | null
  /** How many queue rows were looked at. */
  readonly looked: number
}

/** The next messages that wait for `peer`, after `cursor` (null: from the oldest), at most `limit`. */
export function readOutbox(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  cursor: MessageId | null,
  limit: number,
): Promise<OutboxBatch> {
  return db.transaction('r', db.meta, db.offline_queue, db.messages, db.receipts, async () => {
    await checkEpoch(db, epoch)
    const queued = await db.offline_queue
      .where('[target_peer_id+message_id]')
      .between([peer, cursor ?? Dexie.minKey], [peer, Dexie.maxKey], false, true)
      .limit(limit)
      .toArray()
    const rows = (await db.messages.bulkGet(queued.map((q) => q.message_id))).filter(
      (row) => row !== undefined,
    )
    const receipts = new Map<LogId, SequenceSet>()
    for (const row of rows) {
      if (receipts.has(row.log_id)) continue
      const receipt = await db.receipts.get([row.conversation_id, row.log_id, peer])
      receipts.set(row.log_id, receipt?.delivered ?? [])
    }
    return {
      messages: rows.filter((row) => !has(receipts.get(row.log_id) ?? [], row.seq)).map(authoredMessage),
      cursor: queued.at(-1)?.message_id ?? null,
      looked: queued.length,
    }
  })
}

/** The peers for whom something waits, at most `limit`. One look-up for each of them, however much waits. */
export async function queuedPeers(db: GigiDatabase, limit: number): Promise<PeerId[]> {
  return db.transaction('r', db.offline_queue, async () => {
    const peers: PeerId[] = []
    let after: PeerId | undefined
    while (peers.length < limit) {
      const from = after === undefined ? Dexie.minKey : [after, Dexie.maxKey]
      const key = (await db.offline_queue.where(':id').above(from).limit(1).primaryKeys())[0]
      if (key === undefined) break
      peers.push((after = key[0]))
    }
    return peers
  })
}

/**
 * A recipient refused a message for good: it leaves the queue, and the message says why (D5).
 * A message that is not in the queue for this peer is left as it is.
 */
export function recordRefusal(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  id: MessageId,
  code: string,
): Promise<void> {
  return db.transaction('rw', db.meta, db.offline_queue, db.messages, async () => {
    await checkEpoch(db, epoch)
    if ((await db.offline_queue.get([peer, id])) === undefined) return
    await db.offline_queue.delete([peer, id])
    await db.messages.update(id, { refusal: code })
  })
}
