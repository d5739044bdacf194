/** An identity's 16 bytes as the 12 words of BIP-39 (SPEC 2.1; English list), the last of which carries a check. */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { ENTROPY_BYTES } from './identity.ts'

export const phraseOf = (entropy: Uint8Array): string => entropyToMnemonic(entropy, wordlist)

/** The bytes of a phrase as a person types it, or null when it is not 12 words of the list with a right check. */
export function entropyOf(phrase: string): Uint8Array | null {
  const words = phrase.normalize('NFKD').toLowerCase().trim().split(/\s+/u).join(' ')
  try {
    const entropy = mnemonicToEntropy(words, wordlist)
    return entropy.length === ENTROPY_BYTES ? entropy : null
  } catch {
    return null
  }
}
