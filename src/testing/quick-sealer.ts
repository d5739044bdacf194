/**
 * The Sealer port for simulations: HPKE as RFC 9180 says it, step by step, by Node's own primitives. It answers in the same
 * turn and draws from the person's randomness, so that a simulation takes the same course each time.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { BACKUP_NONCE_BYTES, backupKey, decodeBackup, encodeBackup } from '../protocol/backup.ts'
import { LaterVersionError, MalformedError } from '../protocol/cbor.ts'
import { keyOfPeerId, toBase64url } from '../protocol/identifiers.ts'
import { LETTER_INFO } from '../protocol/letter.ts'
import type { PrekeyPair, Sealer } from '../sync/ports.ts'
import type { Person } from './people.ts'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const TAG_BYTES = 16
const KEM_ID = Buffer.from([0, 0x20])
const KDF_ID = Buffer.from([0, 1])
/** AES-256-GCM, and AES-128-GCM for the vector of the RFC. */
const AEADS = {
  32: { id: Buffer.from([0, 2]), name: 'aes-256-gcm' },
  16: { id: Buffer.from([0, 1]), name: 'aes-128-gcm' },
} as const

const privateKeyOf = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' })
const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: toBase64url(raw) }, format: 'jwk' })

function pairOf(privateKey: Uint8Array): PrekeyPair {
  const { x } = createPublicKey(privateKeyOf(privateKey)).export({ format: 'jwk' })
  return { publicKey: new Uint8Array(Buffer.from(x ?? '', 'base64url')), privateKey }
}

/** Key and nonce of both sides (RFC 9180, 4.1 and 5.1, base mode), from what Diffie and Hellman give them. */
function schedule(
  dh: Uint8Array,
  enc: Uint8Array,
  recipient: Uint8Array,
  info: Uint8Array,
  keyBytes: 16 | 32,
) {
  const kem = Buffer.concat([Buffer.from('KEM'), KEM_ID])
  const hpke = Buffer.concat([Buffer.from('HPKE'), KEM_ID, KDF_ID, AEADS[keyBytes].id])
  const ikm = (suite: Buffer, label: string, value: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), value])
  const expandInfo = (suite: Buffer, label: string, context: Uint8Array, length: number): Buffer =>
    Buffer.concat([Buffer.from([0, length]), ikm(suite, label, context)])
  const empty = new Uint8Array()
  const context = Buffer.concat([enc, recipient])
  const shared = new Uint8Array(
    hkdfSync('sha256', ikm(kem, 'eae_prk', dh), empty, expandInfo(kem, 'shared_secret', context, 32), 32),
  )
  const hashOf = (label: string, value: Uint8Array): Buffer =>
    createHmac('sha256', empty)
      .update(ikm(hpke, label, value))
      .digest()
  const mode = Buffer.concat([Buffer.from([0]), hashOf('psk_id_hash', empty), hashOf('info_hash', info)])
  const derive = (label: string, length: number): Uint8Array =>
    new Uint8Array(
      hkdfSync('sha256', ikm(hpke, 'secret', empty), shared, expandInfo(hpke, label, mode, length), length),
    )
  return { name: AEADS[keyBytes].name, key: derive('key', keyBytes), nonce: derive('base_nonce', 12) }
}

interface Opener {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm'
  readonly key: Uint8Array
  readonly nonce: Uint8Array
}

function encrypt({ name, key, nonce }: Opener, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, key, nonce).setAAD(aad)
  return new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
}

function decrypt({ name, key, nonce }: Opener, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
  if (ciphertext.length < TAG_BYTES) return null
  const decipher = createDecipheriv(name, key, nonce).setAAD(aad)
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES))
  const start = decipher.update(ciphertext.subarray(0, -TAG_BYTES))
  try {
    return new Uint8Array(Buffer.concat([start, decipher.final()]))
  } catch {
    // Node throws the same error for all that does not open.
    return null
  }
}

/** Seals with this ephemeral private key. Throws when the recipient's is no key. */
export function sealWith(
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  keyBytes: 16 | 32 = 32,
) {
  const enc = pairOf(ephemeral).publicKey
  const dh = diffieHellman({ privateKey: privateKeyOf(ephemeral), publicKey: publicKeyOf(recipient) })
  return { enc, ciphertext: encrypt(schedule(dh, enc, recipient, info, keyBytes), aad, plaintext) }
}

/** The same person's randomness gives the same keys. */
export function quickSealer({ entropy, peerId, random }: Person): Sealer {
  const info = Buffer.from(LETTER_INFO)
  const owner = keyOfPeerId(peerId)
  const key = backupKey(entropy)
  return {
    newPrekey: () => Promise.resolve(pairOf(random.bytes(32))),
    seal: (prekey, aad, plaintext) => {
      try {
        return Promise.resolve(sealWith(random.bytes(32), prekey, info, aad, plaintext))
      } catch (error) {
        return Promise.reject(new MalformedError('prekey: nothing can be sealed to it', { cause: error }))
      }
    },
    open: ({ privateKey, publicKey }, aad, { enc, ciphertext }) => {
      const secret = privateKeyOf(privateKey)
      let dh: Uint8Array
      try {
        dh = diffieHellman({ privateKey: secret, publicKey: publicKeyOf(enc) })
      } catch {
        // Node throws for what is no key, or one that gives everyone the same secret.
        return Promise.resolve(null)
      }
      return Promise.resolve(decrypt(schedule(dh, enc, publicKey, info, 32), aad, ciphertext))
    },
    sealBackup: (plaintext) => {
      const nonce = random.bytes(BACKUP_NONCE_BYTES)
      const ciphertext = encrypt({ name: 'aes-256-gcm', key, nonce }, owner, plaintext)
      return Promise.resolve(encodeBackup({ nonce, ciphertext }))
    },
    openBackup: (blob) => {
      try {
        const { nonce, ciphertext } = decodeBackup(blob)
        return Promise.resolve(decrypt({ name: 'aes-256-gcm', key, nonce }, owner, ciphertext))
      } catch (error) {
        if (error instanceof LaterVersionError) return Promise.reject(error)
        if (error instanceof MalformedError) return Promise.resolve(null)
        throw error
      }
    },
  }
}
