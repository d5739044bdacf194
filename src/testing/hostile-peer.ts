/**
 * A hostile peer: an identity of its own, a valid recording of a session in its name, and envelopes that are well
 * formed and lie. All with the protocol's own encoders, so that only the lie is wrong.
 */
import type { ConversationId, InstallationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { MAX_LOGICAL, MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, encode } from '../protocol/cbor.ts'
import { envelopeSignedBytes, openEnvelope, sealEnvelope } from '../protocol/envelope.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import { type Frame, startSignedBytes, SYNC_VERSION } from '../protocol/frames.ts'
import {
  directConversationId,
  fromBase64url,
  keyOfPeerId,
  mintMessageId,
  toBase64url,
} from '../protocol/identifiers.ts'
import {
  MAX_ENVELOPE_BYTES,
  MAX_LOGS_PER_SUMMARY,
  MAX_RANGES,
  MAX_SEQUENCE_AHEAD,
  MAX_TEXT_BYTES,
} from '../protocol/limits.ts'
import type { Person } from './people.ts'

/** What the hostile peer found out about others. */
export interface Loot {
  readonly victim: PeerId
  /** Another contact of the victim, with a log and a queued message of the victim's for them. */
  readonly other: PeerId
  readonly othersLog: LogId
  readonly othersMessage: MessageId
  /** The victim's log towards the hostile peer, where there is one. */
  readonly victimsLog: LogId | undefined
  /** A genuine envelope that the other sealed for the victim. */
  readonly genuine: Uint8Array
  readonly now: number
}

const LOG = toBase64url(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)) as LogId
const logNumber = (n: number): LogId => toBase64url(Uint8Array.of(9, 9, 9, 9, 9, 9, n >> 8, n)) as LogId

export const LIES = [
  ...['honest', 'void', 'introduction', 'unknown-kind', 'large', 'new-log', 'hole', 'jump', 'edge', 'end'],
  ...['end-of-time', 'beginning-of-time', 'same-place', 'same-id', 'forged-author', 'forged-victim'],
  ...[
    'forged-signature',
    'replayed',
    'other-conversation',
    'group',
    'others-log',
    'victims-log',
    'not-its-id',
    'late-id',
  ],
] as const
export type Lie = (typeof LIES)[number]

export interface Recording {
  readonly frames: readonly Uint8Array[]
  /** What is answered to the pulls of the other side, one after another. */
  readonly pages: readonly Uint8Array[]
}

export class HostilePeer {
  readonly who: Person
  readonly #loot: Loot
  readonly #conversation: ConversationId
  #seq = 0

  constructor(who: Person, loot: Loot) {
    this.who = who
    this.#loot = loot
    this.#conversation = directConversationId(who.peerId, loot.victim)
  }

