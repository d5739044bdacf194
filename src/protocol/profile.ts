/**
 * What a backup says (SPEC 20.2): who we are in contact with, and how we want things. The encoding is
 *
 *   [version, nickname, [[key, nickname, state, [relay address, …], grant from them or null,
 *    [grant id, ends, grant] of ours for them or null], …], [read receipts, nearby], [configuration, …]]
 *
 * with the configuration's numbers in the order of CONFIG_KEYS.
 */
import { CONFIG_KEYS, isWithinBounds, type PersistenceConfig } from '../domain/config.ts'
import type { PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_GRANT_BYTES,
  MAX_KEPT_CONTACTS,
  MAX_NICKNAME_BYTES,
  MAX_RELAYS,
} from './limits.ts'
import { bytes, fixedBytes, flag, list, nullable, text, tuple, uint } from './shape.ts'

const VERSION = 1
/** How a contact stands to us, by number. */
const STATES = ['accepted', 'blocked'] as const

export interface KeptContact {
  readonly peer: PeerId
  readonly nickname: string
  readonly state: (typeof STATES)[number]
  readonly relays: readonly string[]
  /** Sealed; what they gave us, and what we gave them. */
  readonly grantFrom: Uint8Array | null
  readonly grantTo: { readonly id: string; readonly ends: number; readonly sealed: Uint8Array } | null
}

export interface Profile {
  readonly nickname: string
  readonly contacts: readonly KeptContact[]
  readonly settings: { readonly readReceipts: boolean; readonly nearby: boolean }
  readonly config: PersistenceConfig
}

export const encodeProfile = ({ nickname, contacts, settings, config }: Profile): Uint8Array<ArrayBuffer> =>
  encode([
    VERSION,
    nickname,
    contacts.map(({ peer, nickname, state, relays, grantFrom, grantTo }): Cbor => [
      keyOfPeerId(peer),
      nickname,
      STATES.indexOf(state),
      relays,
      grantFrom,
      grantTo === null ? null : [fromBase64url(grantTo.id), grantTo.ends, grantTo.sealed],
    ]),
    [settings.readReceipts, settings.nearby],
    CONFIG_KEYS.map((key) => config[key]),
  ])

const grantTo = tuple<[Uint8Array, number, Uint8Array]>(
  fixedBytes(16),
  uint(MAX_TIME_MS),
  bytes(MAX_GRANT_BYTES),
)

const contact = tuple<
  [Uint8Array, string, number, string[], Uint8Array | null, [Uint8Array, number, Uint8Array] | null]
>(
  fixedBytes(32),
  text(MAX_NICKNAME_BYTES),
  uint(STATES.length - 1),
  list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
  nullable(bytes(MAX_GRANT_BYTES)),
  nullable(grantTo),
)

/** Throws MalformedError. */
export function decodeProfile(encoded: Uint8Array): Profile {
  const [, nickname, contacts, [readReceipts, nearby], numbers] = tuple<
    [number, string, Parameters<typeof keptContact>[0][], [boolean, boolean], number[]]
  >(
    uint(VERSION, VERSION),
    text(MAX_NICKNAME_BYTES),
    list(contact, MAX_KEPT_CONTACTS),
    tuple<[boolean, boolean]>(flag, flag),
    list(uint(Number.MAX_SAFE_INTEGER), 64),
  )(decode(encoded), 'profile')
  const config = Object.fromEntries(CONFIG_KEYS.map((key, i) => [key, numbers[i] ?? NaN])) as Record<
    keyof PersistenceConfig,
    number
  >
  for (const key of CONFIG_KEYS)
    if (!isWithinBounds(key, config[key])) throw new MalformedError(`profile: ${key} is out of bounds`)
  return { nickname, contacts: contacts.map(keptContact), settings: { readReceipts, nearby }, config }
}

function keptContact([key, nickname, state, relays, grantFrom, given]: ReturnType<
  typeof contact
>): KeptContact {
  return {
    peer: peerIdOfKey(key),
    nickname,
    state: STATES[state] ?? 'accepted',
    relays,
    grantFrom,
    grantTo: given === null ? null : { id: toBase64url(given[0]), ends: given[1], sealed: given[2] },
  }
}
