/** The code against `vectors.json`, as any other implementation would be checked by it. */
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { next, orderKey } from '../domain/ordering.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { decode, MalformedError } from './cbor.ts'
import { decodeContent, encodeContent } from './content.ts'
import { envelopeSignedBytes, openEnvelope, sealEnvelope } from './envelope.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'
import { type Frame, isNewerStart, type Start, startSignedBytes } from './frames.ts'
import { FrameReader, frameBytes } from './framing.ts'
import {
  directConversationId,
  fromBase64url,
  keyOfPeerId,
  mintMessageId,
  mintTimeOf,
  peerIdOfKey,
  toBase64url,
} from './identifiers.ts'
import { signingSeed } from './identity.ts'
import { type Invite, inviteLink, inviteSignedBytes, openInvite } from './invite.ts'
import { MAX_SYNC_FRAME_BYTES } from './limits.ts'
import {
  decodeNearbyNews,
  decodeNearbyRequest,
  encodeNearbyNews,
  encodeNearbyRequest,
  nearbyBody,
  type NearbyNews,
  type NearbyRecord,
  type NearbyRequest,
  nearbySignedBytes,
  openNearbyRecord,
  sealNearbyRecord,
} from './nearby.ts'
import {
  decodeNews,
  decodeRequest,
  encodePresence,
  encodeRequest,
  encodeRival,
  inviteToken,
  type PresenceNews,
  type PresenceRequest,
} from './presence.ts'
import { peerIdOfEntropy } from './public-key.ts'
import { entropyOf, phraseOf } from './recovery-phrase.ts'
import { fromJson, makeVectors, type Vectors } from './testing-vectors.ts'
import type { MalformedKind } from './testing-vectors-malformed.ts'

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors

const verifies = (signature: Uint8Array, signed: Uint8Array, key: Uint8Array): boolean =>
  ed25519.verify(signature, signed, key, { zip215: false })

test('the file is what `npm run vectors` writes', () => {
  expect(vectors).toEqual(makeVectors())
})

test.each(vectors.identities)('the identity of $name comes from 16 bytes (SPEC 2.1)', (vector) => {
  const entropy = hexToBytes(vector.entropy)
  expect(phraseOf(entropy)).toBe(vector.phrase)
  expect(entropyOf(vector.phrase)).toEqual(entropy)
  expect(bytesToHex(signingSeed(entropy))).toBe(vector.seed)
  expect(peerIdOfEntropy(entropy)).toBe(vector.peerId)
  expect(peerIdOfKey(hexToBytes(vector.publicKey))).toBe(vector.peerId)
  expect(bytesToHex(keyOfPeerId(vector.peerId))).toBe(vector.publicKey)
})

test.each(vectors.conversations)('two peers have the direct conversation $id (SPEC 2.4)', (vector) => {
  const [a, b] = vector.peers
  expect(a !== undefined && b !== undefined && directConversationId(a, b)).toBe(vector.id)
  expect(bytesToHex(fromBase64url(vector.id))).toBe(vector.bytes)
  expect(bytesToHex(sha256(hexToBytes(vector.hashed)))).toBe(vector.bytes)
})

test.each(vectors.messageIds)('a message has the id $id (SPEC 3.2)', (vector) => {
  const { mintedMs, author, conversation, nonce, id } = vector
  expect(mintMessageId(mintedMs, author, conversation, fromBase64url(nonce))).toBe(id)
  expect(mintTimeOf(id)).toBe(mintedMs)
  expect(bytesToHex(sha256(hexToBytes(vector.hashed)))).toBe(vector.hash)
})

describe.each(vectors.envelopes)('the envelope of $name', (vector) => {
  const message = fromJson(vector.fields) as AuthoredMessage
  const opened = openEnvelope(hexToBytes(vector.sealed))

  test('is read to its fields (SPEC 3.7, 8.1)', () => {
    expect(opened.message).toEqual(message)
    const { kind } = vector
    expect(decodeContent({ kind, payload: hexToBytes(vector.payload) })).toEqual(message.content)
  })

  test('is made of its fields (SPEC 3.1, 3.7, 8.1)', () => {
    const { kind, payload } = encodeContent(message.content)
    expect([kind, bytesToHex(payload)]).toEqual([vector.kind, vector.payload])
    expect(bytesToHex(envelopeSignedBytes(message))).toBe(vector.signed)
    expect(vector.signed).toBe(bytesToHex(new TextEncoder().encode('gigi/envelope/1')) + vector.body)
    expect(bytesToHex(sealEnvelope(message, hexToBytes(vector.signature)))).toBe(vector.sealed)
  })

  test('is signed by its author (SPEC 2.3, 3.1)', () => {
    expect(bytesToHex(opened.signed)).toBe(vector.signed)
    expect(bytesToHex(opened.signature)).toBe(vector.signature)
    expect(verifies(opened.signature, opened.signed, keyOfPeerId(message.author))).toBe(true)
  })
})

test.each(vectors.forged)('an envelope that is $reason does not verify (SPEC 2.3)', ({ sealed }) => {
  const { message, signature, signed } = openEnvelope(hexToBytes(sealed))
  expect(verifies(signature, signed, keyOfPeerId(message.author))).toBe(false)
})

