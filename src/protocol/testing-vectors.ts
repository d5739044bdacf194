/**
 * The test vectors of SPEC.md, for this and any other implementation: made from fixed seeds, so that they come out
 * the same each time. `npm run vectors` writes them to `vectors.json`; nothing that ships imports this.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { ConversationId, InstallationId, LogId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { type HybridTime, MAX_LOGICAL, MAX_TIME_MS, next, orderKey } from '../domain/ordering.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { encodeContent } from './content.ts'
import { envelopeSignedBytes, sealEnvelope } from './envelope.ts'
import { encodeFrame } from './frame-codec.ts'
import { type Frame, REFUSALS, type Start, startSignedBytes, SYNC_VERSION } from './frames.ts'
import { frameBytes } from './framing.ts'
import {
  directConversationId,
  fromBase64url,
  hashOf,
  keyOfPeerId,
  mintMessageId,
  peerIdOfKey,
  toBase64url,
} from './identifiers.ts'
import { signingSeed } from './identity.ts'
import { type Invite, inviteLink, inviteSignedBytes } from './invite.ts'
import { INVITE_LIFE_MS, MAX_SYNC_FRAME_BYTES, NEARBY_LIFE_MS } from './limits.ts'
import {
  encodeNearbyNews,
  encodeNearbyRequest,
  nearbyBody,
  type NearbyNews,
  type NearbyRecord,
  type NearbyRequest,
  nearbySignedBytes,
  sealNearbyRecord,
} from './nearby.ts'
import {
  encodePresence,
  encodeRequest,
  inviteToken,
  type PeerPresence,
  type PresenceRequest,
} from './presence.ts'
import { phraseOf } from './recovery-phrase.ts'
import { forgedVectors, malformedVectors, toleratedVectors } from './testing-vectors-malformed.ts'

/** Fields as they stand in the file: named as in the code, bytes as `{ hex }`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return { hex: bytesToHex(value) }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
  return value as Json
}

/** The fields again, as the codecs take and give them. */
export function fromJson(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const entries = Object.entries(value)
  const [name, hex] = entries[0] ?? []
  if (entries.length === 1 && name === 'hex' && typeof hex === 'string') return hexToBytes(hex)
  return Object.fromEntries(entries.map(([field, inner]) => [field, fromJson(inner)]))
}

interface Author {
  readonly name: string
  readonly entropy: Uint8Array
  readonly seed: Uint8Array
  readonly key: Uint8Array
  readonly peerId: PeerId
}

const NOW = 1_750_000_000_000

const run = (first: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => first + i)
const runId = (first: number, length: number): string => toBase64url(run(first, length))

function author(name: string, entropy: Uint8Array): Author {
  const seed = signingSeed(entropy)
  const key = ed25519.getPublicKey(seed)
  return { name, entropy, seed, key, peerId: peerIdOfKey(key) }
}

const sign = ({ seed }: Author, bytes: Uint8Array): Uint8Array => ed25519.sign(bytes, seed)

const alice = author('Alice', run(0x00, 16))
const bob = author('Bob', run(0x10, 16))
const relay = author('the relay', run(0x20, 16))
const conversation = directConversationId(alice.peerId, bob.peerId)
const group = runId(0x30, 16) as ConversationId
const aliceLog = runId(0x40, 8) as LogId
const bobLog = runId(0x48, 8) as LogId
const address = `/dns4/relay.example/tcp/443/tls/ws/p2p/${relay.peerId}`
const secret = run(0x90, 16)

const identityVector = ({ name, entropy, seed, key, peerId }: Author) => ({
  name,
  entropy: bytesToHex(entropy),
  phrase: phraseOf(entropy),
  seed: bytesToHex(seed),
  publicKey: bytesToHex(key),
  peerId,
})

