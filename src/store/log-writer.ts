/** The writer of our own log in a conversation: gives out ids, times and sequence numbers, within a transaction. */
import { nextRetryAt } from '../domain/backoff.ts'
import type { PersistenceConfig } from '../domain/config.ts'
import type { ConversationId, LogId, MessageId } from '../domain/ids.ts'
import { type AuthoredMessage, isShown, type MessageContent } from '../domain/message.ts'
import { type HybridTime, next } from '../domain/ordering.ts'
import {
  add,
  difference,
  firstOf,
  highest,
  numbersOf,
  type SequenceSet,
  union,
} from '../domain/sequence-set.ts'
import { isMuted, shelfAfterNews } from '../domain/shelf.ts'
import type { ItemId } from '../protocol/mailbox.ts'
import { mintMessageId, toBase64url } from '../protocol/identifiers.ts'
import { readConfig, requireIdentity, requireInstallation } from './identity.ts'
import { contentOf, createOutboundMessage, previewText } from './messages.ts'
import type { ContactRow, ConversationRow, GigiDatabase, IdentityRow, LogRow, MessageRow } from './schema.ts'

/** Random bytes, at once: transactions wait for nothing but the store (D13). */
export type RandomBytes = (count: number) => Uint8Array

/** The message cannot be sent because its recipient is not an accepted contact. */
export class NotAcceptedError extends Error {
  override readonly name = 'NotAcceptedError'
}

/** What a transaction with a writer runs over. */
export const writerTables = (db: GigiDatabase) =>
  [
    db.meta,
    db.installation,
    db.identity,
    db.contacts,
    db.conversations,
    db.logs,
    db.messages,
    db.offline_queue,
  ] as const

export interface LogWriter {
  readonly identity: IdentityRow
  readonly contact: ContactRow
  /** The last sequence number given out in this log. */
  readonly seq: number
  append(content: MessageContent): Promise<MessageId>
  /** Gives a message a new place at the end of the log, under its old id; `timestamp` is when it was sent, `expiresAt` when trying ends. */
  appendAgain(row: MessageRow, timestamp: number, expiresAt?: number): Promise<void>
  /**
   * Fills numbers of a log of ours that were vacated and that the recipient lacks, at most `limit`, but those that are
   * still on their way by mail.
   */
  fillVacated(log: LogRow, delivered: SequenceSet, inMail: SequenceSet, limit: number): Promise<void>
  /** Writes back the rows that keep count. */
  close(): Promise<void>
}

