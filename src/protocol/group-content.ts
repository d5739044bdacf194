/**
 * What stands in the membership logs of groups, as content payloads (SPEC 21). A change is
 *
 *   [0, name, nonce (16 bytes), history, creator's nickname]   create
 *   [1, [[key, nickname], …], [[log, number], …]]              add
 *   [2, key, [[log, number], …]]                               remove
 *   [3, name]                                                  rename
 *   [4, history]                                               what new members see
 *
 * where history is 0 (from when they were added) or 1 (everything).
 */
import {
  type GroupChange,
  type GroupContent,
  type GroupHistory,
  type LogHead,
  MAX_GROUP_MEMBERS,
} from '../domain/group.ts'
import type { LogId, PeerId } from '../domain/ids.ts'
import type { MessageContent } from '../domain/message.ts'
import { type Cbor, MalformedError } from './cbor.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_GRANT_BYTES,
  MAX_GROUP_LOGS,
  MAX_NAME_BYTES,
  MAX_NICKNAME_BYTES,
  MAX_RELAYS,
} from './limits.ts'
import { bytes, fixedBytes, list, nullable, type Reader, text, tuple, uint } from './shape.ts'

export const GROUP_KINDS = { GroupChange: 16, GroupJoin: 17, GroupLeave: 18, GroupCard: 19 } as const

/** Kinds of content from here on stand in membership logs and nowhere else, known or not. */
export const FIRST_MEMBERSHIP_KIND = 16
/** And those up to here. */
export const LAST_MEMBERSHIP_KIND = 31

const HISTORIES: readonly GroupHistory[] = ['joining', 'all']

export function groupFields(content: GroupContent): Cbor {
  switch (content.type) {
    case 'GroupChange': {
      const { number, previous, change } = content
      return [number, previous === null ? null : fromBase64url(previous), changeFields(change)]
    }
    case 'GroupJoin':
      return [fromBase64url(content.admission), content.nickname]
    case 'GroupLeave':
      return [fromBase64url(content.admission), headFields(content.heads)]
    case 'GroupCard':
      return [content.nickname, content.relays, content.grant === null ? null : fromBase64url(content.grant)]
  }
}

function changeFields(change: GroupChange): Cbor {
  switch (change.type) {
    case 'create':
      return [0, change.name, fromBase64url(change.nonce), HISTORIES.indexOf(change.history), change.nickname]
    case 'add':
      return [
        1,
        change.members.map(({ peer, nickname }) => [keyOfPeerId(peer), nickname]),
        headFields(change.heads),
      ]
    case 'remove':
      return [2, keyOfPeerId(change.peer), headFields(change.heads)]
    case 'rename':
      return [3, change.name]
    case 'history':
      return [4, HISTORIES.indexOf(change.history)]
  }
}

const headFields = (heads: readonly LogHead[]): Cbor => heads.map(({ log, seq }) => [fromBase64url(log), seq])

const hash: Reader<string> = (value, field) => toBase64url(fixedBytes(32)(value, field))
const peer: Reader<PeerId> = (value, field) => peerIdOfKey(fixedBytes(32)(value, field))
const name = text(MAX_NAME_BYTES)
const nickname = text(MAX_NICKNAME_BYTES)
const history: Reader<GroupHistory> = (value, field) => HISTORIES[uint(1)(value, field)] ?? 'joining'
const heads: Reader<LogHead[]> = (value, field) =>
  list(tuple<[Uint8Array, number]>(fixedBytes(8), uint(Number.MAX_SAFE_INTEGER, 1)), MAX_GROUP_LOGS)(
    value,
    field,
  ).map(([log, seq]) => ({ log: toBase64url(log) as LogId, seq }))

const change: Reader<GroupChange> = (value, field) => {
  const [kind] = tuple<[number]>(uint(0xffff))(value, field)
  switch (kind) {
    case 0: {
      const [, called, nonce, seen, creator] = tuple<[number, string, Uint8Array, GroupHistory, string]>(
        uint(0),
        name,
        fixedBytes(16),
        history,
        nickname,
      )(value, field)
      return { type: 'create', name: called, nonce: toBase64url(nonce), history: seen, nickname: creator }
    }
    case 1: {
      const [, added, from] = tuple<[number, [PeerId, string][], LogHead[]]>(
        uint(1),
        list(tuple<[PeerId, string]>(peer, nickname), MAX_GROUP_MEMBERS),
        heads,
      )(value, field)
      const members = added.map(([one, called]) => ({ peer: one, nickname: called }))
      return { type: 'add', members, heads: from }
    }
    case 2: {
      const [, removed, end] = tuple<[number, PeerId, LogHead[]]>(uint(2), peer, heads)(value, field)
      return { type: 'remove', peer: removed, heads: end }
    }
    case 3: {
      const [, called] = tuple<[number, string]>(uint(3), name)(value, field)
      return { type: 'rename', name: called }
    }
    case 4: {
      const [, seen] = tuple<[number, GroupHistory]>(uint(4), history)(value, field)
      return { type: 'history', history: seen }
    }
    default:
      throw new MalformedError(`${field}: a change of kind ${kind} is not known`)
  }
}

export const GROUP_READERS: Readonly<Record<number, Reader<MessageContent>>> = {
  [GROUP_KINDS.GroupChange]: (value, field) => {
    const [number, previous, said] = tuple<[number, string | null, GroupChange]>(
      uint(Number.MAX_SAFE_INTEGER, 1),
      nullable(hash),
      change,
    )(value, field)
    return { type: 'GroupChange', number, previous, change: said }
  },
  [GROUP_KINDS.GroupJoin]: (value, field) => {
    const [admission, called] = tuple<[string, string]>(hash, nickname)(value, field)
    return { type: 'GroupJoin', admission, nickname: called }
  },
  [GROUP_KINDS.GroupLeave]: (value, field) => {
    const [admission, end] = tuple<[string, LogHead[]]>(hash, heads)(value, field)
    return { type: 'GroupLeave', admission, heads: end }
  },
  [GROUP_KINDS.GroupCard]: (value, field) => {
    const [called, relays, grant] = tuple<[string, string[], Uint8Array | null]>(
      nickname,
      list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
      nullable(bytes(MAX_GRANT_BYTES)),
    )(value, field)
    return {
      type: 'GroupCard',
      nickname: called,
      relays,
      grant: grant === null ? null : toBase64url(grant),
    }
  },
}