function conversationVector(a: Author, b: Author) {
  const id = directConversationId(a.peerId, b.peerId)
  const [first, second] = [a.peerId, b.peerId].sort()
  return {
    peers: [a.peerId, b.peerId],
    hashed: bytesToHex(utf8ToBytes(`gigi/direct/1${first ?? ''}${second ?? ''}`)),
    id,
    bytes: bytesToHex(fromBase64url(id)),
  }
}

function messageIdVector(mintedMs: number, by: Author, conversation: ConversationId, nonce: Uint8Array) {
  const parts = [keyOfPeerId(by.peerId), nonce, fromBase64url(conversation)]
  return {
    mintedMs,
    author: by.peerId,
    nonce: toBase64url(nonce),
    conversation,
    hashed: bytesToHex(concatBytes(utf8ToBytes('gigi/message-id/1'), ...parts)),
    hash: bytesToHex(hashOf('gigi/message-id/1', ...parts)),
    id: mintMessageId(mintedMs, by.peerId, conversation, nonce),
  }
}

/** One entry of Alice's log in the conversation with Bob. */
function write(name: string, seq: number, content: MessageContent) {
  const nonce = run(0x50 + seq, 16)
  const message: AuthoredMessage = {
    id: mintMessageId(NOW + seq, alice.peerId, conversation, nonce),
    nonce: toBase64url(nonce),
    conversation_id: conversation,
    author: alice.peerId,
    log_id: aliceLog,
    seq,
    time: { ms: NOW + 1000, logical: seq - 1 },
    timestamp: NOW,
    content,
  }
  const signed = envelopeSignedBytes(message)
  const signature = sign(alice, signed)
  return { name, message, signed, signature, sealed: sealEnvelope(message, signature) }
}

const invited = write('Introduction with a secret', 1, {
  type: 'Introduction',
  nickname: 'Alice',
  secret: toBase64url(secret),
})
const text = write('Text', 3, { type: 'Text', text: 'Grüße, 你好 👋' })
const file = write('FileShare', 5, {
  type: 'FileShare',
  share_code: runId(0xa0, 16),
  filename: 'holiday photo.jpg',
  file_size: 5_000_000_000,
  file_type: 'image/jpeg',
})
const unknown = write('a kind that is not known', 70_000, {
  type: 'Unknown',
  kind: 4711,
  payload: toBase64url(Uint8Array.of(0xff, 1)),
})
const messages = [
  invited,
  write('Introduction without a secret', 2, { type: 'Introduction', nickname: 'Alice' }),
  text,
  write('Text without characters', 4, { type: 'Text', text: '' }),
  file,
  write('ShareGroup', 6, {
    type: 'ShareGroup',
    group_id: group,
    group_name: 'Hiking',
    inviter_nickname: 'Alice',
  }),
  write('Void', 8, { type: 'Void' }),
  unknown,
]

const envelopeVector = ({ name, message, signed, signature, sealed }: (typeof messages)[number]) => {
  const { kind, payload } = encodeContent(message.content)
  return {
    name,
    fields: toJson(message),
    kind,
    payload: bytesToHex(payload),
    body: bytesToHex(signed.subarray(utf8ToBytes('gigi/envelope/1').length)),
    signed: bytesToHex(signed),
    signature: bytesToHex(signature),
    sealed: bytesToHex(sealed),
  }
}

/** Starts of Alice's installations. */
function start(installation: Uint8Array, started: number): Start {
  const fields = { installation: toBase64url(installation) as InstallationId, started }
  return { ...fields, signature: sign(alice, startSignedBytes(fields)) }
}
const first = start(run(0xe0, 16), NOW)
const second = start(run(0xb0, 16), NOW + 1)
const third = start(run(0xc0, 16), NOW + 1)

const startVector = (fields: Start) => ({
  fields: toJson(fields),
  signed: bytesToHex(startSignedBytes(fields)),
})

