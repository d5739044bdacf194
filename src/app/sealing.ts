/** The Sealer port: HPKE (RFC 9180) by @hpke/core, which has its X25519, HKDF and AES-GCM of WebCrypto; AES-GCM of WebCrypto. */
import {
  Aes256Gcm,
  CipherSuite,
  DecapError,
  DeserializeError,
  DhkemX25519HkdfSha256,
  EncapError,
  HkdfSha256,
  OpenError,
} from '@hpke/core'
import type { PeerId } from '../domain/ids.ts'
import { BACKUP_NONCE_BYTES, backupKey, decodeBackup, encodeBackup } from '../protocol/backup.ts'
import { LaterVersionError, MalformedError } from '../protocol/cbor.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { LETTER_INFO } from '../protocol/letter.ts'
import type { PrekeyPair, Sealed, Sealer } from '../sync/ports.ts'

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})
const info = new TextEncoder().encode(LETTER_INFO)

/**
 * Seals and opens for the identity `self` of these 16 bytes. Null where the browser has no X25519: there is no mail then,
 * and all else works.
 */
export async function createSealer(entropy: Uint8Array, self: PeerId): Promise<Sealer | null> {
  if (!(await hasX25519())) return null
  return { newPrekey, seal, open, ...(await createBackupSealer(entropy, self)) }
}

async function hasX25519(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey('X25519', false, ['deriveBits'])
    return true
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') return false
    throw error
  }
}

async function newPrekey(): Promise<PrekeyPair> {
  const { publicKey, privateKey } = await suite.kem.generateKeyPair()
  return {
    publicKey: new Uint8Array(await suite.kem.serializePublicKey(publicKey)),
    privateKey: new Uint8Array(await suite.kem.serializePrivateKey(privateKey)),
  }
}

async function seal(prekey: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed> {
  try {
    const recipientPublicKey = await importKey(prekey, true)
    const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plaintext, aad)
    return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) }
  } catch (error) {
    // Not 32 bytes; or one of the few that give everyone the same secret, which WebCrypto refuses.
    if (error instanceof DeserializeError || error instanceof EncapError)
      throw new MalformedError('prekey: nothing can be sealed to it', { cause: error })
    throw error
  }
}

async function open(pair: PrekeyPair, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array | null> {
  // Both halves: a browser may not be able to make the public one of the private one.
  const recipientKey = {
    publicKey: await importKey(pair.publicKey, true),
    privateKey: await importKey(pair.privateKey, false),
  }
  try {
    const { enc, ciphertext } = sealed
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, ciphertext, aad))
  } catch (error) {
    if (error instanceof DeserializeError || error instanceof DecapError || error instanceof OpenError)
      return null
    throw error
  }
}

const importKey = (key: Uint8Array, isPublic: boolean): Promise<CryptoKey> =>
  suite.kem.importKey('raw', new Uint8Array(key).buffer, isPublic)

async function createBackupSealer(
  entropy: Uint8Array,
  self: PeerId,
): Promise<Pick<Sealer, 'sealBackup' | 'openBackup'>> {
  const raw = backupKey(entropy)
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
  const additionalData = keyOfPeerId(self).slice()
  const algorithm = (iv: Uint8Array) => ({ name: 'AES-GCM', iv: iv.slice(), additionalData })
  return {
    sealBackup: async (plaintext) => {
      const nonce = crypto.getRandomValues(new Uint8Array(BACKUP_NONCE_BYTES))
      const ciphertext = await crypto.subtle.encrypt(algorithm(nonce), key, plaintext.slice())
      return encodeBackup({ nonce, ciphertext: new Uint8Array(ciphertext) })
    },
    openBackup: async (blob) => {
      try {
        const { nonce, ciphertext } = decodeBackup(blob)
        return new Uint8Array(await crypto.subtle.decrypt(algorithm(nonce), key, ciphertext.slice()))
      } catch (error) {
        if (error instanceof LaterVersionError) throw error
        if (error instanceof MalformedError || isOperationError(error)) return null
        throw error
      }
    },
  }
}

/** What WebCrypto says of a ciphertext that does not open. */
const isOperationError = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'OperationError'
