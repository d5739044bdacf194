/** Receiving from one peer within one transaction (SPEC 5, 16): what is taken, what is refused and why, and what comes of it. */
import { Dexie } from 'dexie'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { type AuthoredMessage, isShown } from '../domain/message.ts'
import { labelOf } from '../domain/nickname.ts'
import { type HybridTime, latest } from '../domain/ordering.ts'
import { add, count, has, highest } from '../domain/sequence-set.ts'
import { isMuted, shelfAfterNews } from '../domain/shelf.ts'
import type { LogProof, Refusal } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import {
  MAX_FOREIGN_LOGS,
  MAX_OWN_LOGS,
  MAX_RANGES,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_MESSAGES,
  MAX_REQUESTS,
  MAX_SEQUENCE_AHEAD,
} from '../protocol/limits.ts'
import { newContact, titleOf } from './contacts.ts'
import { receivedFile } from './files.ts'
import { readInviteSecret, requireIdentity } from './identity.ts'
import {
  createInboundMessage,
  createRestoredMessage,
  createReturnedMessage,
  previewText,
} from './messages.ts'
import { newestPreview } from './preview.ts'
import type {
  ContactRow,
  ConversationRow,
  FileRow,
  GigiDatabase,
  IdentityRow,
  LogRow,
  MessageRow,
} from './schema.ts'

/** push: what the peer wrote and had not been delivered. page: history that we asked for. */
export type Source = 'push' | 'page'

/** A message whose signature was verified, outside of any transaction. */
export interface VerifiedMessage {
  readonly message: AuthoredMessage
  readonly signature: Uint8Array
  /** Of its envelope: counts against the limits for strangers. */
  readonly bytes: number
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

/** The messages that are known by their ids, with their rows if they are stored. */
export type Known = Map<MessageId, MessageRow | null>

export interface Reception {
  /** Whether something was accepted at this place before. */
  readonly isTaken: (item: VerifiedMessage) => boolean
  receive(item: VerifiedMessage, known: Known, holders: Map<string, MessageId>): void
  readonly refused: readonly Refusal[]
  proofs(): LogProof[]
  close(): Promise<void>
}

/** Within a transaction over the tables of `acceptMessages`. Throws BlockedError. */
export async function openReception(
  db: GigiDatabase,
  peer: PeerId,
  said: PeerWords,
  source: Source,
  now: number,
): Promise<Reception> {
  const [identity, stored, secret] = await Promise.all([
    requireIdentity(db),
    db.contacts.get(peer),
    readInviteSecret(db, now).then((invite) => invite?.secret),
  ])
  if (stored?.state === 'blocked') throw new BlockedError(`${peer} is blocked`)
  // Whoever is only in a group with us is a stranger here.
  const met = stored?.state === 'member' ? undefined : stored
  const conversationId = directConversationId(identity.peer_id, peer)
  const fresh = newContact(identity.peer_id, { peerId: peer, ...said }, 'request', now)
  const contact: ContactRow = met ?? { ...fresh.contact, ...stored, state: 'request' }
  const [known, kept, requests] = await Promise.all([
    db.conversations.get(conversationId),
    logsOf(db, conversationId),
    met === undefined ? db.contacts.where('state').equals('request').count() : 0,
  ])
  const isDeleted = met === undefined && known !== undefined
  const conversation: ConversationRow =
    known === undefined ? fresh.conversation : { ...known, title: titleOf(contact) }
  const room = requests < MAX_REQUESTS
  const logs = new Map<LogId, LogRow>()
  for (const log of kept) logs.set(log.log_id, log)
  const isKnown = met !== undefined
  return reception({
    ...{ db, identity, peer, contact, isKnown, isDeleted, conversation, room, secret, logs, source, now },
  })
}

interface Context {
  readonly db: GigiDatabase
  readonly identity: IdentityRow
  readonly peer: PeerId
  /** The rows that keep count: changed here, written back at the end. */
  contact: ContactRow
  /** Whether it is stored. */
  readonly isKnown: boolean
  conversation: ConversationRow
  /** Whether it was deleted here: its conversation is all that is left of it. */
  readonly isDeleted: boolean
  /** Whether a stranger may still become a request. */
  readonly room: boolean
  readonly secret: string | undefined
  readonly logs: Map<LogId, LogRow>
  readonly source: Source
  readonly now: number
}

/** What receiving may change of a contact. */
const CHANGED = ['state', 'nickname', 'brought_secret', 'request_messages', 'request_bytes'] as const

function reception(context: Context): Reception {
  const { db, identity, peer, logs, source, now } = context
  const self = identity.peer_id
  const contact = { ...context.contact }
  const conversation = { ...context.conversation }
  const rows: MessageRow[] = []
  const files: FileRow[] = []
  const again: MessageRow[] = []
  const returned: { readonly was: MessageRow; readonly is: MessageRow }[] = []
  const touched = new Map<LogId, LogRow>()
  const refused: Refusal[] = []

  const logsBy = (author: PeerId): number =>
    [...new Map([...logs, ...touched]).values()].filter((log) => log.author === author).length

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
    const { author } = message
    if (message.conversation_id !== conversation.id) return refuse('not-member', true)
    if (author !== peer && (source === 'push' || author !== self)) return refuse('not-member', true)
    if (log !== undefined && log.author !== author) return refuse('conflict', true)
    if (message.log_id === conversation.own_log_id) return refuse('conflict', true)
    if (log === undefined && logsBy(author) >= (author === peer ? MAX_FOREIGN_LOGS : MAX_OWN_LOGS))
      return refuse('other', true)
    const accepted = log?.accepted ?? []
    if (has(accepted, message.seq)) {
      const holder = holders.get(`${message.log_id}/${message.seq}`)
      return holder === undefined || holder === message.id ? null : refuse('conflict', true)
    }
    // A log that is all holes is no log: what fills one is taken, what makes one more is not.
    if (accepted.length >= MAX_RANGES && add(accepted, message.seq).length > MAX_RANGES)
      return refuse('other', false)
    if (message.seq > count(accepted) + MAX_SEQUENCE_AHEAD) return refuse('malformed', true)
    if (contact.state === 'request' && author === peer) {
      const full =
        !context.room ||
        contact.request_messages >= MAX_REQUEST_MESSAGES ||
        contact.request_bytes + bytes > MAX_REQUEST_BYTES
      if (full) return refuse('requests-full', false)
    }
    return null
  }