  /**
   * A session that breaks no rule but by what its envelopes and proofs claim: all proofs are of the numbers up to
   * `claimed`, of logs of the hostile peer, of the victim towards it, and of the victim towards another.
   */
  async recording(pushes: readonly (readonly Lie[])[], claimed: number): Promise<Recording> {
    const { othersLog, othersMessage, victim, victimsLog = logNumber(0), other, now } = this.#loot
    const genuine = openEnvelope(this.#loot.genuine).message
    const numbers = [[1, claimed]] as const
    const [accepted, read] = [numbers, numbers]
    const [own, theirs] = [this.#conversation, directConversationId(victim, other)]
    const proofs = [
      { conversation: own, log: LOG, author: this.who.peerId, accepted, read },
      { conversation: own, log: victimsLog, author: victim, accepted, read },
      { conversation: own, log: logNumber(1), author: victim, accepted, read },
      { conversation: theirs, log: othersLog, author: victim, accepted, read },
    ]
    const installation = toBase64url(new Uint8Array(16)) as InstallationId
    const signature = await this.who.crypto.sign(startSignedBytes({ installation, started: now }))
    const start = { installation, started: now, signature }
    const pushed: Frame[] = []
    const pages: Frame[] = []
    const gone = proofs.slice(0, 3).map(({ log }) => ({ log, numbers }))
    for (const [i, lies] of pushes.entries()) {
      const envelopes: Uint8Array[] = []
      for (const lie of lies) envelopes.push(await this.envelope(lie))
      pushed.push({ type: 'push', number: i + 1, envelopes })
      pages.push({
        type: 'page',
        number: i + 1,
        envelopes,
        gone: i % 2 === 0 ? gone : [],
        empty: i % 3 === 0 ? gone : [],
      })
    }
    const words = { nickname: 'Mallory', relays: ['/dns4/relay.example/tcp/443/wss'] }
    const frames: Frame[] = [
      { type: 'hello', version: SYNC_VERSION, ...words, ...start, ordinal: 1, alone: true },
      {
        type: 'summary',
        conversations: proofs.map(({ conversation, ...log }) => ({
          conversation,
          logs: [{ ...log, tail: othersMessage }],
        })),
      },
      ...pushed,
      { type: 'ack', through: 0, proofs, refused: [{ id: othersMessage, permanent: true, code: 'other' }] },
      { type: 'typing', conversation: own },
      { type: 'replaced', ...start, started: now + 1 },
      {
        type: 'pull',
        number: 1,
        conversation: genuine.conversation_id,
        wanted: [{ log: genuine.log_id, numbers: [[1, 100]] }],
      },
    ]
    return { frames: frames.map(encodeFrame), pages: pages.map(encodeFrame) }
  }

  async envelope(lie: Lie): Promise<Uint8Array> {
    const { victim, other, genuine, othersLog, victimsLog = othersLog } = this.#loot
    const seq = ++this.#seq
    switch (lie) {
      case 'honest':
        return this.#sealed({ seq })
      case 'void':
        return this.#sealed({ seq, content: { type: 'Void' } })
      case 'introduction':
        return this.#sealed({
          seq,
          content: {
            type: 'Introduction',
            nickname: '\u202e x',
            secret: toBase64url(this.who.random.bytes(16)),
          },
        })
      case 'unknown-kind':
        return this.#sealed({ seq, content: { type: 'Unknown', kind: 4711, payload: 'AAAA' } })
      case 'large':
        return this.#sealed({ seq, content: { type: 'Text', text: 'x'.repeat(MAX_TEXT_BYTES) } })
      case 'new-log':
        return this.#sealed({ seq: 1, log_id: logNumber(seq) })
      case 'hole':
        return this.#sealed({ seq: seq * 2 + 1000 })
      case 'jump':
        return this.#sealed({ seq: 2 ** 52 })
      case 'edge':
        return this.#sealed({ seq: MAX_SEQUENCE_AHEAD })
      case 'end':
        return this.#sealed({ seq: Number.MAX_SAFE_INTEGER })
      case 'end-of-time':
        return this.#sealed({ seq, time: { ms: MAX_TIME_MS, logical: MAX_LOGICAL }, timestamp: MAX_TIME_MS })
      case 'beginning-of-time':
        return this.#sealed({ seq, time: { ms: 0, logical: 0 }, timestamp: 0 })
      case 'same-place':
        return this.#sealed({ seq: 1 })
      case 'same-id':
        return this.#sealed({ seq, ...this.#identified(new Uint8Array(16), this.#loot.now) })
      case 'forged-author':
        return this.#sealed({ seq, author: other, conversation_id: directConversationId(victim, other) })
      case 'forged-victim':
        return this.#sealed({ seq, author: victim })
      case 'forged-signature':
        return sealEnvelope(this.#message({ seq }), this.who.random.bytes(64))
      case 'replayed':
        return genuine
      case 'other-conversation':
        return this.#sealed({ seq, conversation_id: directConversationId(victim, other) })
      case 'group':
        return this.#sealed({ seq, conversation_id: toBase64url(new Uint8Array(16)) as ConversationId })
      case 'others-log':
        return this.#sealed({ seq, log_id: othersLog })
      case 'victims-log':
        return this.#sealed({ seq, log_id: victimsLog })
      case 'not-its-id':
        return this.#sealed({ seq, id: '00000000-0000-8000-8000-000000000000' as MessageId })
      case 'late-id':
        return this.#sealed({ seq, ...this.#identified(this.who.random.bytes(16), 2 ** 48 - 1) })
    }
  }

  async #sealed(change: Partial<AuthoredMessage>): Promise<Uint8Array> {
    const message = this.#message(change)
    return sealEnvelope(message, await this.who.crypto.sign(envelopeSignedBytes(message)))
  }

