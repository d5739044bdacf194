import { describe, expect, test } from 'vitest'
import { CONFIG_KEYS } from '../domain/config.ts'
import type { InstallationId } from '../domain/ids.ts'
import { FOR_GOOD, SHELF } from '../domain/shelf.ts'
import { peerIdOfKey, toBase64url } from './identifiers.ts'
import { encodeBackup } from './backup.ts'
import { encode, LaterVersionError, MalformedError } from './cbor.ts'
import {
  BACKUP_SIZES,
  MAX_ADDRESS_LENGTH,
  MAX_GRANT_BYTES,
  MAX_GRANTS_BEFORE,
  MAX_ITEM_BYTES,
  MAX_KEPT_CONTACTS,
  MAX_KEPT_REVOCATIONS,
  MAX_NICKNAME_BYTES,
  MAX_PADDED_BACKUP_BYTES,
  MAX_RELAYS,
} from './limits.ts'
import { pad, unpad } from './padding.ts'
import { decodeProfile, encodeProfile, type KeptContact, type Profile } from './profile.ts'

const NOW = 1_700_000_000_000
const id = (bytes: number, n: number): Uint8Array => {
  const made = new Uint8Array(bytes)
  new DataView(made.buffer).setUint32(0, n)
  return made
}

/** Contacts in order of worth, which is not that of their ids. */
const contact = (n: number): KeptContact => ({
  peer: peerIdOfKey(id(32, 0xffff_ffff - n)),
  nickname: `Contact ${String(n)}`,
  state: 'accepted',
  relays: [],
  grantFrom: null,
  grantTo: null,
  grantsBefore: [],
  alias: null,
  shelf: SHELF.listed,
  mutedUntil: null,
  retention: null,
})

const largest = (n: number): KeptContact => ({
  ...contact(n),
  nickname: 'x'.repeat(MAX_NICKNAME_BYTES),
  relays: Array.from({ length: MAX_RELAYS }, () => 'y'.repeat(MAX_ADDRESS_LENGTH)),
  grantFrom: new Uint8Array(MAX_GRANT_BYTES),
  grantTo: { id: toBase64url(id(16, n)), ends: NOW, sealed: new Uint8Array(MAX_GRANT_BYTES) },
  grantsBefore: Array.from({ length: MAX_GRANTS_BEFORE }, () => ({ id: toBase64url(id(16, n)), ends: NOW })),
  alias: 'z'.repeat(MAX_NICKNAME_BYTES),
  shelf: SHELF.pinned,
  mutedUntil: FOR_GOOD,
  retention: 86_400,
})

const profile = (contacts: readonly KeptContact[]): Profile => ({
  writer: { installation: toBase64url(id(16, 1)) as InstallationId, started: NOW },
  prekeyMade: NOW,
  nickname: 'Alice',
  contacts,
  settings: {},
  config: {},
  revoked: [],
  groups: [],
})
const namesIn = (encoded: Uint8Array): string[] =>
  decodeProfile(encoded)
    .contacts.map(({ nickname }) => nickname)
    .sort()

