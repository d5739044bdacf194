/** The way in: what a peer pushed is accepted in one transaction, and only then acknowledged (D2, D3). */
import { Dexie } from 'dexie'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { type AuthoredMessage, isShown } from '../domain/message.ts'
import { type HybridTime, latest } from '../domain/ordering.ts'
import { labelOf } from '../domain/nickname.ts'
import { add, count, has } from '../domain/sequence-set.ts'
import type { LogProof, Refusal } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import {
  MAX_FOREIGN_LOGS,
  MAX_RANGES,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_MESSAGES,
  MAX_REQUESTS,
  MAX_SEQUENCE_AHEAD,
} from '../protocol/limits.ts'
import { newContact } from './contacts.ts'
import { readInviteSecret, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { createInboundMessage, previewText } from './messages.ts'
import type { ContactRow, ConversationRow, GigiDatabase, IdentityRow, LogRow, MessageRow } from './schema.ts'

/** A message whose signature was verified, outside of any transaction. */
export interface VerifiedMessage {
  readonly message: AuthoredMessage
  readonly signature: Uint8Array
  /** Of its envelope: counts against the limits for strangers. */
  readonly bytes: number
}

export interface Accepted {
  /** The whole accepted set of each log that was pushed to: a cumulative acknowledgement. */
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

/** What a peer says of itself in its hello. */
export interface PeerWords {
  readonly nickname: string
  readonly relays: readonly string[]
}

/** The peer is blocked: nothing is accepted and nothing is answered. */
export class BlockedError extends Error {
  override readonly name = 'BlockedError'
}

/**
 * Accepts messages that `peer` pushed on a connection that proved its identity. What was accepted before is
 * acknowledged again and not stored again. Someone unknown becomes a message request, or a contact when an
 * introduction brings the secret of our invite link.
 */
export function acceptMessages(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  said: PeerWords,
  pushed: readonly VerifiedMessage[],
  now: number,
): Promise<Accepted> {
  const tables = [db.meta, db.identity, db.contacts, db.conversations, db.logs, db.messages]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const reception = await openReception(db, peer, said, now)
    const known = new Set(
      (await db.messages.bulkGet(pushed.map((p) => p.message.id))).flatMap((row) =>
        row === undefined ? [] : row.id,
      ),
    )
    const holders = await holdersOf(db, pushed.filter(reception.isTaken))
    for (const item of pushed) reception.receive(item, known, holders)
    await reception.close()
    return { proofs: reception.proofs(), refused: reception.refused }
  })
}

interface Reception {
  /** Whether something was accepted at this place before. */
  readonly isTaken: (item: VerifiedMessage) => boolean
  receive(item: VerifiedMessage, known: Set<MessageId>, holders: Map<string, MessageId>): void
  readonly refused: readonly Refusal[]
  proofs(): LogProof[]
  close(): Promise<void>
}

async function openReception(
  db: GigiDatabase,
  peer: PeerId,
  said: PeerWords,
  now: number,
): Promise<Reception> {
  const identity = await requireIdentity(db)
  const conversationId = directConversationId(identity.peer_id, peer)
  const stored = await db.contacts.get(peer)
  if (stored?.state === 'blocked') throw new BlockedError(`${peer} is blocked`)
  const fresh = newContact(identity.peer_id, { peerId: peer, ...said }, 'request', now)
  const contact: ContactRow = stored ?? fresh.contact
  const conversation: ConversationRow = (await db.conversations.get(conversationId)) ?? fresh.conversation
  const room =
    stored !== undefined || (await db.contacts.where('state').equals('request').count()) < MAX_REQUESTS
  const secret = (await readInviteSecret(db, now))?.secret
  const logs = new Map<LogId, LogRow>()
  for (const log of await logsOf(db, conversationId)) logs.set(log.log_id, log)
  return reception({ db, identity, peer, contact, conversation, room, secret, logs, now })
}

interface Context {
  readonly db: GigiDatabase
  readonly identity: IdentityRow
  readonly peer: PeerId
  /** The rows that keep count: changed here, written back at the end. */
  contact: ContactRow
  conversation: ConversationRow
  /** Whether a stranger may still become a request. */
  readonly room: boolean
  readonly secret: string | undefined
  readonly logs: Map<LogId, LogRow>
  readonly now: number
}

