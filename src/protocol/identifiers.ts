/** Identifiers as bytes: how each is made, written and read back (SPEC 2.1, 2.4, 2.5, 3.2). */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { base58, base64urlnopad } from '@scure/base'
import { type ConversationId, isPeerId, type MessageId, type PeerId } from '../domain/ids.ts'
import { MalformedError, sameBytes } from './cbor.ts'
import { remembered } from './remembered.ts'

export const toBase64url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes)

/** Throws MalformedError when `text` is not base64url without padding. */
export function fromBase64url(text: string): Uint8Array {
  try {
    return base64urlnopad.decode(text)
  } catch (error) {
    throw new MalformedError('not base64url', { cause: error })
  }
}

// A peer id is the identity multihash (00, length 24 hex) of a protobuf with key type Ed25519 (08 01) and the
// 32 bytes of the key (12 20): libp2p peer-ids specification.
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** People whose keys are kept in both forms: base 58 is slow, and many messages are by the same few. */
const REMEMBERED_PEERS = 1_000

/** The peer id of an Ed25519 public key of 32 bytes. */
export const peerIdOfKey = (key: Uint8Array): PeerId => peerIdOfText(String.fromCharCode(...key))

const peerIdOfText = remembered(REMEMBERED_PEERS, (key) => {
  const multihash = new Uint8Array(PEER_ID_PREFIX.length + key.length)
  multihash.set(PEER_ID_PREFIX)
  for (let i = 0; i < key.length; i++) multihash[PEER_ID_PREFIX.length + i] = key.charCodeAt(i)
  return base58.encode(multihash) as PeerId
})

/** The Ed25519 public key in a peer id. Throws MalformedError when there is none. */
export const keyOfPeerId = (peerId: string): Uint8Array => keyOfText(peerId).slice()

const keyOfText = remembered(REMEMBERED_PEERS, (peerId) => {
  if (!isPeerId(peerId)) throw new MalformedError('not an Ed25519 peer id')
  const multihash = base58.decode(peerId)
  if (multihash.length !== 38 || !sameBytes(multihash.subarray(0, 6), PEER_ID_PREFIX))
    throw new MalformedError('not an Ed25519 peer id')
  return multihash.slice(6)
})

const utf8 = new TextEncoder()

/** SHA-256 of a domain string and the parts after it. Parts are of fixed length or come last. */
export const hashOf = (domain: string, ...parts: Uint8Array[]): Uint8Array =>
  sha256(concatBytes(utf8.encode(domain), ...parts))

/** The conversation of two peers: SHA-256 of `gigi/direct/1` and both peer ids as text, the lesser first. */
export function directConversationId(a: PeerId, b: PeerId): ConversationId {
  const [first, second] = a < b ? [a, b] : [b, a]
  return toBase64url(hashOf('gigi/direct/1', utf8.encode(first), utf8.encode(second))) as ConversationId
}

/**
 * A message id: UUID version 8 with the mint time (48 bits of milliseconds) and then 74 bits of SHA-256 over
 * author, conversation and nonce, so that nobody can take another's id first.
 */
export function mintMessageId(
  mintedMs: number,
  author: PeerId,
  conversation: ConversationId,
  nonce: Uint8Array,
): MessageId {
  const id = new Uint8Array(16)
  for (let i = 5, rest = mintedMs; i >= 0; i--, rest = Math.floor(rest / 256)) id[i] = rest % 256
  const hash = hashOf('gigi/message-id/1', keyOfPeerId(author), nonce, fromBase64url(conversation))
  id.set(hash.subarray(0, 10), 6)
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80
  return uuidText(id)
}

/** The mint time in a message id: milliseconds since the Unix epoch. */
export const mintTimeOf = (id: MessageId): number => parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

export function uuidText(bytes: Uint8Array): MessageId {
  const hex = bytesToHex(bytes)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join('-') as MessageId
}

export const uuidBytes = (id: MessageId): Uint8Array => hexToBytes(id.replaceAll('-', ''))
