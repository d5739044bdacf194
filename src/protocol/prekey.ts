/**
 * Prekeys (SPEC 18.6): the key of the day that an owner publishes at its mailbox, and that mail is sealed to. A prekey is
 * [body, signature]; the body is
 *
 *   [version, owner's key, X25519 public key, made (ms since the epoch)]
 *
 * and the Ed25519 signature is over `gigi/prekey/1` and the body.
 */
import type { PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { keyOfPeerId, peerIdOfKey } from './identifiers.ts'
import { MAX_PREKEY_BYTES } from './limits.ts'
import { bytes, fixedBytes, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

const VERSION = 1
const DOMAIN = 'gigi/prekey/1'

export interface Prekey {
  readonly owner: PeerId
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Milliseconds since the Unix epoch, by the owner's clock. */
  readonly made: number
}

export interface OpenedPrekey {
  readonly prekey: Prekey
  /** What the owner's signature must be over, and the signature: not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

const bodyOf = ({ owner, publicKey, made }: Prekey): Uint8Array =>
  encode([VERSION, keyOfPeerId(owner), publicKey, made])

export const prekeySignedBytes = (prekey: Prekey): Uint8Array<ArrayBuffer> =>
  signedBytes(DOMAIN, bodyOf(prekey))

export const sealPrekey = (prekey: Prekey, signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  encode([bodyOf(prekey), signature])

/** Reads a prekey; the caller verifies the signature over `signed` by the owner's key. Throws MalformedError. */
export function openPrekey(sealed: Uint8Array): OpenedPrekey {
  if (sealed.length > MAX_PREKEY_BYTES) throw new MalformedError(`prekey of ${sealed.length} bytes`)
  const [body, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_PREKEY_BYTES), fixedBytes(64))(
    decode(sealed),
    'prekey',
  )
  const [, owner, publicKey, made] = tuple<[number, Uint8Array, Uint8Array, number]>(
    uint(VERSION, VERSION),
    fixedBytes(32),
    fixedBytes(32),
    uint(MAX_TIME_MS),
  )(decode(body), 'prekey')
  return {
    prekey: { owner: peerIdOfKey(owner), publicKey, made },
    signed: signedBytes(DOMAIN, body),
    signature,
  }
}
