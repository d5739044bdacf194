/**
 * What a backup says (SPEC 20.2): who we are in contact with, and how we want things. The encoding, which is padded, is
 *
 *   [version, [installation, started] that kept it, made of its newest prekey, nickname,
 *    [[key, nickname, state, [relay address, …], grant from them or null, [grant id, ends, grant] of ours for them or null,
 *      [[grant id, ends] of ours for them before, …], [alias or null, shelf, muted until or null, retention or null]], …],
 *    [read receipts, nearby, …], [configuration, …], [[grant id, ends] that is revoked, …]]
 *
 * with the settings in the order of SETTING_KEYS and the configuration's numbers in that of CONFIG_KEYS; null stands where
 * the user has chosen nothing. Earlier versions end each of these arrays sooner.
 */
import { CONFIG_KEYS, isWithinBounds, type PersistenceConfig } from '../domain/config.ts'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { isRetentionPeriod } from '../domain/retention.ts'
import { SHELF, type Shelf } from '../domain/shelf.ts'
import { type Cbor, decode, encode } from './cbor.ts'
import type { Start } from './frames.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  BACKUP_SIZES,
  MAX_ADDRESS_LENGTH,
  MAX_GRANT_BYTES,
  MAX_GRANTS_BEFORE,
  MAX_KEPT_CONTACTS,
  MAX_KEPT_REVOCATIONS,
  MAX_NICKNAME_BYTES,
  MAX_PADDED_BACKUP_BYTES,
  MAX_RELAYS,
} from './limits.ts'
import { pad, unpad } from './padding.ts'
import { atEnd, bytes, fixedBytes, flag, list, nullable, refuseLater, text, tuple, uint } from './shape.ts'

const VERSION = 1
/** How a contact stands to us, by number. */
const STATES = ['accepted', 'blocked'] as const
/** What a backup says of the settings. Later ones stand at the end. */
export const SETTING_KEYS = ['readReceipts', 'nearby', 'notificationNames', 'sound', 'badge'] as const
/** Settings, or numbers of the configuration: later versions have more of them at the end. */
const MAX_CHOICES = 64
/** By how much the head of a full list is longer than that of an empty one, and the byte that ends what is padded. */
const HEAD_AND_END_BYTES = 2 + 1

export interface KeptGrant {
  readonly id: string
  readonly ends: number
}

export interface KeptContact {
  readonly peer: PeerId
  readonly nickname: string
  readonly state: (typeof STATES)[number]
  readonly relays: readonly string[]
  /** Sealed; what they gave us, and what we gave them. */
  readonly grantFrom: Uint8Array | null
  readonly grantTo: (KeptGrant & { readonly sealed: Uint8Array }) | null
  /** What we gave them before, at most MAX_GRANTS_BEFORE: each holds until it ends. */
  readonly grantsBefore: readonly KeptGrant[]
  /** What the user calls them; null: as they call themselves. */
  readonly alias: string | null
  /** In which list the conversation stands. */
  readonly shelf: Shelf
  /** No notification until then, milliseconds; null: as always. */
  readonly mutedUntil: number | null
  /** How long messages are kept, seconds; null: for good. */
  readonly retention: number | null
}

export interface Profile {
  /** The installation that kept it, and when it started. */
  readonly writer: Pick<Start, 'installation' | 'started'>
  /** When the newest prekey of this identity was made that it knew of, milliseconds; 0: none. */
  readonly prekeyMade: number
  readonly nickname: string
  readonly contacts: readonly KeptContact[]
  /** What the user has chosen of them. */
  readonly settings: Readonly<Partial<Record<(typeof SETTING_KEYS)[number], boolean>>>
  readonly config: Readonly<Partial<PersistenceConfig>>
  /** Grants that must not be held to any more, at most MAX_KEPT_REVOCATIONS. */
  readonly revoked: readonly KeptGrant[]
}

/** Of the contacts as many of the first are in it as there is room for, in the order of their ids: the same ones give the same bytes. */
export function encodeProfile(profile: Profile): Uint8Array<ArrayBuffer> {
  const room = MAX_PADDED_BACKUP_BYTES - HEAD_AND_END_BYTES - encode(elementsOf(profile, [])).length
  const contacts = fitting(profile.contacts, room)
  contacts.sort((a, b) => (a.peer < b.peer ? -1 : 1))
  return pad(encode(elementsOf(profile, contacts)), BACKUP_SIZES)
}

/** The first of `contacts`, at most MAX_KEPT_CONTACTS and in `room` bytes. */
function fitting(contacts: readonly KeptContact[], room: number): KeptContact[] {
  let left = room
  const over = contacts.findIndex(
    (contact, i) => i >= MAX_KEPT_CONTACTS || (left -= encode(contactElements(contact)).length) < 0,
  )
  return contacts.slice(0, over === -1 ? contacts.length : over)
}

const elementsOf = (
  { writer, prekeyMade, nickname, settings, config, revoked }: Profile,
  contacts: readonly KeptContact[],
): Cbor[] => [
  VERSION,
  [fromBase64url(writer.installation), writer.started],
  prekeyMade,
  nickname,
  contacts.map(contactElements),
  SETTING_KEYS.map((key) => settings[key] ?? null),
  CONFIG_KEYS.map((key) => config[key] ?? null),
  revoked.slice(0, MAX_KEPT_REVOCATIONS).map(grantElements),
]

