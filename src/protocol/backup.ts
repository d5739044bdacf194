/**
 * What an identity keeps of itself at its mailbox (SPEC 20.1): [version, nonce, ciphertext], sealed with AES-256-GCM under
 * a key that comes from the identity, so that its recovery phrase is enough to read it.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { decode, encode, MalformedError } from './cbor.ts'
import { MAX_ITEM_BYTES } from './limits.ts'
import { bytes, fixedBytes, refuseLater, tuple, uint } from './shape.ts'

const VERSION = 1
/** Bytes of the nonce: what AES-GCM takes. */
export const BACKUP_NONCE_BYTES = 12

const utf8 = new TextEncoder()

/** The 32-byte key of an identity's backups. */
export const backupKey = (entropy: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(hkdf(sha256, entropy, undefined, utf8.encode('gigi/backup/1'), 32))

export interface Backup {
  /** BACKUP_NONCE_BYTES random bytes. */
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
}

export const encodeBackup = ({ nonce, ciphertext }: Backup): Uint8Array<ArrayBuffer> =>
  encode([VERSION, nonce, ciphertext])

/** Throws MalformedError; LaterVersionError for one that a later version of this app has made. */
export function decodeBackup(blob: Uint8Array): Backup {
  if (blob.length > MAX_ITEM_BYTES) throw new MalformedError(`backup of ${blob.length} bytes`)
  const value = decode(blob)
  refuseLater(value, VERSION, 'backup')
  const [, nonce, ciphertext] = tuple<[number, Uint8Array, Uint8Array]>(
    uint(VERSION, VERSION),
    fixedBytes(BACKUP_NONCE_BYTES),
    bytes(MAX_ITEM_BYTES),
  )(value, 'backup')
  return { nonce, ciphertext }
}
