/** Ed25519 by WebCrypto: off the main thread, and as strict as what clients verify with. */
import type { Verify } from './mailbox.ts'

export const verifySignature: Verify = async (key, signature, signed) => {
  let imported: CryptoKey
  try {
    imported = await crypto.subtle.importKey('raw', key.slice(), 'Ed25519', false, ['verify'])
  } catch (error) {
    // What is no point of the curve has signed nothing.
    if (error instanceof DOMException) return false
    throw error
  }
  return await crypto.subtle.verify('Ed25519', imported, signature.slice(), signed)
}
