/**
 * Groups on the wire (SPEC 21): how their ids are made, what the hash of a change is over, and statements, by which a member
 * says under its signature what it has accepted and read, so that others can pass that on. A statement is [body, signature];
 * the body is
 *
 *   [version, group, key, number, [[log, [accepted range, …], [read range, …]], …]]
 *
 * and the Ed25519 signature is over `gigi/group-statement/1` and the body. Of two of one member the greater number counts.
 */
import type { GroupContent, GroupEntry } from '../domain/group.ts'
import type { ConversationId, LogId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { isSequenceSet, type SequenceSet } from '../domain/sequence-set.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { groupFields } from './group-content.ts'
import { fromBase64url, hashOf, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import { MAX_GROUP_LOGS, MAX_RANGES, MAX_STATEMENT_BYTES } from './limits.ts'
import { bytes, fixedBytes, list, type Reader, tuple, uint } from './shape.ts'
import { signedBytes } from './signing.ts'

/** The id of the group that `creator` makes with this nonce (16 random bytes, base64url): nobody else can have made it. */
export const groupIdOf = (creator: PeerId, nonce: string): ConversationId =>
  toBase64url(
    hashOf('gigi/group/1', keyOfPeerId(creator), fromBase64url(nonce)).subarray(0, 16),
  ) as ConversationId

/** The id of a log of a group, of 8 random bytes. */
export function groupLogId(random: Uint8Array, kind: 'membership' | 'messages'): LogId {
  const id = random.slice()
  id[0] = kind === 'membership' ? (id[0] ?? 0) | 0x80 : (id[0] ?? 0) & 0x7f
  return toBase64url(id) as LogId
}

/** Whether a conversation id has the length of a group's. */
export const isGroupId = (id: string): id is ConversationId => id.length === 22

type Change = Extract<GroupContent, { type: 'GroupChange' }>

/** By which a change is named: 32 bytes, base64url. */
export const changeHash = (group: ConversationId, author: PeerId, change: Change): string =>
  toBase64url(
    hashOf('gigi/group-change/1', fromBase64url(group), keyOfPeerId(author), encode(groupFields(change))),
  )

/** A message of a membership log for the fold (domain/group.ts); null where it says nothing to that. */
export function entryOf({
  conversation_id: group,
  author,
  content,
}: Pick<AuthoredMessage, 'conversation_id' | 'author' | 'content'>): GroupEntry | null {
  if (content.type === 'GroupJoin' || content.type === 'GroupLeave') return { author, content, hash: '' }
  if (content.type !== 'GroupChange') return null
  const { change } = content
  // A group has one creator, and its id says who that is.
  if (change.type === 'create' && groupIdOf(author, change.nonce) !== group) return null
  return { author, content, hash: changeHash(group, author, content) }
}

export interface LogStatement {
  readonly log: LogId
  readonly accepted: SequenceSet
  readonly read: SequenceSet
}

export interface Statement {
  readonly group: ConversationId
  readonly member: PeerId
  /** Rises with each statement of one member; by its clock. */
  readonly number: number
  readonly logs: readonly LogStatement[]
}

export interface OpenedStatement {
  readonly statement: Statement
  /** What the member's signature must be over, and the signature: not yet verified. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array
}

const VERSION = 1
const DOMAIN = 'gigi/group-statement/1'

const bodyOf = ({ group, member, number, logs }: Statement): Uint8Array =>
  encode([
    VERSION,
    fromBase64url(group),
    keyOfPeerId(member),
    number,
    logs.map(({ log, accepted, read }) => [fromBase64url(log), accepted, read]),
  ])

export const statementSignedBytes = (statement: Statement): Uint8Array<ArrayBuffer> =>
  signedBytes(DOMAIN, bodyOf(statement))

export const sealStatement = (statement: Statement, signature: Uint8Array): Uint8Array<ArrayBuffer> =>
  encode([bodyOf(statement), signature])

const sequence = uint(Number.MAX_SAFE_INTEGER, 1)
const set: Reader<SequenceSet> = (value, field) => {
  const ranges = list(tuple<[number, number]>(sequence, sequence), MAX_RANGES)(value, field)
  if (!isSequenceSet(ranges)) throw new MalformedError(`${field}: not ascending, disjoint ranges`)
  return ranges
}

/** Reads a statement; the caller verifies the signature over `signed` by the member's key. Throws MalformedError. */
export function openStatement(sealed: Uint8Array): OpenedStatement {
  if (sealed.length > MAX_STATEMENT_BYTES) throw new MalformedError(`statement of ${sealed.length} bytes`)
  const [body, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_STATEMENT_BYTES), fixedBytes(64))(
    decode(sealed),
    'statement',
  )
  const [, group, key, number, logs] = tuple<
    [number, Uint8Array, Uint8Array, number, [Uint8Array, SequenceSet, SequenceSet][]]
  >(
    uint(VERSION, VERSION),
    fixedBytes(16),
    fixedBytes(32),
    uint(MAX_TIME_MS),
    list(tuple<[Uint8Array, SequenceSet, SequenceSet]>(fixedBytes(8), set, set), MAX_GROUP_LOGS),
  )(decode(body), 'statement')
  return {
    statement: {
      group: toBase64url(group) as ConversationId,
      member: peerIdOfKey(key),
      number,
      logs: logs.map(([log, accepted, read]) => ({ log: toBase64url(log) as LogId, accepted, read })),
    },
    signed: signedBytes(DOMAIN, body),
    signature,
  }
}
