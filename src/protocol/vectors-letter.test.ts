/** Letters and backups against `vectors.json`, as any other implementation would be checked by them. */
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { backupKey, decodeBackup, encodeBackup } from './backup.ts'
import { LaterVersionError, MalformedError } from './cbor.ts'
import { keyOfPeerId, toBase64url } from './identifiers.ts'
import {
  itemOf,
  type Letter,
  letterAad,
  letterSignedBytes,
  openItem,
  openLetter,
  prekeyId,
  sealLetter,
  type Item,
} from './letter.ts'
import { BACKUP_SIZES } from './limits.ts'
import { pad, unpad } from './padding.ts'
import { decodeProfile, encodeProfile, type Profile } from './profile.ts'
import { fromJson, type Vectors } from './testing-vectors.ts'
import type { MalformedLetterKind } from './testing-vectors-letter.ts'

const file = readFileSync(new URL('vectors.json', import.meta.url), 'utf8')
const { letters } = JSON.parse(file) as Vectors
const letter = fromJson(letters.letter.fields) as Letter

test('a letter is read and made, and is signed (SPEC 19.1)', () => {
  const { signed, signature, sealed } = letters.letter
  const opened = openLetter(hexToBytes(sealed), letter.recipient)
  expect(opened.letter).toEqual(letter)
  expect(bytesToHex(opened.signed)).toBe(signed)
  expect(bytesToHex(letterSignedBytes(letter))).toBe(signed)
  expect(bytesToHex(sealLetter(letter, hexToBytes(signature)))).toBe(sealed)
  const key = keyOfPeerId(letter.sender)
  expect(ed25519.verify(opened.signature, opened.signed, key, { zip215: false })).toBe(true)
})

test('letters are padded to a few sizes (SPEC 19.2)', () => {
  const { sealed, padded } = letters.letter
  const bytes = pad(hexToBytes(sealed))
  expect([bytes.length, bytesToHex(sha256(bytes))]).toEqual([padded.length, padded.hash])
  expect(bytesToHex(unpad(bytes))).toBe(sealed)
  for (const { length, padded } of letters.sizes) {
    const bytes = pad(new Uint8Array(length).fill(0x80))
    expect([bytes.length, unpad(bytes).length]).toEqual([padded, length])
  }
})

test('an item is read and made (SPEC 19.3)', () => {
  const item = fromJson(letters.item.fields) as Item
  expect(openItem(hexToBytes(letters.item.bytes))).toEqual(item)
  expect(bytesToHex(itemOf(item))).toBe(letters.item.bytes)
  expect(bytesToHex(letterAad(letters.item.recipient, letters.item.id))).toBe(letters.hpke.aad)
  const { publicKey, id } = letters.prekeyId
  expect(prekeyId(hexToBytes(publicKey))).toBe(toBase64url(hexToBytes(id)))
})

test('a backup is read and made (SPEC 20.1)', () => {
  const { entropy, key, nonce, ciphertext, blob } = letters.backup
  expect(bytesToHex(backupKey(hexToBytes(entropy)))).toBe(key)
  const backup = { nonce: hexToBytes(nonce), ciphertext: hexToBytes(ciphertext) }
  expect(decodeBackup(hexToBytes(blob))).toEqual(backup)
  expect(bytesToHex(encodeBackup(backup))).toBe(blob)
})

test('what a backup says is read and made (SPEC 20.2)', () => {
  const fields = fromJson(letters.profile.fields) as Profile
  const padded = encodeProfile(fields)
  expect(bytesToHex(unpad(padded, BACKUP_SIZES))).toBe(letters.profile.encoded)
  expect({ length: padded.length, hash: bytesToHex(sha256(padded)) }).toEqual(letters.profile.padded)
  expect(decodeProfile(pad(hexToBytes(letters.profile.encoded), BACKUP_SIZES))).toEqual(fields)
})

test.each(letters.tolerated)('$reason are left out of a letter (SPEC $rule)', ({ says, letter: bytes }) => {
  expect(openLetter(hexToBytes(bytes), letter.recipient).letter.frames).toEqual(fromJson(says))
})

const READERS: Readonly<Record<MalformedLetterKind, (bytes: Uint8Array) => unknown>> = {
  letter: (bytes) => openLetter(bytes, letter.recipient),
  padded: (bytes) => unpad(bytes),
  item: openItem,
  backup: decodeBackup,
  profile: decodeProfile,
}

test.each(letters.malformed)('$kind: $reason is malformed (SPEC $rule)', ({ kind, bytes }) => {
  expect(() => READERS[kind](hexToBytes(bytes))).toThrow(MalformedError)
})

test.each(letters.later)('a $kind of a later version is told apart (SPEC $rule)', ({ kind, bytes }) => {
  expect(() => READERS[kind](hexToBytes(bytes))).toThrow(LaterVersionError)
})
