/**
 * Letters (SPEC 19.1 to 19.3): what is left in a mailbox for someone who is away. A letter is [body, signature]; the body is
 *
 *   [version, sender's key, recipient's key, written (ms since the epoch), [frame, …]]
 *
 * and the Ed25519 signature, the sender's, is over `gigi/letter/1` and the body. Padded and sealed to the recipient's
 * prekey it is the ciphertext of an item:
 *
 *   [version, prekey id, enc, ciphertext]
 *
 * so that a mailbox sees neither who wrote nor how much, within a class of sizes.
 */
import type { PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'
import type { Card, Frame, GrantFrame, Push, Summary } from './frames.ts'
import { fromBase64url, hashOf, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  MAX_FRAMES_PER_LETTER,
  MAX_ITEM_BYTES,
  MAX_PADDED_LETTER_BYTES,
  MAX_SYNC_FRAME_BYTES,
} from './limits.ts'
import type { ItemId } from './mailbox.ts'
import { bytes, fixedBytes, list, refuseLater, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

const VERSION = 1
const DOMAIN = 'gigi/letter/1'

/** The `info` of what seals letters (SPEC 19.3). */
export const LETTER_INFO = DOMAIN

/** What a letter can say. */
export type LetterFrame = Card | GrantFrame | Summary | Push

export interface Letter {
  readonly sender: PeerId
  readonly recipient: PeerId
  /** Milliseconds since the Unix epoch, by the sender's clock. */
  readonly written: number
  /** In the order in which they count; at most MAX_FRAMES_PER_LETTER. */
  readonly frames: readonly LetterFrame[]
}

export interface OpenedLetter {
  readonly letter: Letter
  /** What the sender's signature must be over, and the signature: not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

const bodyOf = ({ sender, recipient, written, frames }: Letter): Uint8Array =>
  encode([VERSION, keyOfPeerId(sender), keyOfPeerId(recipient), written, frames.map(encodeFrame)])

/** What the sender signs. The same letter gives the same bytes each time. */
export const letterSignedBytes = (letter: Letter): Uint8Array<ArrayBuffer> =>
  signedBytes(DOMAIN, bodyOf(letter))

/** The letter and its signature, ready to be padded. */
export const sealLetter = (letter: Letter, signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  encode([bodyOf(letter), signature])

const body = tuple<[number, Uint8Array, Uint8Array, number, Uint8Array[]]>(
  uint(VERSION, VERSION),
  fixedBytes(32),
  fixedBytes(32),
  uint(MAX_TIME_MS),
  list(bytes(MAX_SYNC_FRAME_BYTES), MAX_FRAMES_PER_LETTER),
)

/**
 * Reads a letter, without its padding, that `recipient` has opened. Frames that letters do not say are left out (SPEC
 * 19.4). Throws MalformedError, also when it is addressed to someone else, or any frame in it is malformed; LaterVersionError
 * for one that a later version of this app has written.
 */
export function openLetter(sealed: Uint8Array, recipient: PeerId): OpenedLetter {
  const [bodyBytes, signature] = tuple<[Uint8Array, Uint8Array]>(
    bytes(MAX_PADDED_LETTER_BYTES),
    fixedBytes(64),
  )(decode(sealed), 'letter')
  const value = decode(bodyBytes)
  refuseLater(value, VERSION, 'letter')
  const [, senderKey, recipientKey, written, frames] = body(value, 'letter')
  // A letter that was sealed to its true recipient could be sealed by that one to another.
  if (peerIdOfKey(recipientKey) !== recipient) throw new MalformedError('letter: addressed to someone else')
  return {
    letter: {
      sender: peerIdOfKey(senderKey),
      recipient,
      written,
      frames: frames.map(decodeFrame).filter((frame) => frame !== null && isLetterFrame(frame)),
    },
    signed: signedBytes(DOMAIN, bodyBytes),
    signature,
  }
}

function isLetterFrame(frame: Frame): frame is LetterFrame {
  const { type } = frame
  return type === 'card' || type === 'grant' || type === 'summary' || type === 'push'
}

/** 8 bytes, base64url: which prekey opens an item. */
export type PrekeyId = string

export const prekeyId = (publicKey: Uint8Array): PrekeyId =>
  toBase64url(hashOf('gigi/prekey-id/1', publicKey).subarray(0, 8))

/** What is bound to a letter when it is sealed: whose it is, and the item that it is in. */
export function letterAad(recipient: PeerId, item: ItemId): Uint8Array<ArrayBuffer> {
  const aad = new Uint8Array(48)
  aad.set(keyOfPeerId(recipient))
  aad.set(fromBase64url(item), 32)
  return aad
}

/** A sealed letter as it lies in a mailbox. */
export interface Item {
  readonly prekey: PrekeyId
  /** HPKE's encapsulated key, 32 bytes. */
  readonly enc: Uint8Array
  readonly ciphertext: Uint8Array
}

export const itemOf = ({ prekey, enc, ciphertext }: Item): Uint8Array<ArrayBuffer> =>
  encode([VERSION, fromBase64url(prekey), enc, ciphertext])

/** Reads an item. Throws MalformedError; LaterVersionError for one that a later version of this app has made. */
export function openItem(bytesOfItem: Uint8Array): Item {
  if (bytesOfItem.length > MAX_ITEM_BYTES) throw new MalformedError(`item of ${bytesOfItem.length} bytes`)
  const value = decode(bytesOfItem)
  refuseLater(value, VERSION, 'item')
  const [, prekey, enc, ciphertext] = tuple<[number, Uint8Array, Uint8Array, Uint8Array]>(
    uint(VERSION, VERSION),
    fixedBytes(8),
    fixedBytes(32),
    bytes(MAX_ITEM_BYTES),
  )(value, 'item')
  return { prekey: toBase64url(prekey), enc, ciphertext }
}
