/**
 * The Crypto port: Ed25519 by WebCrypto, off the main thread; by @noble/curves where the browser has none, or
 * where its signatures are not the same each time (RFC 8032 says they are; WebKit's are not).
 */
import { remembered } from '../protocol/remembered.ts'
import type { Crypto as CryptoPort } from '../sync/ports.ts'

const PKCS8_PREFIX = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
)
// What RFC 8032 says and WebCrypto does: all peers judge a signature alike.
const STRICT = { zip215: false }
const PROBE = new Uint8Array(32)

/** Signs with a 32-byte Ed25519 seed. */
export async function createCrypto(seed: Uint8Array): Promise<CryptoPort> {
  return { sign: await createSigner(seed), verify: await createVerifier() }
}

async function createSigner(seed: Uint8Array): Promise<CryptoPort['sign']> {
  const key = await importSigningKey(seed)
  if (key !== null) {
    const sign = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', key, bytes))
    const [first, second] = [await sign(PROBE), await sign(PROBE)]
    if (first.every((byte, i) => byte === second[i])) return sign
  }
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  return (bytes) => Promise.resolve(ed25519.sign(bytes, seed))
}

/** Verifies by whichever of the two this browser has. */
export async function createVerifier(): Promise<CryptoPort['verify']> {
  if ((await importSigningKey(PROBE)) !== null) return verifyNatively
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  return (key, signature, bytes) => {
    try {
      return Promise.resolve(ed25519.verify(signature, bytes, key, STRICT))
    } catch {
      // The library throws for what is no point of the curve: such a key has signed nothing.
      return Promise.resolve(false)
    }
  }
}

async function verifyNatively(
  key: Uint8Array,
  signature: Uint8Array,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const imported = await verifyingKey(String.fromCharCode(...key))
    return await crypto.subtle.verify('Ed25519', imported, signature.slice(), bytes)
  } catch {
    // A key that cannot be imported has signed nothing.
    return false
  }
}

/** Keys of those who wrote of late: importing one takes a third as long as verifying by it. */
const verifyingKey = remembered(1_000, (key) =>
  crypto.subtle.importKey(
    'raw',
    Uint8Array.from(key, (character) => character.charCodeAt(0)),
    'Ed25519',
    false,
    ['verify'],
  ),
)

async function importSigningKey(seed: Uint8Array): Promise<CryptoKey | null> {
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...seed])
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') return null
    throw error
  }
}
