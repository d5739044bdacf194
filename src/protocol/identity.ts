/**
 * An identity is 16 random bytes (SPEC 2.1). HKDF-SHA-256 makes of them the seed of an Ed25519 key, whose public half is
 * the peer id; other keys can be made of the same bytes under other names.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'

/** Bytes of an identity: 12 words of a recovery phrase. */
export const ENTROPY_BYTES = 16

const utf8 = new TextEncoder()

/** The 32-byte Ed25519 seed (private key) of an identity. */
export const signingSeed = (entropy: Uint8Array): Uint8Array =>
  hkdf(sha256, entropy, undefined, utf8.encode('gigi/identity/1'), 32)