  #message(change: Partial<AuthoredMessage>): AuthoredMessage {
    const nonce = this.who.random.bytes(16)
    const message: AuthoredMessage = {
      ...this.#identified(nonce, this.#loot.now),
      conversation_id: this.#conversation,
      author: this.who.peerId,
      log_id: LOG,
      seq: 1,
      time: { ms: this.#loot.now, logical: 0 },
      timestamp: this.#loot.now,
      content: { type: 'Text', text: 'from Mallory' },
      ...change,
    }
    if (change.id !== undefined) return message
    // An id that fits what the message claims, so that it is read at all.
    const { author, conversation_id } = message
    return { ...message, id: mintMessageId(this.#loot.now, author, conversation_id, nonce) }
  }

  #identified(nonce: Uint8Array, minted: number): Pick<AuthoredMessage, 'id' | 'nonce'> {
    const id = mintMessageId(minted, this.who.peerId, this.#conversation, nonce)
    return { id, nonce: toBase64url(nonce) }
  }
}

/** Frames that are as large as the limits allow, or larger; and what no version ever sent. */
export function oversized(who: PeerId, victim: PeerId): Uint8Array[] {
  const key = keyOfPeerId(who)
  const id = fromBase64url(directConversationId(who, victim))
  const ranges = (n: number): Cbor => Array.from({ length: n }, (_, i) => [i * 2 + 1, i * 2 + 1])
  const log = (n: number, held: Cbor): Cbor => [fromBase64url(logNumber(n)), key, held, held, null]
  const logs = (n: number, held: Cbor): Cbor => Array.from({ length: n }, (_, i) => log(i, held))
  const proofs = (n: number, held: Cbor): Cbor =>
    Array.from({ length: n }, (_, i) => [id, fromBase64url(logNumber(i)), held, held])
  return [
    encode([1, [[id, logs(MAX_LOGS_PER_SUMMARY, ranges(80))]]]),
    encode([1, [[id, logs(MAX_LOGS_PER_SUMMARY + 1, [])]]]),
    encode([1, Array.from({ length: 40 }, () => [id, logs(MAX_LOGS_PER_SUMMARY, [])])]),
    encode([1, [[id, [log(0, ranges(MAX_RANGES))]]]]),
    encode([1, [[id, [log(0, ranges(MAX_RANGES + 1))]]]]),
    encode([1, [[id, [log(0, [[1, Number.MAX_SAFE_INTEGER]])]]]]),
    encode([1, []]),
    encode([3, 0, proofs(MAX_LOGS_PER_SUMMARY, ranges(80)), []]),
    encode([3, 0, proofs(MAX_LOGS_PER_SUMMARY, [[1, 2 ** 52]]), []]),
    encode([3, 0, [], Array.from({ length: 1000 }, () => [new Uint8Array(16), true, 0])]),
    encode([3, 2 ** 52, [], []]),
    encode([2, 1, Array.from({ length: 1000 }, () => new Uint8Array(8))]),
    encode([2, 2 ** 52, [new Uint8Array(MAX_ENVELOPE_BYTES)]]),
    encode([0, 2, [], '', new Uint8Array(16), 0, 0, true, [], new Uint8Array(64)]),
    encode([4, 1, id, proofs(MAX_LOGS_PER_SUMMARY, ranges(80))]),
    encode([4, 1, id, [[new Uint8Array(8), [[1, Number.MAX_SAFE_INTEGER]]]]]),
    encode([5, 1, [], [[new Uint8Array(8), ranges(MAX_RANGES)]]]),
    encode([4711, 'of a later version', [1, 2, 3]]),
    encode([]),
    new Uint8Array(0),
    new Uint8Array(512).fill(0x81),
  ]
}