test('starts are signed, and the newest wins (SPEC 12.1, 12.2)', () => {
  const starts = vectors.starts.map(({ fields }) => fromJson(fields) as Start)
  const key = hexToBytes(vectors.identities[0]?.publicKey ?? '')
  for (const [i, start] of starts.entries()) {
    expect(bytesToHex(startSignedBytes(start))).toBe(vectors.starts[i]?.signed)
    expect(verifies(start.signature, startSignedBytes(start), key)).toBe(true)
    for (const [j, other] of starts.entries()) expect(isNewerStart(start, other)).toBe(i > j)
  }
})

test.each(vectors.frames)('the frame $name is read and made (SPEC 9.1)', ({ fields, bytes }) => {
  const frame = fromJson(fields) as Frame
  expect(decodeFrame(hexToBytes(bytes))).toEqual(frame)
  expect(bytesToHex(encodeFrame(frame))).toBe(bytes)
})

test.each(vectors.tolerated)('$reason is put up with (SPEC $rule)', ({ fields, bytes }) => {
  expect(decodeFrame(hexToBytes(bytes))).toEqual(fromJson(fields))
})

test.each(vectors.framing)('a frame of $length bytes has its length before it (SPEC 1.2)', (vector) => {
  const frame = new Uint8Array(vector.length)
  const bytes = frameBytes(frame)
  expect(bytesToHex(bytes.subarray(0, bytes.length - frame.length))).toBe(vector.prefix)
  const read = [...new FrameReader(MAX_SYNC_FRAME_BYTES).push(bytes)]
  expect(read.map((whole) => whole.length)).toEqual([vector.length])
})

test.each(vectors.clocks)('after $seen at $now comes $next (SPEC 3.4)', (vector) => {
  expect(next(vector.seen, vector.now)).toEqual(vector.next)
})

test('messages stand in the order of their keys (SPEC 3.4)', () => {
  const keys = vectors.order.map(({ author, ...time }) => orderKey(time, author))
  expect(keys).toEqual(vectors.order.map(({ key }) => key))
  expect([...keys].sort()).toEqual(keys)
})

test.each(vectors.invites)(
  'an invite link $name is read and made, and is signed (SPEC 6.2, 6.4)',
  (vector) => {
    const { base, link, signature, signed } = vector
    const invite = fromJson(vector.fields) as Invite
    const opened = openInvite(link)
    expect(opened.invite).toEqual(invite)
    expect(bytesToHex(opened.signed)).toBe(signed)
    expect(bytesToHex(inviteSignedBytes(invite))).toBe(signed)
    expect(inviteLink(base, invite, hexToBytes(signature))).toBe(link)
    expect(verifies(opened.signature, opened.signed, keyOfPeerId(invite.peer))).toBe(true)
  },
)

test('presence tokens and frames are read and made (SPEC 7.1, 7.4)', () => {
  const { token, requests, news } = vectors.presence
  expect(inviteToken(hexToBytes(token.secret))).toBe(toBase64url(hexToBytes(token.token)))
  for (const { fields, bytes } of requests) {
    expect(decodeRequest(hexToBytes(bytes))).toEqual(fromJson(fields))
    expect(bytesToHex(encodeRequest(fromJson(fields) as PresenceRequest))).toBe(bytes)
  }
  for (const { fields, bytes } of news) {
    const said = fromJson(fields) as PresenceNews
    expect(decodeNews(hexToBytes(bytes))).toEqual(said)
    expect(bytesToHex(said.type === 'rival' ? encodeRival(said.start) : encodePresence(said.changes))).toBe(
      bytes,
    )
  }
})

test('nearby records and frames are read and made (SPEC 7.2, 7.6)', () => {
  const { record, requests, news } = vectors.nearby
  const fields = fromJson(record.fields) as NearbyRecord
  const opened = openNearbyRecord(hexToBytes(record.sealed))
  expect(opened.record).toEqual(fields)
  expect(bytesToHex(nearbySignedBytes(opened.body))).toBe(record.signed)
  expect(bytesToHex(sealNearbyRecord(nearbyBody(fields), hexToBytes(record.signature)))).toBe(record.sealed)
  expect(verifies(opened.signature, nearbySignedBytes(opened.body), keyOfPeerId(fields.peer))).toBe(true)
  for (const { fields, bytes } of requests) {
    expect(decodeNearbyRequest(hexToBytes(bytes))).toEqual(fromJson(fields))
    expect(bytesToHex(encodeNearbyRequest(fromJson(fields) as NearbyRequest))).toBe(bytes)
  }
  for (const { fields, bytes } of news) {
    expect(decodeNearbyNews(hexToBytes(bytes))).toEqual(fromJson(fields))
    expect(bytesToHex(encodeNearbyNews(fromJson(fields) as NearbyNews))).toBe(bytes)
  }
})

const READERS: Readonly<Record<MalformedKind, (bytes: Uint8Array) => unknown>> = {
  cbor: decode,
  frame: decodeFrame,
  envelope: openEnvelope,
  stream: (bytes) => [...new FrameReader(MAX_SYNC_FRAME_BYTES).push(bytes)],
  invite: (bytes) => openInvite(toBase64url(bytes)),
  presence: decodeRequest,
  nearby: openNearbyRecord,
}

test.each(vectors.malformed)('$kind: $reason is malformed (SPEC $rule)', ({ kind, bytes }) => {
  expect(() => READERS[kind](hexToBytes(bytes))).toThrow(MalformedError)
})
