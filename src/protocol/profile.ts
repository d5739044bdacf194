/**
 * What a backup says (SPEC 20.2): who we are in contact with, and how we want things. The encoding, which is padded, is
 *
 *   [version, [installation, started] that kept it, made of its newest prekey, nickname,
 *    [[key, nickname, state, [relay address, …], grant from them or null, [grant id, ends, grant] of ours for them or null,
 *      [[grant id, ends] of ours for them before, …]], …],
 *    [read receipts, nearby], [configuration, …], [[group id, creator's key, name], …]]
 *
 * with the settings in the order of SETTING_KEYS and the configuration's numbers in that of CONFIG_KEYS; null stands where
 * the user has chosen nothing.
 */
import { CONFIG_KEYS, isWithinBounds, type PersistenceConfig } from '../domain/config.ts'
import type { ConversationId, InstallationId, PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, decode, encode } from './cbor.ts'
import type { Start } from './frames.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  BACKUP_SIZES,
  MAX_ADDRESS_LENGTH,
  MAX_GRANT_BYTES,
  MAX_GRANTS_BEFORE,
  MAX_GROUPS,
  MAX_KEPT_CONTACTS,
  MAX_NAME_BYTES,
  MAX_NICKNAME_BYTES,
  MAX_PADDED_BACKUP_BYTES,
  MAX_RELAYS,
} from './limits.ts'
import { pad, unpad } from './padding.ts'
import { bytes, fixedBytes, flag, list, nullable, refuseLater, text, tuple, uint } from './shape.ts'

const VERSION = 1
/** How a contact stands to us, by number. */
const STATES = ['accepted', 'blocked'] as const
const SETTING_KEYS = ['readReceipts', 'nearby'] as const
/** Settings, or numbers of the configuration: later versions have more of them at the end. */
const MAX_CHOICES = 64
export interface KeptGroup {
  readonly id: ConversationId
  readonly creator: PeerId
  readonly name: string
}

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
  /** Those that we have joined, at most MAX_GROUPS. */
  readonly groups: readonly KeptGroup[]
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
  { writer, prekeyMade, nickname, settings, config, groups }: Profile,
  contacts: readonly KeptContact[],
): Cbor[] => [
  VERSION,
  [fromBase64url(writer.installation), writer.started],
  prekeyMade,
  nickname,
  contacts.map(contactElements),
  SETTING_KEYS.map((key) => settings[key] ?? null),
  CONFIG_KEYS.map((key) => config[key] ?? null),
  groups.map(({ id, creator, name }) => [fromBase64url(id), keyOfPeerId(creator), name]),
]

const contactElements = (contact: KeptContact): Cbor[] => {
  const { peer, nickname, state, relays, grantFrom, grantTo, grantsBefore } = contact
  return [
    keyOfPeerId(peer),
    nickname,
    STATES.indexOf(state),
    relays,
    grantFrom,
    grantTo === null ? null : [fromBase64url(grantTo.id), grantTo.ends, grantTo.sealed],
    grantsBefore.map(({ id, ends }) => [fromBase64url(id), ends]),
  ]
}

type ContactElements = [
  Uint8Array,
  string,
  number,
  string[],
  Uint8Array | null,
  [Uint8Array, number, Uint8Array] | null,
  [Uint8Array, number][],
]

const contact = tuple<ContactElements>(
  fixedBytes(32),
  text(MAX_NICKNAME_BYTES),
  uint(STATES.length - 1),
  list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
  nullable(bytes(MAX_GRANT_BYTES)),
  nullable(
    tuple<[Uint8Array, number, Uint8Array]>(fixedBytes(16), uint(MAX_TIME_MS), bytes(MAX_GRANT_BYTES)),
  ),
  list(tuple<[Uint8Array, number]>(fixedBytes(16), uint(MAX_TIME_MS)), MAX_GRANTS_BEFORE),
)

const profile = tuple<
  [number, [Uint8Array, number], number, string, ContactElements[], (boolean | null)[], (number | null)[]]
>(
  uint(VERSION, VERSION),
  tuple<[Uint8Array, number]>(fixedBytes(16), uint(MAX_TIME_MS)),
  uint(MAX_TIME_MS),
  text(MAX_NICKNAME_BYTES),
  list(contact, MAX_KEPT_CONTACTS),
  list(nullable(flag), MAX_CHOICES),
  list(nullable(uint(Number.MAX_SAFE_INTEGER)), MAX_CHOICES),
)

/** What stands behind what every backup has; in earlier ones nothing does. */
const groupsBehind = (value: Cbor): KeptGroup[] => {
  const behind: unknown = Array.isArray(value) ? value[GROUPS_AT] : undefined
  if (behind === undefined) return []
  return list(
    tuple<[Uint8Array, Uint8Array, string]>(fixedBytes(16), fixedBytes(32), text(MAX_NAME_BYTES)),
    MAX_GROUPS,
  )(behind as Cbor, 'groups').map(([id, creator, name]) => ({
    id: toBase64url(id) as ConversationId,
    creator: peerIdOfKey(creator),
    name,
  }))
}
/** Where they stand. */
const GROUPS_AT = 7

/** Throws MalformedError; LaterVersionError for what a later version of this app has kept. */
export function decodeProfile(padded: Uint8Array): Profile {
  const value = decode(unpad(padded, BACKUP_SIZES))
  refuseLater(value, VERSION, 'profile')
  const [, [installation, started], prekeyMade, nickname, contacts, flags, numbers] = profile(
    value,
    'profile',
  )
  return {
    writer: { installation: toBase64url(installation) as InstallationId, started },
    prekeyMade,
    nickname,
    contacts: contacts.map(keptContact),
    groups: groupsBehind(value),
    settings: chosen(SETTING_KEYS, flags),
    // What may be chosen can change: a number that may not any more costs nothing but itself.
    config: chosen(
      CONFIG_KEYS,
      numbers.map((number, i) => {
        const key = CONFIG_KEYS[i]
        return key !== undefined && number !== null && isWithinBounds(key, number) ? number : null
      }),
    ),
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

function keptContact([key, nickname, state, relays, grantFrom, given, before]: ContactElements): KeptContact {
  return {
    peer: peerIdOfKey(key),
    nickname,
    state: STATES[state] ?? 'accepted',
    relays,
    grantFrom,
    grantTo: given === null ? null : { id: toBase64url(given[0]), ends: given[1], sealed: given[2] },
    grantsBefore: before.map(([id, ends]) => ({ id: toBase64url(id), ends })),
  }
}
