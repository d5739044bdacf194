/** A profile of any size, in the store and in the model; both take the same steps. The test file imports `fake-indexeddb/auto`. */
import fc from 'fast-check'
import type { LogId, MessageId, PeerId } from '../../domain/ids.ts'
import { safeFileName } from '../../domain/files/name.ts'
import type { AuthoredMessage, MessageContent } from '../../domain/message.ts'
import { type HybridTime, orderKey } from '../../domain/ordering.ts'
import { fromNumbers } from '../../domain/sequence-set.ts'
import { directConversationId, mintMessageId, peerIdOfKey } from '../../protocol/identifiers.ts'
import { newContact } from '../../store/contacts.ts'
import { raiseEpoch } from '../../store/leadership.ts'
import { createInboundMessage, createOutboundMessage, KEPT } from '../../store/messages.ts'
import type {
  AcknowledgmentRow,
  ContactState,
  ConversationRow,
  GigiDatabase,
  MessageRow,
  QueueRow,
} from '../../store/schema.ts'
import { databaseOf, type Person, person } from '../people.ts'
import { textOf } from '../search-texts.ts'
import { Chance } from '../simulation/chance.ts'
import { inOrder, isSeen, lineOf, type Said, type Talk, unreadOf } from './model.ts'

/** When a profile is filled, and how far back it goes: a hundred days, milliseconds. */
export const START = 1_700_000_000_000
export const DAY = 24 * 3_600_000
const PAST = 100 * DAY
/** Rows that are written at a time. */
const BATCH = 5000
/** Texts that differ: many enough for a search to tell apart, few enough to look at for each query. */
const MAX_TEXTS = 3000

export interface Size {
  readonly messages: number
  readonly talks: number
}

/** A message that is yet to be stored. */
export interface Draft {
  readonly message: AuthoredMessage
  readonly sent: boolean
  readonly text: string
}

export class Profile {
  readonly self: Person
  readonly db: GigiDatabase
  readonly chance: Chance
  readonly talks: Talk[] = []
  readonly texts: readonly string[]
  /** Received messages that were deleted. */
  readonly deleted = new Set<MessageId>()
  /** Some of those that were accepted, as they came. */
  readonly came: { readonly talk: Talk; readonly draft: Draft }[] = []
  /** What has a queue row, and the keys of the acknowledgements. */
  readonly queued = new Set<MessageId>()
  readonly acknowledged = new Set<string>()
  epoch = 0
  now = START
  readonly #seqs = new Map<LogId, number[]>()

  private constructor(self: Person, db: GigiDatabase, chance: Chance, size: Size) {
    this.self = self
    this.db = db
    this.chance = chance
    this.texts = fc
      .sample(textOf(), { numRuns: Math.min(MAX_TEXTS, size.messages), seed: chance.between(0, 1e9) })
      .map((text, i) => (i % 3 === 0 ? `${text} no${String(i)}` : text))
  }

  /** The same each time for the same seed. */
  static async fill(seed: number, size: Size): Promise<Profile> {
    const self = person('Self', 1)
    const profile = new Profile(self, await databaseOf(self, START), new Chance(seed), size)
    profile.epoch = await raiseEpoch(profile.db)
    for (let i = 0; i < size.talks; i++)
      profile.talks.push(profile.newTalk(i % 40 === 7 ? 'blocked' : i % 11 === 3 ? 'request' : 'accepted'))
    await profile.#fillMessages(size.messages)
    await profile.#fillTalks()
    return profile
  }

  /** Someone who is not stored yet. */
  newTalk(state: ContactState): Talk {
    const peer = peerIdOfKey(this.chance.bytes(32))
    const id = directConversationId(this.self.peerId, peer)
    const activity = START - PAST
    return {
      id,
      peer,
      name: `Number ${String(this.talks.length)}`,
      state,
      activity,
      retention: null,
      said: [],
      asked: { messages: 0, bytes: 0 },
    }
  }