function reception(context: Context): Reception {
  const { db, identity, peer, logs, now } = context
  const contact = { ...context.contact }
  const conversation = { ...context.conversation }
  const rows: MessageRow[] = []
  const touched = new Map<LogId, LogRow>()
  const refused: Refusal[] = []

  const isOurs = (secret: string | undefined): secret is string =>
    secret !== undefined && secret === context.secret

  function refusalOf(
    { message, bytes }: VerifiedMessage,
    log: LogRow | undefined,
    holders: Map<string, MessageId>,
  ): Refusal | null {
    const refuse = (code: Refusal['code'], permanent: boolean): Refusal => ({
      id: message.id,
      permanent,
      code,
    })
    if (message.conversation_id !== conversation.id || message.author !== peer)
      return refuse('not-member', true)
    if (log !== undefined && log.author !== peer) return refuse('conflict', true)
    if (log === undefined && logs.size + touched.size >= MAX_FOREIGN_LOGS) return refuse('other', true)
    const accepted = log?.accepted ?? []
    if (has(accepted, message.seq)) {
      const holder = holders.get(`${message.log_id}/${message.seq}`)
      return holder === undefined || holder === message.id ? null : refuse('conflict', true)
    }
    // A log that is all holes is no log: what fills one is taken, what makes one more is not.
    if (accepted.length >= MAX_RANGES && add(accepted, message.seq).length > MAX_RANGES)
      return refuse('other', false)
    if (message.seq > count(accepted) + MAX_SEQUENCE_AHEAD) return refuse('malformed', true)
    if (contact.state === 'request') {
      const full =
        !context.room ||
        contact.request_messages >= MAX_REQUEST_MESSAGES ||
        contact.request_bytes + bytes > MAX_REQUEST_BYTES
      if (full) return refuse('requests-full', false)
    }
    return null
  }

  function receive(item: VerifiedMessage, known: Set<MessageId>, holders: Map<string, MessageId>): void {
    const { message } = item
    const content = message.content
    // The secret counts before the limits for strangers do: whoever brings it is none.
    if (content.type === 'Introduction' && message.author === peer && isOurs(content.secret)) {
      contact.state = 'accepted'
      contact.brought_secret = content.secret
    }
    const log = touched.get(message.log_id) ?? logs.get(message.log_id)
    const refusal = refusalOf(item, log, holders)
    if (refusal !== null) {
      refused.push(refusal)
      return
    }
    const base = log ?? {
      conversation_id: conversation.id,
      log_id: message.log_id,
      author: peer,
      accepted: [],
      read: [],
    }
    const isNew = !has(base.accepted, message.seq)
    touched.set(message.log_id, { ...base, accepted: add(base.accepted, message.seq) })
    if (isNew && !known.has(message.id)) store(item)
    known.add(message.id)
    holders.set(`${message.log_id}/${message.seq}`, message.id)
  }

  function store({ message, signature, bytes }: VerifiedMessage): void {
    const { content } = message
    if (content.type === 'Introduction') {
      contact.nickname = labelOf(content.nickname, peer)
      conversation.title = contact.nickname
    }
    if (contact.state === 'request') {
      contact.request_messages += 1
      contact.request_bytes += bytes
    }
    const row = createInboundMessage(message, {
      senderNickname: contact.nickname,
      recipientNickname: identity.nickname,
      signature,
      now,
    })
    const clock = latest(clockOf(conversation), message.time)
    conversation.clock_ms = clock.ms
    conversation.clock_logical = clock.logical
    conversation.last_activity = now
    if (isShown(content.type)) {
      conversation.unread += 1
      if (conversation.preview === undefined || row.order_key > conversation.preview.order_key)
        conversation.preview = {
          direction: 'Received',
          text: previewText(content),
          timestamp: message.timestamp,
          order_key: row.order_key,
        }
    } else {
      row.read = 1
    }
    rows.push(row)
  }

  return {
    isTaken: ({ message }) => has(logs.get(message.log_id)?.accepted ?? [], message.seq),
    receive,
    refused,
    proofs: () =>
      [...touched.values()].map(({ log_id, accepted }) => ({
        conversation: conversation.id,
        log: log_id,
        accepted,
        read: [],
      })),
    async close() {
      if (touched.size === 0) return
      await db.logs.bulkPut([...touched.values()])
      await db.messages.bulkAdd(rows)
      await db.contacts.put(contact)
      await db.conversations.put(conversation)
    },
  }
}

const clockOf = (row: ConversationRow): HybridTime => ({ ms: row.clock_ms, logical: row.clock_logical })

/** Which messages stand at the places that were pushed to: another one there is a conflict. */
async function holdersOf(
  db: GigiDatabase,
  pushed: readonly VerifiedMessage[],
): Promise<Map<string, MessageId>> {
  const places = pushed.map(({ message }) => [message.log_id, message.seq])
  const rows = await db.messages.where('[log_id+seq]').anyOf(places).toArray()
  return new Map(rows.map((row) => [`${row.log_id}/${row.seq}`, row.id]))
}

/** All logs of a conversation; their number is bounded where they are made. */
export const logsOf = (db: GigiDatabase, conversation: ConversationId): Promise<LogRow[]> =>
  db.logs
    .where('[conversation_id+log_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .toArray()