const grantElements = ({ id, ends }: KeptGrant): Cbor[] => [fromBase64url(id), ends]

const contactElements = (contact: KeptContact): Cbor[] => {
  const { peer, nickname, state, relays, grantFrom, grantTo, grantsBefore } = contact
  const { alias, shelf, mutedUntil, retention } = contact
  return [
    keyOfPeerId(peer),
    nickname,
    STATES.indexOf(state),
    relays,
    grantFrom,
    grantTo === null ? null : [fromBase64url(grantTo.id), grantTo.ends, grantTo.sealed],
    grantsBefore.map(grantElements),
    [alias, shelf, mutedUntil, retention],
  ]
}

type GrantElements = [Uint8Array, number]
type ChoiceElements = [string | null, number, number | null, number | null]
type ContactElements = [
  Uint8Array,
  string,
  number,
  string[],
  Uint8Array | null,
  [Uint8Array, number, Uint8Array] | null,
  GrantElements[],
  ChoiceElements,
]

const grant = tuple<GrantElements>(fixedBytes(16), uint(MAX_TIME_MS))
/** Where there is none, the user has chosen nothing. */
const choices = atEnd<ChoiceElements>(
  tuple(
    nullable(text(MAX_NICKNAME_BYTES)),
    uint(MAX_CHOICES),
    nullable(uint(Number.MAX_SAFE_INTEGER)),
    nullable(uint(Number.MAX_SAFE_INTEGER)),
  ),
  [null, SHELF.listed, null, null],
)

const contact = tuple<ContactElements>(
  fixedBytes(32),
  text(MAX_NICKNAME_BYTES),
  uint(STATES.length - 1),
  list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
  nullable(bytes(MAX_GRANT_BYTES)),
  nullable(
    tuple<[Uint8Array, number, Uint8Array]>(fixedBytes(16), uint(MAX_TIME_MS), bytes(MAX_GRANT_BYTES)),
  ),
  list(grant, MAX_GRANTS_BEFORE),
  choices,
)

type ProfileElements = [
  number,
  [Uint8Array, number],
  number,
  string,
  ContactElements[],
  (boolean | null)[],
  (number | null)[],
  GrantElements[],
]

const profile = tuple<ProfileElements>(
  uint(VERSION, VERSION),
  tuple<[Uint8Array, number]>(fixedBytes(16), uint(MAX_TIME_MS)),
  uint(MAX_TIME_MS),
  text(MAX_NICKNAME_BYTES),
  list(contact, MAX_KEPT_CONTACTS),
  list(nullable(flag), MAX_CHOICES),
  list(nullable(uint(Number.MAX_SAFE_INTEGER)), MAX_CHOICES),
  atEnd(list(grant, MAX_KEPT_REVOCATIONS), []),
)

/** Throws MalformedError; LaterVersionError for what a later version of this app has kept. */
export function decodeProfile(padded: Uint8Array): Profile {
  const value = decode(unpad(padded, BACKUP_SIZES))
  refuseLater(value, VERSION, 'profile')
  const [, [installation, started], prekeyMade, nickname, contacts, flags, numbers, revoked] = profile(
    value,
    'profile',
  )
  return {
    writer: { installation: toBase64url(installation) as InstallationId, started },
    prekeyMade,
    nickname,
    contacts: contacts.map(keptContact),
    settings: chosen(SETTING_KEYS, flags),
    // What may be chosen can change: a number that may not any more costs nothing but itself.
    config: chosen(
      CONFIG_KEYS,
      numbers.map((number, i) => {
        const key = CONFIG_KEYS[i]
        return key !== undefined && number !== null && isWithinBounds(key, number) ? number : null
      }),
    ),
    revoked: revoked.map(keptGrant),
  }
}

/** Those of `keys` for which there is a value. */
function chosen<K extends string, V>(
  keys: readonly K[],
  values: readonly (V | null)[],
): Partial<Record<K, V>> {
  const found: Partial<Record<K, V>> = {}
  for (const [i, key] of keys.entries()) {
    const value = values[i] ?? null
    if (value !== null) found[key] = value
  }
  return found
}

function keptContact(elements: ContactElements): KeptContact {
  const [key, nickname, state, relays, grantFrom, given, before, choices] = elements
  const [alias, shelf, mutedUntil, retention] = choices
  return {
    peer: peerIdOfKey(key),
    nickname,
    state: STATES[state] ?? 'accepted',
    relays,
    grantFrom,
    grantTo: given === null ? null : { id: toBase64url(given[0]), ends: given[1], sealed: given[2] },
    grantsBefore: before.map(keptGrant),
    alias,
    // As with the configuration, what is not known costs nothing but itself.
    shelf: Object.values(SHELF).find((known) => known === shelf) ?? SHELF.listed,
    mutedUntil,
    retention: retention !== null && isRetentionPeriod(retention) ? retention : null,
  }
}

const keptGrant = ([id, ends]: GrantElements): KeptGrant => ({ id: toBase64url(id), ends })