describe('what a backup says (SPEC 20.2, 20.3)', () => {
  test('comes back, with what was chosen and nothing else', () => {
    const said: Profile = {
      ...profile([largest(1), { ...contact(2), state: 'blocked' }]),
      settings: { nearby: false, badge: true },
      config: { max_batch_size: 20, message_ttl_seconds: 1 },
      revoked: [{ id: toBase64url(id(16, 9)), ends: NOW }],
    }
    const { contacts, ...rest } = decodeProfile(encodeProfile(said))
    const { contacts: given, ...others } = said
    expect(rest).toEqual(others)
    expect(new Set(contacts)).toEqual(new Set(given))
  })

  test('is as long for few contacts as for some more: the relay cannot count them', () => {
    const few = encodeProfile(profile([contact(1)]))
    expect(encodeProfile(profile(Array.from({ length: 15 }, (_, n) => contact(n)))).length).toBe(few.length)
    expect(BACKUP_SIZES).toContain(few.length)
  })

  test('of too many contacts the first ones are kept', () => {
    const contacts = Array.from({ length: MAX_KEPT_CONTACTS + 5 }, (_, n) => contact(n))
    const expected = contacts.slice(0, MAX_KEPT_CONTACTS).map(({ nickname }) => nickname)
    expect(namesIn(encodeProfile(profile(contacts)))).toEqual(expected.sort())
  })

  test('of contacts that are too large together the first ones are kept, and the mailbox takes it', () => {
    const contacts = Array.from({ length: MAX_KEPT_CONTACTS }, (_, n) => largest(n))
    const encoded = encodeProfile(profile(contacts))
    expect(encoded.length).toBe(MAX_PADDED_BACKUP_BYTES)
    const kept = decodeProfile(encoded).contacts
    expect(kept.length).toBeGreaterThan(300)
    const peers = new Set(kept.map(({ peer }) => peer))
    expect(contacts.slice(0, kept.length).every(({ peer }) => peers.has(peer))).toBe(true)
    // Not one more would have had its place.
    const { nickname, alias, relays } = largest(0)
    const one = encode([nickname, alias, ...relays]).length + 2 * MAX_GRANT_BYTES
    expect(unpad(encoded, BACKUP_SIZES).length).toBeGreaterThan(encoded.length - one - 1000)
    const sealed = encodeBackup({
      nonce: new Uint8Array(12),
      ciphertext: new Uint8Array(encoded.length + 16),
    })
    expect(sealed.length).toBeLessThanOrEqual(MAX_ITEM_BYTES)
  })

  test('the same contacts give the same bytes, whatever their worth', () => {
    const contacts = [contact(1), contact(2), contact(3)]
    expect(encodeProfile(profile(contacts.toReversed()))).toEqual(encodeProfile(profile(contacts)))
  })

  test('revocations are always in it, as many as a mailbox holds, and contacts as far as there is room', () => {
    const revoked = Array.from({ length: MAX_KEPT_REVOCATIONS + 1 }, (_, n) => ({
      id: toBase64url(id(16, n)),
      ends: NOW,
    }))
    const contacts = Array.from({ length: MAX_KEPT_CONTACTS }, (_, n) => largest(n))
    const said = decodeProfile(encodeProfile({ ...profile(contacts), revoked }))
    expect(said.revoked).toEqual(revoked.slice(0, MAX_KEPT_REVOCATIONS))
    expect(said.contacts.length).toBeGreaterThan(300)
  })

  test('what an earlier version left out counts as not chosen, and what a later one adds is left out', () => {
    const key = id(32, 1)
    const of = (...more: Parameters<typeof encode>[0][]) => {
      const contact = [key, 'Bob', 0, [], null, null, [], ...more]
      return decodeProfile(
        pad(encode([1, [id(16, 1), NOW], 0, 'Alice', [contact], [true], []]), BACKUP_SIZES),
      )
    }
    expect(of()).toMatchObject({ settings: { readReceipts: true }, revoked: [] })
    const none = { alias: null, shelf: SHELF.listed, mutedUntil: null, retention: null }
    expect(of().contacts).toMatchObject([none])
    expect(of(['My brother', 2, null, 1, 'later'], 'later').contacts).toMatchObject([
      { ...none, alias: 'My brother', shelf: SHELF.archived },
    ])
    expect(of([null, 4, null, null]).contacts).toMatchObject([none])
  })

  test('a number that may not be chosen costs nothing but itself; later versions say more', () => {
    const writer = [id(16, 1), NOW]
    const flags = [null, null, null, false]
    const numbers = CONFIG_KEYS.map((key) => (key === 'max_batch_size' ? 1001 : 5))
    const encoded = encode([
      1,
      writer,
      0,
      'Alice',
      [],
      [true, null, ...flags],
      [...numbers, 7],
      [],
      [],
      'later',
    ])
    const { settings, config } = decodeProfile(pad(encoded, BACKUP_SIZES))
    expect(settings).toEqual({ readReceipts: true })
    expect(config).toEqual(
      Object.fromEntries(CONFIG_KEYS.filter((key) => key !== 'max_batch_size').map((key) => [key, 5])),
    )
  })
})

test('what a later version says is told apart from what is damaged (SPEC 20.5)', () => {
  const read = (elements: Parameters<typeof encode>[0]) => () =>
    decodeProfile(pad(encode(elements), BACKUP_SIZES))
  expect(read([2])).toThrow(LaterVersionError)
  expect(read([1])).toThrow(MalformedError)
  expect(read([1])).not.toThrow(LaterVersionError)
  expect(read([0])).not.toThrow(LaterVersionError)
  expect(read(['2'])).not.toThrow(LaterVersionError)
})
