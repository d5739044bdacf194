/**
 * Grants (SPEC 18.4, 18.5): an owner's word that someone may deposit mail for it. A grant is [body, signature]; the body is
 *
 *   [version, owner's key, grant id, holder or null, ends (ms since the epoch)]
 *
 * and the Ed25519 signature is over `gigi/grant/1` and the body. The holder is a hash, so that a grant that is read
 * later names nobody; null is whoever has the grant.
 */
import type { PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { decode, encode, MalformedError, sameBytes } from './cbor.ts'
import { fromBase64url, hashOf, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import { MAX_GRANT_BYTES } from './limits.ts'
import { bytes, fixedBytes, nullable, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

const VERSION = 1
const DOMAIN = 'gigi/grant/1'

/** 16 bytes, base64url. */
export type GrantId = string

export interface Grant {
  readonly owner: PeerId
  readonly id: GrantId
  /** `holderOf` the one who may use it, 32 bytes; null: whoever has it. */
  readonly holder: Uint8Array | null
  /** Milliseconds since the Unix epoch. */
  readonly ends: number
}

export interface OpenedGrant {
  readonly grant: Grant
  /** What the owner's signature must be over, and the signature: not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

const bodyOf = ({ owner, id, holder, ends }: Grant): Uint8Array =>
  encode([VERSION, keyOfPeerId(owner), fromBase64url(id), holder, ends])

export const grantSignedBytes = (grant: Grant): Uint8Array<ArrayBuffer> => signedBytes(DOMAIN, bodyOf(grant))

export const sealGrant = (grant: Grant, signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  encode([bodyOf(grant), signature])

/** Reads a grant; the caller verifies the signature over `signed` by the owner's key. Throws MalformedError. */
export function openGrant(sealed: Uint8Array): OpenedGrant {
  if (sealed.length > MAX_GRANT_BYTES) throw new MalformedError(`grant of ${sealed.length} bytes`)
  const [body, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_GRANT_BYTES), fixedBytes(64))(
    decode(sealed),
    'grant',
  )
  const [, owner, id, holder, ends] = tuple<[number, Uint8Array, Uint8Array, Uint8Array | null, number]>(
    uint(VERSION, VERSION),
    fixedBytes(32),
    fixedBytes(16),
    nullable(fixedBytes(32)),
    uint(MAX_TIME_MS),
  )(decode(body), 'grant')
  return {
    grant: { owner: peerIdOfKey(owner), id: toBase64url(id), holder, ends },
    signed: signedBytes(DOMAIN, body),
    signature,
  }
}

/** What names `peer` as the holder of the grant with this id: 32 bytes. */
export const holderOf = (id: GrantId, peer: PeerId): Uint8Array =>
  hashOf('gigi/grant-holder/1', fromBase64url(id), keyOfPeerId(peer))

/** Whether the grant, if it is the owner's and not revoked, holds for `peer` at `now` (milliseconds since the Unix epoch). */
export const grantHolds = ({ id, holder, ends }: Grant, peer: PeerId, now: number): boolean =>
  now < ends && (holder === null || sameBytes(holder, holderOf(id, peer)))

/** The id of the grant that an invite link brings, from the invite's secret (16 bytes). */
export const inviteGrantId = (secret: Uint8Array): GrantId =>
  toBase64url(hashOf('gigi/invite-grant/1', secret).subarray(0, 16))

/** The grant that an invite link brings: for whoever has the link, as long as it is good. `secret` is base64url. */
export const inviteGrant = (owner: PeerId, secret: string, expires: number): Grant => ({
  owner,
  id: inviteGrantId(fromBase64url(secret)),
  holder: null,
  ends: expires,
})