/** Within a transaction over `writerTables`. Throws NotAcceptedError, and nothing is written then. */
export async function openWriter(
  db: GigiDatabase,
  conversationId: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<LogWriter> {
  const [identity, config, stored, conversation] = await Promise.all([
    requireIdentity(db),
    readConfig(db),
    requireInstallation(db),
    db.conversations.get(conversationId),
  ])
  if (conversation === undefined) throw new Error(`no conversation ${conversationId}`)
  const logId = conversation.own_log_id ?? (toBase64url(random(8)) as LogId)
  const [contact, kept] = await Promise.all([
    db.contacts.get(conversation.peer_id),
    db.logs.get([conversationId, logId]),
  ])
  if (contact?.state !== 'accepted') throw new NotAcceptedError(`${conversation.peer_id} is not accepted`)

  const installation = { ...stored }
  const recipient: ContactRow = contact
  const log: LogRow = kept ?? {
    conversation_id: conversationId,
    log_id: logId,
    author: identity.peer_id,
    accepted: [],
    read: [],
  }
  let seq = highest(log.accepted)
  const changed: ConversationRow = { ...conversation, own_log_id: logId }
  let { tail } = log
  let vacated = log.vacated ?? []

  function newMessage(
    content: MessageContent,
    place: { log_id: LogId; seq: number; time: HybridTime },
  ): AuthoredMessage {
    const nonce = random(16)
    installation.last_minted_ms = Math.max(now, installation.last_minted_ms + 1)
    return {
      id: mintMessageId(installation.last_minted_ms, identity.peer_id, conversationId, nonce),
      nonce: toBase64url(nonce),
      conversation_id: conversationId,
      author: identity.peer_id,
      ...place,
      timestamp: now,
      content,
    }
  }

  function nextTime(): HybridTime {
    const time = next({ ms: changed.clock_ms, logical: changed.clock_logical }, now)
    changed.clock_ms = time.ms
    changed.clock_logical = time.logical
    return time
  }

  async function queue(row: MessageRow): Promise<void> {
    await Promise.all([db.messages.put(row), enqueueOffline(db, row, recipient, config, now, random)])
  }

  function toRow(message: AuthoredMessage): MessageRow {
    const row = createOutboundMessage(message, {
      senderNickname: identity.nickname,
      recipientNickname: recipient.nickname,
      expiresAt: now + config.message_ttl_seconds * 1000,
      now,
    })
    if (isShown(message.content.type)) {
      changed.last_activity = now
      changed.listed = shelfAfterNews(changed.listed, isMuted(changed.muted_until, now))
      changed.preview = {
        direction: 'Sent',
        text: previewText(message.content),
        timestamp: now,
        order_key: row.order_key,
      }
    }
    return row
  }

  return {
    identity,
    contact,
    get seq() {
      return seq
    },
    async append(content) {
      const message = newMessage(content, { log_id: logId, seq: ++seq, time: nextTime() })
      await queue(toRow(message))
      return (tail = message.id)
    },
    async appendAgain(row, timestamp, expiresAt) {
      if (row.log_id === logId && row.seq > 0) vacated = add(vacated, row.seq)
      const { id, nonce } = row
      const placed = newMessage(contentOf(row), { log_id: logId, seq: ++seq, time: nextTime() })
      const left = leavePlace(row).left
      const again = {
        ...toRow({ ...placed, id, nonce, timestamp }),
        created_at: row.created_at,
        ...(left === undefined ? {} : { left }),
      }
      await queue(expiresAt === undefined ? again : { ...again, expires_at: expiresAt })
      tail = id
    },
    async fillVacated({ log_id, accepted, ...other }, delivered, inMail, limit) {
      const lacking = difference(log_id === logId ? vacated : (other.vacated ?? []), delivered)
      const filled = firstOf(difference(lacking, inMail), limit)
      for (const number of numbersOf(filled)) {
        // What stood there has no place any more: a proof for the number is one for the void.
        const stood = await db.messages.where('[log_id+seq]').equals([log_id, number]).toArray()
        await db.messages.bulkPut(stood.map(leavePlace))
        await queue(toRow(newMessage({ type: 'Void' }, { log_id, seq: number, time: nextTime() })))
      }
      const left = difference(lacking, filled)
      if (log_id === logId) vacated = left
      else await db.logs.put({ ...other, log_id, accepted: union(accepted, filled), vacated: left })
    },
    async close() {
      const written: LogRow = { ...log, accepted: seq === 0 ? [] : [[1, seq]], vacated }
      await Promise.all([
        db.logs.put(tail === undefined ? written : { ...written, tail }),
        db.conversations.put(changed),
        db.installation.put(installation),
      ])
    },
  }
}

/** An own message without the place at which it stood, if it had one. */
export const leavePlace = (row: MessageRow): MessageRow =>
  row.seq === 0 ? row : { ...row, seq: 0, left: { log_id: row.log_id, seq: row.seq } }

/**
 * Puts a message into the queue for one recipient, with the configuration of now; its first timed attempt is due one
 * interval later. `item`: the mailbox item that carries it. Within a transaction over `offline_queue`.
 */
export async function enqueueOffline(
  db: GigiDatabase,
  row: MessageRow,
  recipient: ContactRow,
  config: PersistenceConfig,
  now: number,
  random: RandomBytes,
  item?: ItemId,
): Promise<void> {
  const { max_retry_attempts: max, retry_interval_seconds: interval } = config
  await db.offline_queue.put({
    message_id: row.id,
    target_nickname: recipient.nickname,
    target_peer_id: recipient.peer_id,
    queued_at: now,
    retry_count: 0,
    max_retries: max,
    next_retry_at: nextRetryAt(0, max, interval * 1000, now, (random(1)[0] ?? 0) / 256),
    expires_at: row.expires_at,
    status: 'Pending',
    ...(item === undefined ? {} : { item_id: item }),
  })
}
