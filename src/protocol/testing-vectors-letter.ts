/** The test vectors of letters and backups (SPEC 19, 20), and what a reader must refuse of them. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { InstallationId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { SHELF } from '../domain/shelf.ts'
import { backupKey, encodeBackup } from './backup.ts'
import { type Cbor, encode } from './cbor.ts'
import { encodeFrame } from './frame-codec.ts'
import type { Card } from './frames.ts'
import { fromBase64url, toBase64url } from './identifiers.ts'
import {
  itemOf,
  type Letter,
  LETTER_INFO,
  letterAad,
  type LetterFrame,
  letterSignedBytes,
  prekeyId,
  sealLetter,
} from './letter.ts'
import { BACKUP_SIZES, LETTER_SIZES, MAX_FRAMES_PER_LETTER } from './limits.ts'
import { pad, unpad } from './padding.ts'
import { encodeProfile, type Profile } from './profile.ts'
import { alice, bob, frames, NOW, run, sign } from './testing-vectors-samples.ts'

const card: Card = { type: 'card', nickname: 'Alice', relays: [] }
const says = ['card', 'grant', 'summary of nothing', 'push'].map((name) => frames[name] as LetterFrame)
const letter: Letter = { sender: alice.peerId, recipient: bob.peerId, written: NOW, frames: says }
const signature = sign(alice, letterSignedBytes(letter))
const sealed = sealLetter(letter, signature)
const padded = pad(sealed)
const itemId = toBase64url(run(0x80, 16))

/** Sealed to `publicKey` by another implementation of HPKE (pyca/cryptography 48), for an item of Alice. */
const hpke = {
  privateKey: bytesToHex(run(0xd0, 32)),
  publicKey: '6b3ee67463583cbe3dc08fe9d0765c2666ff5210dd527c9d8705e44927c80d55',
  info: LETTER_INFO,
  aad: bytesToHex(letterAad(alice.peerId, itemId)),
  plaintext: bytesToHex(run(0x00, 32)),
  enc: 'bbb41cdcceefc53d3b04695634f1836136530d45c4aa44ea7cc4ea0a7a9cc218',
  ciphertext:
    '8cbc7ba4781380a6817df690208356b6b708368ff983315b9ff3883b92db6e30' + '9a0674743e50579bd3db852c3956e84d',
}
const publicKey = hexToBytes(hpke.publicKey)
const item = {
  prekey: prekeyId(publicKey),
  enc: hexToBytes(hpke.enc),
  ciphertext: hexToBytes(hpke.ciphertext),
}

/** By the same. */
const backupCiphertext =
  '4f0eb2f08791a46436b13bc2d91dca0080296703fd97b2bef9f9a417ff2b9c1a' + '676c95796fe7c2adac4c3a2c1a3adb1f'

const profile: Profile = {
  writer: { installation: toBase64url(run(0x90, 16)) as InstallationId, started: NOW },
  prekeyMade: NOW - 1,
  nickname: 'Alice',
  contacts: [
    {
      peer: bob.peerId,
      nickname: 'Bob',
      state: 'accepted',
      relays: ['/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW'],
      grantFrom: run(0xa0, 160),
      grantTo: { id: toBase64url(run(0xb0, 16)), ends: NOW + 2, sealed: run(0xa1, 160) },
      grantsBefore: [{ id: toBase64url(run(0xc0, 16)), ends: NOW + 1 }],
      alias: 'My brother',
      shelf: SHELF.archived,
      mutedUntil: NOW + 3,
      retention: 86_400,
    },
  ],
  settings: { readReceipts: false, sound: false },
  config: { max_retry_attempts: 3 },
  revoked: [{ id: toBase64url(run(0xd0, 16)), ends: NOW + 4 }],
}
const profilePadded = encodeProfile(profile)

export type MalformedLetterKind = 'letter' | 'padded' | 'item' | 'backup' | 'profile'

const KEY = new Uint8Array(32)
const SIGNATURE = new Uint8Array(64)
const TYPING = encode([6, KEY])

const letterOf = (change: Readonly<Record<number, Cbor>>): Uint8Array => {
  const elements: Cbor[] = [1, alice.key, bob.key, NOW, []]
  for (const [index, value] of Object.entries(change)) elements[Number(index)] = value
  return encode([encode(elements), SIGNATURE])
}
const zeros = (length: number, ...first: number[]): Uint8Array => {
  const bytes = new Uint8Array(length)
  bytes.set(first)
  return bytes
}