const holes: SequenceSet = [
  [1, 6],
  [8, 8],
  [70_000, 70_000],
]
const frames: Readonly<Record<string, Frame>> = {
  hello: {
    type: 'hello',
    version: SYNC_VERSION,
    nickname: 'Alice',
    ...first,
    ordinal: 3,
    alone: true,
    relays: [address],
  },
  'hello without nickname and relays': {
    type: 'hello',
    version: SYNC_VERSION,
    nickname: '',
    ...second,
    ordinal: 0,
    alone: false,
    relays: [],
  },
  'summary that Bob sends': {
    type: 'summary',
    conversations: [
      {
        conversation,
        logs: [
          { log: aliceLog, author: alice.peerId, accepted: holes, read: [[3, 4]], tail: unknown.message.id },
          { log: bobLog, author: bob.peerId, accepted: [[1, 12]], read: [], tail: null },
        ],
      },
    ],
  },
  'summary of nothing': { type: 'summary', conversations: [{ conversation, logs: [] }] },
  push: { type: 'push', number: 1, envelopes: [invited.sealed, text.sealed] },
  'ack with every refusal': {
    type: 'ack',
    through: 1,
    proofs: [{ conversation, log: aliceLog, accepted: holes, read: [] }],
    refused: REFUSALS.map((code) => ({
      id: text.message.id,
      permanent: code === 'malformed' || code === 'not-member' || code === 'conflict',
      code,
    })),
  },
  'ack of reading': {
    type: 'ack',
    through: 0,
    proofs: [{ conversation, log: aliceLog, accepted: [[1, 6]], read: [[3, 3]] }],
    refused: [],
  },
  pull: {
    type: 'pull',
    number: 1,
    conversation,
    wanted: [
      { log: aliceLog, numbers: [[3, 4]] },
      {
        log: bobLog,
        numbers: [
          [1, 2],
          [9, 300],
        ],
      },
    ],
  },
  page: {
    type: 'page',
    number: 1,
    envelopes: [text.sealed, file.sealed],
    gone: [{ log: bobLog, numbers: [[9, 300]] }],
  },
  typing: { type: 'typing', conversation },
  replaced: { type: 'replaced', ...third },
}

const framed = (length: number) => ({
  length,
  prefix: bytesToHex(frameBytes(new Uint8Array(length)).subarray(0, -length || undefined)),
})

const invite: Invite = {
  peer: alice.peerId,
  nickname: 'Alice',
  relays: [address],
  secret: toBase64url(secret),
  expires: NOW + INVITE_LIFE_MS,
}

function inviteVector() {
  const signed = inviteSignedBytes(invite)
  const signature = sign(alice, signed)
  return {
    fields: toJson(invite),
    base: 'https://gigi.example/',
    signed: bytesToHex(signed),
    signature: bytesToHex(signature),
    link: inviteLink('https://gigi.example/', invite, signature),
  }
}

const token = inviteToken(secret)
const requests: readonly PresenceRequest[] = [
  { type: 'watch', watches: [{ peer: alice.peerId, token }, { peer: bob.peerId }] },
  { type: 'unwatch', peers: [bob.peerId] },
  { type: 'tokens', tokens: [token] },
]
const changes: readonly PeerPresence[] = [
  { peer: alice.peerId, online: true },
  { peer: bob.peerId, online: false },
]

const record: NearbyRecord = {
  peer: alice.peerId,
  nickname: 'Alice',
  expires: NOW + NEARBY_LIFE_MS,
  relay: relay.peerId,
}
const recordBody = nearbyBody(record)
const recordSignature = sign(alice, nearbySignedBytes(recordBody))
const sealedRecord = sealNearbyRecord(recordBody, recordSignature)
const nearbyRequests: readonly NearbyRequest[] = [
  { type: 'announce', record: sealedRecord },
  { type: 'withdraw' },
]
const nearbyNews: readonly NearbyNews[] = [
  { type: 'appeared', records: [sealedRecord] },
  { type: 'left', peers: [alice.peerId] },
]

const clockVector = (seen: HybridTime, now: number) => ({
  seen: { ...seen },
  now,
  next: { ...next(seen, now) },
})

