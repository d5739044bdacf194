/** The mailbox's codecs against `vectors.json`, as any other implementation would be checked by them. */
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { expect, test } from 'vitest'
import { decode, MalformedError } from './cbor.ts'
import { type Grant, grantSignedBytes, holderOf, inviteGrantId, openGrant, sealGrant } from './grant.ts'
import { keyOfPeerId, toBase64url } from './identifiers.ts'
import {
  decodeMailboxNews,
  decodeMailboxRequest,
  encodeMailboxNews,
  encodeMailboxRequest,
  type MailboxRequest,
  readBlob,
  readFetched,
  readHeld,
  readPrekey,
} from './mailbox.ts'
import { openPrekey, type Prekey, prekeySignedBytes, sealPrekey } from './prekey.ts'
import { fromJson, type Vectors } from './testing-vectors.ts'
import { type MalformedMailboxKind, oversizeRequests } from './testing-vectors-mailbox.ts'

const file = readFileSync(new URL('vectors.json', import.meta.url), 'utf8')
const { mailbox } = JSON.parse(file) as Vectors

test.each(mailbox.grants)('the grant $name is read and made, and is signed (SPEC 18.4)', (vector) => {
  const grant = fromJson(vector.fields) as Grant
  const opened = openGrant(hexToBytes(vector.sealed))
  expect(opened.grant).toEqual(grant)
  expect(bytesToHex(opened.signed)).toBe(vector.signed)
  expect(bytesToHex(grantSignedBytes(grant))).toBe(vector.signed)
  expect(bytesToHex(sealGrant(grant, hexToBytes(vector.signature)))).toBe(vector.sealed)
  expect(ed25519.verify(opened.signature, opened.signed, keyOfPeerId(grant.owner), { zip215: false })).toBe(
    true,
  )
})

test('holders and the ids of links are hashes (SPEC 18.4, 18.5)', () => {
  const { holder, inviteGrant } = mailbox
  expect(bytesToHex(holderOf(holder.grant, holder.peer))).toBe(holder.holder)
  expect(inviteGrantId(hexToBytes(inviteGrant.secret))).toBe(toBase64url(hexToBytes(inviteGrant.id)))
})

test('a prekey is read and made, and is signed (SPEC 18.6)', () => {
  const { fields, signed, signature, sealed } = mailbox.prekey
  const prekey = fromJson(fields) as Prekey
  const opened = openPrekey(hexToBytes(sealed))
  expect(opened.prekey).toEqual(prekey)
  expect(bytesToHex(opened.signed)).toBe(signed)
  expect(bytesToHex(prekeySignedBytes(prekey))).toBe(signed)
  expect(bytesToHex(sealPrekey(prekey, hexToBytes(signature)))).toBe(sealed)
  expect(ed25519.verify(opened.signature, opened.signed, keyOfPeerId(prekey.owner), { zip215: false })).toBe(
    true,
  )
})

test('requests are read and made (SPEC 18.7)', () => {
  for (const { fields, bytes } of mailbox.requests) {
    const request = fromJson(fields) as MailboxRequest
    expect(decodeMailboxRequest(hexToBytes(bytes))).toEqual(request)
    expect(bytesToHex(encodeMailboxRequest(request))).toBe(bytes)
  }
})

test('answers and news are read and made (SPEC 18.7, 18.8, 18.9)', () => {
  const readers = {
    fetch: (payload: Parameters<typeof readFetched>[0]) => readFetched(payload, 0),
    status: readHeld,
    prekey: readPrekey,
    recall: readBlob,
  }
  for (const { to, says, bytes } of mailbox.answers) {
    const news = decodeMailboxNews(hexToBytes(bytes))
    if (news?.type !== 'answer') throw new Error('not an answer')
    expect(news).toMatchObject({ number: 7, code: 'done' })
    expect(readers[to](news.payload)).toEqual(fromJson(says))
    expect(bytesToHex(encodeMailboxNews(news))).toBe(bytes)
  }
  for (const { code, bytes } of mailbox.codes)
    expect(decodeMailboxNews(hexToBytes(bytes))).toEqual({ type: 'answer', number: 7, code, payload: null })
  expect(decodeMailboxNews(hexToBytes(mailbox.mail))).toEqual({ type: 'mail' })
})

test.each(mailbox.tolerated)('$reason is skipped (SPEC $rule)', ({ bytes }) => {
  expect(decodeMailboxRequest(hexToBytes(bytes))).toBeNull()
  expect(decodeMailboxNews(hexToBytes(bytes))).toBeNull()
})

const READERS: Readonly<Record<MalformedMailboxKind, (bytes: Uint8Array) => unknown>> = {
  grant: openGrant,
  prekey: openPrekey,
  request: decodeMailboxRequest,
  news: decodeMailboxNews,
  fetched: (bytes) => readFetched(decode(bytes), 0),
  held: (bytes) => readHeld(decode(bytes)),
}

test.each(mailbox.malformed)('$kind: $reason is malformed (SPEC $rule)', ({ kind, bytes }) => {
  expect(() => READERS[kind](hexToBytes(bytes))).toThrow(MalformedError)
})

test('an item over the limit is malformed (SPEC 18.7)', () => {
  for (const request of oversizeRequests())
    expect(() => decodeMailboxRequest(request)).toThrow(MalformedError)
})