  function receive(item: VerifiedMessage, known: Known, holders: Map<string, MessageId>): void {
    const { message } = item
    const content = message.content
    // The secret counts before the limits for strangers do: whoever brings it is none.
    if (content.type === 'Introduction' && message.author === peer && isOurs(content.secret)) {
      contact.state = 'accepted'
      contact.brought_secret = content.secret
    }
    // What we signed ourselves shows that we were in touch: a restored profile knows its contacts by it.
    if (source === 'page' && message.author === self && message.conversation_id === conversation.id)
      contact.state = context.isDeleted ? contact.state : 'accepted'
    const log = touched.get(message.log_id) ?? logs.get(message.log_id)
    const refusal = refusalOf(item, log, holders)
    if (refusal !== null) {
      refused.push(refusal)
      return
    }
    const base = log ?? {
      conversation_id: conversation.id,
      log_id: message.log_id,
      author: message.author,
      accepted: [],
      read: [],
    }
    const isNew = !has(base.accepted, message.seq)
    const present = known.get(message.id)
    const returns = isNew && present?.direction === 'Sent'
    const standsElsewhere = isNew && present !== undefined && !returns
    touched.set(message.log_id, {
      ...base,
      accepted: add(base.accepted, message.seq),
      ...(message.seq > highest(base.accepted) ? { tail: message.id } : {}),
      ...(standsElsewhere ? { elsewhere: add(base.elsewhere ?? [], message.seq) } : {}),
    })
    if (standsElsewhere) noteAgain(message, present ?? rows.find((row) => row.id === message.id))
    // Every place counts, whatever stands there: it is what a stranger makes us keep.
    if (isNew && contact.state === 'request') {
      contact.request_messages += 1
      contact.request_bytes += item.bytes
    }
    if (isNew && !known.has(message.id)) store(item)
    if (returns) takeBack(item, present)
    known.set(message.id, present ?? null)
    holders.set(`${message.log_id}/${message.seq}`, message.id)
  }

