/** The peer id of an identity (SPEC 2.1). Apart from `identity.ts`, since the curve is the largest code of the protocol. */
import { ed25519 } from '@noble/curves/ed25519.js'
import type { PeerId } from '../domain/ids.ts'
import { peerIdOfKey } from './identifiers.ts'
import { signingSeed } from './identity.ts'

export const peerIdOfEntropy = (entropy: Uint8Array): PeerId =>
  peerIdOfKey(ed25519.getPublicKey(signingSeed(entropy)))