  /** A few conversations have most of the messages, and some have none. */
  pickTalk(): Talk {
    const { chance, talks } = this
    return talks[Math.floor(talks.length * chance.fraction() ** 3)] ?? chance.pick(talks)
  }

  /** The next message of a log: mostly behind all others, often at the very place of another, or long before them. */
  draft(talk: Talk, sent: boolean, installation: number, at: number): Draft {
    const { chance } = this
    const author = sent ? this.self.peerId : talk.peer
    const log = logOf(talk, sent, installation)
    const seqs = this.#seqs.get(log) ?? []
    this.#seqs.set(log, seqs)
    const seq = (seqs.at(-1) ?? 0) + (chance.happens(0.02) ? 2 : 1)
    seqs.push(seq)
    const [content, text] = this.#content()
    const time: HybridTime =
      talk.said.length > 0 && chance.happens(0.25)
        ? chance.pick(talk.said.slice(-50)).time
        : { ms: at, logical: chance.between(0, 2) }
    const timestamp = at + chance.pick([0, 0, 0, -DAY, 3_600_000])
    const nonce = chance.bytes(16)
    const id = mintMessageId(timestamp, author, talk.id, nonce)
    const place = { log_id: log, seq, time, timestamp, nonce: '' }
    return { message: { id, conversation_id: talk.id, author, content, ...place }, sent, text }
  }

  /** Notes a draft as stored. */
  note(talk: Talk, { message, sent, text }: Draft, read: boolean, deliveredAt: number | null): Said {
    const { id, author, time, timestamp, log_id: log, seq, content } = message
    const said = { id, author, sent, type: content.type, text, time, timestamp, log, seq, read, deliveredAt }
    talk.said.push(said)
    return said
  }