/** Ascending. */
const places = (
  [
    [{ ms: 0, logical: 0 }, alice],
    [{ ms: NOW, logical: 0 }, alice],
    [{ ms: NOW, logical: 1 }, bob],
    [{ ms: NOW, logical: 1 }, alice],
    [{ ms: NOW, logical: MAX_LOGICAL }, alice],
    [{ ms: NOW + 1, logical: 0 }, alice],
    [{ ms: MAX_TIME_MS, logical: MAX_LOGICAL }, alice],
  ] as const
)
  .map(([time, by]) => ({ ...time, author: by.peerId, key: orderKey(time, by.peerId) }))
  .sort((a, b) => (a.key < b.key ? -1 : 1))

export function makeVectors() {
  return {
    notation:
      'Byte strings are hex; within `fields` they are {"hex": …}. Ids within `fields` are text: peer ids base58, ' +
      'message ids UUIDs, all others base64url without padding. Times are milliseconds since the Unix epoch. ' +
      'Ranges are [first, last]. Numbers of rules are those of SPEC.md.',
    identities: [alice, bob, relay].map(identityVector),
    conversations: [conversationVector(alice, bob), conversationVector(bob, alice)],
    messageIds: [
      messageIdVector(NOW, alice, conversation, run(0x50, 16)),
      messageIdVector(2 ** 48 - 1, bob, conversation, run(0x60, 16)),
      messageIdVector(0, bob, group, run(0x60, 16)),
    ],
    envelopes: messages.map(envelopeVector),
    starts: [first, second, third].map(startVector),
    frames: Object.entries(frames).map(([name, frame]) => ({
      name,
      fields: toJson(frame),
      bytes: bytesToHex(encodeFrame(frame)),
    })),
    framing: [0, 1, 127, 128, 300, 16_383, 16_384, MAX_SYNC_FRAME_BYTES].map(framed),
    clocks: [
      clockVector({ ms: 0, logical: 0 }, NOW),
      clockVector({ ms: NOW, logical: 0 }, NOW),
      clockVector({ ms: NOW + 86_400_000, logical: 7 }, NOW),
      clockVector({ ms: NOW, logical: MAX_LOGICAL }, NOW),
      clockVector({ ms: MAX_TIME_MS, logical: MAX_LOGICAL }, NOW),
    ],
    order: places,
    invite: inviteVector(),
    presence: {
      token: { secret: bytesToHex(secret), token: bytesToHex(fromBase64url(token)) },
      requests: requests.map((fields) => ({
        fields: toJson(fields),
        bytes: bytesToHex(encodeRequest(fields)),
      })),
      news: { fields: toJson(changes), bytes: bytesToHex(encodePresence(changes)) },
    },
    nearby: {
      record: {
        fields: toJson(record),
        signed: bytesToHex(nearbySignedBytes(recordBody)),
        signature: bytesToHex(recordSignature),
        sealed: bytesToHex(sealedRecord),
      },
      requests: nearbyRequests.map((fields) => ({
        fields: toJson(fields),
        bytes: bytesToHex(encodeNearbyRequest(fields)),
      })),
      news: nearbyNews.map((fields) => ({
        fields: toJson(fields),
        bytes: bytesToHex(encodeNearbyNews(fields)),
      })),
    },
    tolerated: toleratedVectors(text.message.id).map(({ fields, bytes, ...rest }) => ({
      ...rest,
      fields: toJson(fields),
      bytes: bytesToHex(bytes),
    })),
    malformed: malformedVectors(text.sealed, alice.key, bob.key).map(({ bytes, ...rest }) => ({
      ...rest,
      bytes: bytesToHex(bytes),
    })),
    forged: forgedVectors(text.message, (bytes) => sign(bob, bytes)).map(({ reason, sealed }) => ({
      reason,
      sealed: bytesToHex(sealed),
    })),
  }
}

export type Vectors = ReturnType<typeof makeVectors>