/** Letters are to Bob. */
const malformed: readonly (readonly [rule: string, kind: MalformedLetterKind, reason: string, Uint8Array])[] =
  [
    ['19.1', 'letter', 'no signature', encode([encode([1, alice.key, bob.key, NOW, []])])],
    ['19.1', 'letter', 'a version that is not known', letterOf({ 0: 2 })],
    ['19.1', 'letter', 'a letter to someone else', letterOf({ 2: alice.key })],
    ['19.1', 'letter', 'a time past 2^47', letterOf({ 3: MAX_TIME_MS + 1 })],
    [
      '19.1',
      'letter',
      'too many frames',
      letterOf({ 4: Array.from({ length: MAX_FRAMES_PER_LETTER + 1 }, () => TYPING) }),
    ],
    ['19.1', 'letter', 'a frame that is malformed', letterOf({ 4: [TYPING, encode([9, 'Alice'])] })],
    ['19.2', 'padded', 'nothing', zeros(0)],
    ['19.2', 'padded', 'zeros only', zeros(1024)],
    ['19.2', 'padded', 'an end that is not 0x80', zeros(1024, 0x01, 0x81)],
    ['19.3', 'item', 'a version that is not known', encode([2, new Uint8Array(8), KEY, KEY])],
    ['19.3', 'item', 'a prekey id of 9 bytes', encode([1, new Uint8Array(9), KEY, KEY])],
    ['19.3', 'item', 'an enc of 31 bytes', encode([1, new Uint8Array(8), KEY.slice(1), KEY])],
    ['19.3', 'item', 'no ciphertext', encode([1, new Uint8Array(8), KEY])],
    ['20.1', 'backup', 'a version that is not known', encode([2, new Uint8Array(12), KEY])],
    ['20.1', 'backup', 'a nonce of 11 bytes', encode([1, new Uint8Array(11), KEY])],
    ['20.2', 'profile', 'no padding', unpad(profilePadded, BACKUP_SIZES)],
    ['20.2', 'profile', 'no contacts', pad(encode([1, [KEY.slice(16), NOW], 0, 'Alice']), BACKUP_SIZES)],
  ]

/** What says only that it is of a later version. */
const later: readonly (readonly [rule: string, kind: MalformedLetterKind, Uint8Array])[] = [
  ['20.5', 'backup', encode([2, 'whatever'])],
  ['20.5', 'profile', pad(encode([2, 'whatever']), BACKUP_SIZES)],
]

/** `json` makes fields as they stand in the file. */
export const letterVectors = <Json>(json: (value: unknown) => Json) => ({
  letter: {
    fields: json(letter),
    signed: bytesToHex(letterSignedBytes(letter)),
    signature: bytesToHex(signature),
    sealed: bytesToHex(sealed),
    padded: { length: padded.length, hash: bytesToHex(sha256(padded)) },
  },
  sizes: [0, ...LETTER_SIZES.flatMap((size) => [size - 1, size]).slice(0, -1)].map((length) => ({
    length,
    padded: pad(new Uint8Array(length)).length,
  })),
  prekeyId: { publicKey: hpke.publicKey, id: bytesToHex(fromBase64url(prekeyId(publicKey))) },
  hpke,
  item: {
    fields: json(item),
    recipient: alice.peerId,
    id: itemId,
    bytes: bytesToHex(itemOf(item)),
  },
  tolerated: [
    {
      rule: '19.4',
      reason: 'frames of kinds that letters do not say, or that are not known',
      says: json([card]),
      letter: bytesToHex(letterOf({ 4: [TYPING, encode([4711]), encodeFrame(card)] })),
    },
  ],
  backup: {
    entropy: bytesToHex(alice.entropy),
    key: bytesToHex(backupKey(alice.entropy)),
    aad: bytesToHex(alice.key),
    nonce: bytesToHex(run(0x60, 12)),
    plaintext: bytesToHex(run(0x00, 32)),
    ciphertext: backupCiphertext,
    blob: bytesToHex(encodeBackup({ nonce: run(0x60, 12), ciphertext: hexToBytes(backupCiphertext) })),
  },
  profile: {
    fields: json(profile),
    encoded: bytesToHex(unpad(profilePadded, BACKUP_SIZES)),
    padded: { length: profilePadded.length, hash: bytesToHex(sha256(profilePadded)) },
  },
  later: later.map(([rule, kind, bytes]) => ({ rule, kind, bytes: bytesToHex(bytes) })),
  malformed: malformed.map(([rule, kind, reason, bytes]) => ({
    rule,
    kind,
    reason,
    bytes: bytesToHex(bytes),
  })),
})
