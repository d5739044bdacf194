/** What the tests of the mailbox share: people who sign grants and prekeys. Benches use it too. */
import { createPrivateKey, sign } from 'node:crypto'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { PeerId } from '../../src/domain/ids.ts'
import { type Grant, grantSignedBytes, holderOf, sealGrant } from '../../src/protocol/grant.ts'
import { peerIdOfKey, toBase64url } from '../../src/protocol/identifiers.ts'
import { type Prekey, prekeySignedBytes, sealPrekey } from '../../src/protocol/prekey.ts'

export interface Owner {
  readonly peerId: PeerId
  readonly privateKey: Ed25519PrivateKey
  /** A sealed grant of this owner; for that holder, or for whoever has it. */
  readonly grant: (holder: PeerId | null, fields?: Partial<Grant>) => Uint8Array
  readonly prekey: (fields?: Partial<Prekey>) => Uint8Array
}

/** 16 bytes that are the same each time for the same number. */
export const idOf = (n: number): string =>
  toBase64url(Uint8Array.from({ length: 16 }, (_, i) => (i < 4 ? n >>> (8 * i) : 0) & 255))

/** The same person each time for the same number. */
export async function ownerOf(n: number): Promise<Owner> {
  const seed = new Uint8Array(32).fill(n)
  const key = ed25519.getPublicKey(seed)
  const peerId = peerIdOfKey(key)
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(key), d: toBase64url(seed) }
  const secret = createPrivateKey({ key: jwk, format: 'jwk' })
  const signed = (bytes: Uint8Array): Uint8Array => new Uint8Array(sign(null, bytes, secret))
  return {
    peerId,
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    grant: (holder, fields = {}) => {
      const id = fields.id ?? idOf(n)
      const held = holder === null ? null : holderOf(id, holder)
      const grant: Grant = { owner: peerId, id, holder: held, ends: 2 ** 46, ...fields }
      return new Uint8Array(sealGrant(grant, signed(grantSignedBytes(grant))))
    },
    prekey: (fields = {}) => {
      const prekey: Prekey = { owner: peerId, publicKey: new Uint8Array(32).fill(n), made: 1, ...fields }
      return new Uint8Array(sealPrekey(prekey, signed(prekeySignedBytes(prekey))))
    },
  }
}