  #content(): [MessageContent, string] {
    const { chance } = this
    const kind = chance.fraction()
    const text = chance.pick(this.texts)
    if (kind < 0.05) return [{ type: 'Void' }, '']
    if (kind < 0.06) return [{ type: 'Introduction', nickname: 'x' }, '']
    if (kind < 0.07) return [{ type: 'Unknown', kind: 99, payload: 'AA' }, '']
    if (kind < 0.08)
      return [
        { type: 'FileShare', share_code: '', filename: text, file_size: 1, file_type: '', root: '' },
        safeFileName(text),
      ]
    return [{ type: 'Text', text }, text]
  }

  async #fillMessages(count: number): Promise<void> {
    const { chance, db } = this
    let rows: MessageRow[] = []
    let queue: QueueRow[] = []
    let acks: AcknowledgmentRow[] = []
    for (let i = 0; i < count; i++) {
      const talk = this.pickTalk()
      const at = START - PAST + Math.floor((PAST * i) / count)
      const sent = talk.state !== 'request' && chance.happens(0.45)
      const draft = this.draft(talk, sent, chance.happens(0.1) ? 1 : 0, at)
      if (!sent && chance.happens(0.01)) this.came.push({ talk, draft })
      if (!sent && chance.happens(0.02)) this.deleted.add(draft.message.id)
      else {
        const row = this.#row(talk, draft, at + chance.spread(1, DAY))
        rows.push(row)
        const { peer } = talk
        const waits = row.delivered === 0 && row.refusal === undefined && row.expired_at === undefined
        // What is delivered may wait still, as a crash between proof and settling leaves it.
        if (sent && (waits || chance.happens(0.03))) queue.push(this.#queueRow(row, peer))
        // Those of long ago are cleaned away already.
        const isLate = i > count * 0.95 || count < 1000
        if (sent && row.delivered === 1 && isLate && chance.happens(0.3))
          acks.push(...this.#ackRows(row, peer))
      }
      if (rows.length < BATCH && i < count - 1) continue
      await db.messages.bulkAdd(rows)
      await db.offline_queue.bulkAdd(queue)
      await db.message_acknowledgments.bulkAdd(acks)
      ;[rows, queue, acks] = [[], [], []]
    }
    await db.deleted_messages.bulkAdd([...this.deleted].map((id) => ({ id })))
  }

  #row(talk: Talk, draft: Draft, now: number): MessageRow {
    const { chance } = this
    const names = { senderNickname: '', recipientNickname: '' }
    if (!draft.sent) {
      const row = createInboundMessage(draft.message, { ...names, now, signature: SIGNATURE })
      const said = this.note(talk, draft, chance.happens(0.7), now)
      said.read ||= !isSeen(said)
      return said.read ? { ...row, read: 1, read_at: now } : row
    }
    const expiresAt = now + 7 * DAY
    const row = createOutboundMessage(draft.message, { ...names, now, expiresAt })
    const fate = chance.fraction()
    this.note(talk, draft, true, fate < 0.8 ? now : null)
    if (fate < 0.8)
      return { ...row, delivered: 1, delivered_at: now, sync_status: 'Acknowledged', expires_at: KEPT }
    if (fate < 0.85) return { ...row, refusal: 'other' }
    return expiresAt <= START ? { ...row, expired_at: expiresAt } : row
  }

  #queueRow({ id, expires_at }: MessageRow, peer: PeerId): QueueRow {
    this.queued.add(id)
    const attempts = { retry_count: 0, max_retries: 5, next_retry_at: START + DAY, queued_at: START }
    return {
      message_id: id,
      target_nickname: '',
      target_peer_id: peer,
      expires_at,
      status: 'Pending',
      ...attempts,
    }
  }

  #ackRows({ id }: MessageRow, peer: PeerId): AcknowledgmentRow[] {
    return (['Delivered', 'Read'] as const).map((ack_type) => {
      const key = `${id}/${ack_type}/${peer}`
      this.acknowledged.add(key)
      const who = { acknowledged_by_nickname: '', acknowledged_by_peer_id: peer, acknowledged_at: START }
      return { id: key, message_id: id, ack_type, ...who }
    })
  }

  async #fillTalks(): Promise<void> {
    const { db, self, chance } = this
    for (const talk of this.talks) {
      const { peer: peerId, name: nickname } = talk
      const fresh = newContact(self.peerId, { peerId, nickname, relays: [] }, talk.state, START)
      talk.activity = START - chance.spread(1, PAST)
      await db.contacts.add(fresh.contact)
      await db.conversations.add({ ...fresh.conversation, ...columnsOf(talk) })
      for (const [sent, installation] of WRITERS) {
        const log_id = logOf(talk, sent, installation)
        const accepted = fromNumbers(this.#seqs.get(log_id) ?? [])
        const author = sent ? self.peerId : peerId
        if (accepted.length > 0)
          await db.logs.add({ conversation_id: talk.id, log_id, author, accepted, read: [] })
      }
    }
  }
}

const SIGNATURE = new Uint8Array(64)
const WRITERS = [
  [true, 0],
  [true, 1],
  [false, 0],
  [false, 1],
] as const

/** The log of one of the two installations that each side has had. */
const logOf = (talk: Talk, sent: boolean, installation: number): LogId =>
  `${talk.id.slice(0, 9)}${sent ? 's' : 'r'}${String(installation)}` as LogId

/** What the conversation's row says of its messages. */
function columnsOf(talk: Talk): Partial<ConversationRow> {
  const { activity: last_activity, state } = talk
  const row = { last_activity, unread: unreadOf(talk), listed: state === 'blocked' ? 0 : 1 } as const
  const newest = talk.said.filter(isSeen).sort(inOrder).at(-1)
  if (newest === undefined) return row
  const { sent, timestamp, time, author } = newest
  const direction = sent ? 'Sent' : 'Received'
  return {
    ...row,
    preview: { direction, text: lineOf(newest), timestamp, order_key: orderKey(time, author) },
  }
}