  /** A message that is here at another place: reading it is told of both. */
  function noteAgain({ log_id, seq }: AuthoredMessage, row: MessageRow | undefined): void {
    if (row?.direction !== 'Received') return
    row.also_at = [...(row.also_at ?? []), { log_id, seq }]
    again.push(row)
    const log = touched.get(log_id)
    const isRead = has((touched.get(row.log_id) ?? logs.get(row.log_id))?.read ?? [], row.seq)
    if (log !== undefined && isRead) touched.set(log_id, { ...log, read: add(log.read, seq) })
  }

  /** Our own message, moved when this profile was put back, had arrived where it stood: both sides show it there. */
  function takeBack({ message, signature }: VerifiedMessage, row: MessageRow): void {
    const left = touched.get(row.log_id) ?? logs.get(row.log_id)
    if (left !== undefined && row.seq > 0)
      touched.set(row.log_id, {
        ...left,
        vacated: add(left.vacated ?? [], row.seq),
        elsewhere: add(left.elsewhere ?? [], row.seq),
      })
    returned.push({ was: row, is: createReturnedMessage(row, message, signature, now) })
  }

  function store({ message, signature }: VerifiedMessage): void {
    const { content } = message
    const sent = message.author === self
    // Of old, a name is no news.
    if (content.type === 'Introduction' && !sent && source === 'push') {
      contact.nickname = labelOf(content.nickname, peer)
      conversation.title = titleOf(contact)
    }
    const names = sent ? [identity.nickname, contact.nickname] : [contact.nickname, identity.nickname]
    const [senderNickname = '', recipientNickname = ''] = names
    const details = { senderNickname, recipientNickname, signature, now }
    const row = sent ? createRestoredMessage(message, details) : createInboundMessage(message, details)
    const clock = latest(clockOf(conversation), message.time)
    conversation.clock_ms = clock.ms
    conversation.clock_logical = clock.logical
    // What comes back of old is no news: it counts as read, and as old as it is.
    const isNews = source === 'push'
    // A void is nothing that anybody sees: it moves no conversation in the list.
    if (content.type !== 'Void')
      conversation.last_activity = isNews
        ? now
        : Math.max(conversation.last_activity, Math.min(now, message.timestamp))
    if (!isNews || !isShown(content.type)) row.read = 1
    else conversation.unread += 1
    // Whoever was deleted comes back with any word at all, anyone else with what is shown.
    if (isNews && (isShown(content.type) || (context.isDeleted && content.type !== 'Void')))
      conversation.listed = shelfAfterNews(conversation.listed, isMuted(conversation.muted_until, now))
    if (
      isShown(content.type) &&
      (conversation.preview === undefined || row.order_key > conversation.preview.order_key)
    )
      conversation.preview = {
        direction: row.direction,
        text: previewText(content),
        timestamp: message.timestamp,
        order_key: row.order_key,
      }
    rows.push(row)
    if (content.type === 'FileShare') files.push(receivedFile(message, content, source, now))
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
      // Who watches the contacts is told of news of them alone.
      const isNews = !context.isKnown || CHANGED.some((column) => contact[column] !== context.contact[column])
      const writes: Promise<unknown>[] = [
        db.logs.bulkPut([...touched.values()]),
        db.messages.bulkAdd(rows),
        ...(files.length > 0 ? [db.files.bulkPut(files)] : []),
        ...(again.length > 0 ? [db.messages.bulkPut(again)] : []),
        ...(isNews ? [db.contacts.put(contact)] : []),
      ]
      if (returned.length > 0) {
        await db.messages.bulkPut(returned.map(({ is }) => is))
        await db.offline_queue.bulkDelete(returned.map(({ is }) => [peer, is.id]))
        if (returned.some(({ was }) => was.order_key === conversation.preview?.order_key)) {
          const preview = await newestPreview(db, conversation.id)
          if (preview !== undefined) conversation.preview = preview
        }
      }
      await Promise.all([...writes, db.conversations.put(conversation)])
    },
  }
}

const clockOf = (row: ConversationRow): HybridTime => ({ ms: row.clock_ms, logical: row.clock_logical })

/** All logs of a conversation; their number is bounded where they are made. */
export const logsOf = (db: GigiDatabase, conversation: ConversationId): Promise<LogRow[]> =>
  db.logs
    .where('[conversation_id+log_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .toArray()
