/**
 * The test vectors of SPEC.md, for this and any other implementation: made from fixed seeds, so that they come out
 * the same each time. `npm run vectors` writes them to `vectors.json`; nothing that ships imports this.
 */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { ConversationId } from '../domain/ids.ts'
import { type HybridTime, MAX_LOGICAL, MAX_TIME_MS, next } from '../domain/ordering.ts'
import { encodeContent } from './content.ts'
import { encodeFrame } from './frame-codec.ts'
import { type Start, startSignedBytes } from './frames.ts'
import { frameBytes } from './framing.ts'
import {
  directConversationId,
  fromBase64url,
  hashOf,
  keyOfPeerId,
  mintMessageId,
  toBase64url,
} from './identifiers.ts'
import { type Invite, inviteLink, inviteSignedBytes } from './invite.ts'
import { MAX_SYNC_FRAME_BYTES } from './limits.ts'
import { encodeNearbyNews, encodeNearbyRequest, nearbySignedBytes } from './nearby.ts'
import { encodePresence, encodeRequest, encodeRival } from './presence.ts'
import { phraseOf } from './recovery-phrase.ts'
import { fileVectors } from './testing-vectors-files.ts'
import { letterVectors } from './testing-vectors-letter.ts'
import { mailboxVectors } from './testing-vectors-mailbox.ts'
import { forgedVectors, malformedVectors, toleratedVectors } from './testing-vectors-malformed.ts'
import {
  type Author,
  NOW,
  run,
  sign,
  alice,
  bob,
  relay,
  conversation,
  group,
  secret,
  text,
  entries,
  messages,
  first,
  second,
  third,
  frames,
  invites,
  token,
  requests,
  news,
  record,
  recordBody,
  recordSignature,
  sealedRecord,
  nearbyRequests,
  nearbyNews,
  places,
} from './testing-vectors-samples.ts'

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

const startVector = (fields: Start) => ({
  fields: toJson(fields),
  signed: bytesToHex(startSignedBytes(fields)),
})

const framed = (length: number) => ({
  length,
  prefix: bytesToHex(frameBytes(new Uint8Array(length)).subarray(0, -length || undefined)),
})

function inviteVector([name, invite]: [string, Invite]) {
  const signed = inviteSignedBytes(invite)
  const signature = sign(alice, signed)
  return {
    name,
    fields: toJson(invite),
    base: 'https://gigi.example/',
    signed: bytesToHex(signed),
    signature: bytesToHex(signature),
    link: inviteLink('https://gigi.example/', invite, signature),
  }
}

const clockVector = (seen: HybridTime, now: number) => ({
  seen: { ...seen },
  now,
  next: { ...next(seen, now) },
})

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
    envelopes: [...messages, ...entries].map(envelopeVector),
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
    invites: Object.entries(invites).map(inviteVector),
    presence: {
      token: { secret: bytesToHex(secret), token: bytesToHex(fromBase64url(token)) },
      requests: requests.map((fields) => ({
        fields: toJson(fields),
        bytes: bytesToHex(encodeRequest(fields)),
      })),
      news: news.map((fields) => ({
        fields: toJson(fields),
        bytes: bytesToHex(
          fields.type === 'rival' ? encodeRival(fields.start) : encodePresence(fields.changes),
        ),
      })),
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
    mailbox: mailboxVectors(toJson),
    letters: letterVectors(toJson),
    files: fileVectors(toJson, text.message.id),
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
