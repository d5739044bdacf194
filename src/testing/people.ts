/** People for tests: an identity, its keys, and a database of their own in memory. */
import { createPrivateKey, sign, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { keyOfPeerId, peerIdOfKey, toBase64url } from '../protocol/identifiers.ts'
import { signingSeed } from '../protocol/identity.ts'
import { createIdentity } from '../store/identity.ts'
import { GigiDatabase } from '../store/schema.ts'
import type { Crypto } from '../sync/ports.ts'
import { SeededRandom } from './fake-world.ts'

export interface Person {
  readonly nickname: string
  readonly peerId: PeerId
  readonly entropy: Uint8Array
  readonly seed: Uint8Array
  readonly crypto: Crypto
  readonly random: SeededRandom
}

/** The same person each time for the same number. */
export function person(nickname: string, number: number): Person {
  const random = new SeededRandom(number)
  const entropy = random.bytes(16)
  const seed = signingSeed(entropy)
  const crypto: Crypto = {
    sign: (bytes) => Promise.resolve(ed25519.sign(bytes, seed)),
    verify: (key, signature, bytes) => {
      try {
        return Promise.resolve(ed25519.verify(signature, bytes, key, { zip215: false }))
      } catch {
        return Promise.resolve(false)
      }
    },
  }
  return { nickname, peerId: peerIdOfKey(ed25519.getPublicKey(seed)), entropy, seed, crypto, random }
}

/** The same as `person`, but Node signs and verifies: for tests that do little else. */
export function quickPerson(nickname: string, number: number): Person {
  const who = person(nickname, number)
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: toBase64url(keyOfPeerId(who.peerId)),
    d: toBase64url(who.seed),
  }
  const secret = createPrivateKey({ key: jwk, format: 'jwk' })
  const crypto: Crypto = {
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, secret))),
    verify: (key, signature, bytes) => {
      const theirs = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(key) }
      try {
        return Promise.resolve(verify(null, bytes, { key: theirs, format: 'jwk' }, signature))
      } catch {
        return Promise.resolve(false)
      }
    },
  }
  return { ...who, crypto }
}

let databases = 0

/** An empty database with the person's identity in it. The test file imports `fake-indexeddb/auto`. */
export async function databaseOf(someone: Person, now: number): Promise<GigiDatabase> {
  const db = new GigiDatabase(`test-${String(++databases)}`)
  await createIdentity(db, {
    peerId: someone.peerId,
    nickname: someone.nickname,
    entropy: someone.entropy,
    installationId: toBase64url(someone.random.bytes(16)) as InstallationId,
    now,
  })
  return db
}

/** A copy of a database as it is now: what a backup of the profile would bring back. */
export async function copyOf(db: GigiDatabase): Promise<GigiDatabase> {
  const copy = new GigiDatabase(`test-${String(++databases)}`)
  for (const table of db.tables) await copy.table(table.name).bulkAdd(await table.toArray())
  return copy
}
