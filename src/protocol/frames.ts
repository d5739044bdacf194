/**
 * `/gigi/sync/1.0.0`: the frames of a session between two peers, on one stream. A frame is an array that
 * begins with its kind; later versions add kinds (skipped when unknown) and elements at the end (ignored).
 *
 * | Frame   | Fields                                                                                  |
 * |---------|-----------------------------------------------------------------------------------------|
 * | hello   | 0, version, [capability, …], nickname, installation id, started (ms), ordinal, alone, [relay address, …] |
 * | summary | 1, [[conversation, [[log, author's key, [accepted range, …], [read range, …]], …]], …]   |
 * | push    | 2, number, [sealed envelope, …]                                                         |
 * | ack     | 3, through (push number), [[conversation, log, accepted, read], …], [[id, permanent, code], …] |
 *
 * A range is [first, last]. Read ranges are empty where receipts are off. An ack with `through` gives back the
 * window of all pushes up to that number: it is sent after the commit, and is the only flow control.
 */
import type { ConversationId, InstallationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { cleanNickname } from '../domain/nickname.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { isSequenceSet, type SequenceSet } from '../domain/sequence-set.ts'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url, uuidBytes, uuidText } from './identifiers.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_ENVELOPE_BYTES,
  MAX_LOGS_PER_SUMMARY,
  MAX_MESSAGES_PER_FRAME,
  MAX_NICKNAME_BYTES,
  MAX_RANGES,
  MAX_RELAYS,
} from './limits.ts'
import { bytes, fixedBytes, flag, list, type Reader, text, tuple, uint } from './shape.ts'

export const SYNC_PROTOCOL = '/gigi/sync/1.0.0'
/** The version of the session that this code speaks. */
export const SYNC_VERSION = 1

export interface Hello {
  readonly type: 'hello'
  readonly version: number
  readonly nickname: string
  readonly installation: InstallationId
  /** When this installation's node started: milliseconds since the Unix epoch, by its clock. */
  readonly started: number
  /** Counts the sender's sessions with anyone since it started: which of two it saw opened first. */
  readonly ordinal: number
  /** The sender held no other session with the receiver then: what the receiver holds from before is dead. */
  readonly alone: boolean
  readonly relays: readonly string[]
}

export interface LogSummary {
  readonly log: LogId
  readonly author: PeerId
  readonly accepted: SequenceSet
  readonly read: SequenceSet
}

export interface ConversationSummary {
  readonly conversation: ConversationId
  readonly logs: readonly LogSummary[]
}

export interface Summary {
  readonly type: 'summary'
  readonly conversations: readonly ConversationSummary[]
}

export interface Push {
  readonly type: 'push'
  /** 1, 2, 3, … within the session. */
  readonly number: number
  readonly envelopes: readonly Uint8Array[]
}

export interface LogProof {
  readonly conversation: ConversationId
  readonly log: LogId
  readonly accepted: SequenceSet
  readonly read: SequenceSet
}

/** Why a message was not accepted. Unknown codes are shown as `other`. */
export const REFUSALS = [
  'other',
  'malformed',
  'not-member',
  'requests-full',
  'storage-full',
  'conflict',
] as const
export type RefusalCode = (typeof REFUSALS)[number]

export interface Refusal {
  readonly id: MessageId
  /** Trying ends. A temporary refusal is tried again later. */
  readonly permanent: boolean
  readonly code: RefusalCode
}

export interface Ack {
  readonly type: 'ack'
  /** All pushes up to this number are dealt with; 0 before the first. */
  readonly through: number
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

export type Frame = Hello | Summary | Push | Ack

export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'hello':
      return encode([
        0,
        frame.version,
        [],
        frame.nickname,
        fromBase64url(frame.installation),
        frame.started,
        frame.ordinal,
        frame.alone,
        frame.relays,
      ])
    case 'summary':
      return encode([
        1,
        frame.conversations.map(({ conversation, logs }) => [
          fromBase64url(conversation),
          logs.map((l) => [fromBase64url(l.log), keyOfPeerId(l.author), l.accepted, l.read]),
        ]),
      ])
    case 'push':
      return encode([2, frame.number, frame.envelopes])
    case 'ack':
      return encode([
        3,
        frame.through,
        frame.proofs.map((p) => [fromBase64url(p.conversation), fromBase64url(p.log), p.accepted, p.read]),
        frame.refused.map((r) => [uuidBytes(r.id), r.permanent, REFUSALS.indexOf(r.code)]),
      ])
  }
}

const conversation: Reader<ConversationId> = (value, field) => {
  const id = bytes(32)(value, field)
  if (id.length !== 32 && id.length !== 16) throw new MalformedError(`${field}: expected 16 or 32 bytes`)
  return toBase64url(id) as ConversationId
}
const log: Reader<LogId> = (value, field) => toBase64url(fixedBytes(8)(value, field)) as LogId
const author: Reader<PeerId> = (value, field) => peerIdOfKey(fixedBytes(32)(value, field))
const sequence = uint(Number.MAX_SAFE_INTEGER, 1)
const set: Reader<SequenceSet> = (value, field) => {
  const ranges = list(tuple<[number, number]>(sequence, sequence), MAX_RANGES)(value, field)
  if (!isSequenceSet(ranges)) throw new MalformedError(`${field}: not ascending, disjoint ranges`)
  return ranges
}

const number = uint(Number.MAX_SAFE_INTEGER)
const hello = tuple<[number, number, number[], string, Uint8Array, number, number, boolean, string[]]>(
  number,
  number,
  list(number, 64),
  text(MAX_NICKNAME_BYTES),
  fixedBytes(16),
  uint(MAX_TIME_MS),
  number,
  flag,
  list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS),
)
const summary = tuple<[number, [ConversationId, [LogId, PeerId, SequenceSet, SequenceSet][]][]]>(
  number,
  list(
    tuple<[ConversationId, [LogId, PeerId, SequenceSet, SequenceSet][]]>(
      conversation,
      list(tuple<[LogId, PeerId, SequenceSet, SequenceSet]>(log, author, set, set), MAX_LOGS_PER_SUMMARY),
    ),
    MAX_LOGS_PER_SUMMARY,
  ),
)
const push = tuple<[number, number, Uint8Array[]]>(
  number,
  sequence,
  list(bytes(MAX_ENVELOPE_BYTES), MAX_MESSAGES_PER_FRAME),
)
const ack = tuple<
  [number, number, [ConversationId, LogId, SequenceSet, SequenceSet][], [Uint8Array, boolean, number][]]
>(
  number,
  number,
  list(
    tuple<[ConversationId, LogId, SequenceSet, SequenceSet]>(conversation, log, set, set),
    MAX_LOGS_PER_SUMMARY,
  ),
  list(tuple<[Uint8Array, boolean, number]>(fixedBytes(16), flag, uint(0xffff)), MAX_MESSAGES_PER_FRAME),
)

/** A frame, or null when its kind is not known. Throws MalformedError. */
export function decodeFrame(frame: Uint8Array): Frame | null {
  const value = decode(frame)
  if (!Array.isArray(value)) throw new MalformedError('a frame is an array')
  const elements: readonly Cbor[] = value
  switch (elements[0]) {
    case 0: {
      const [, version, , nickname, installation, started, ordinal, alone, relays] = hello(elements, 'hello')
      return {
        type: 'hello',
        version,
        nickname: cleanNickname(nickname),
        installation: toBase64url(installation) as InstallationId,
        started,
        ordinal,
        alone,
        relays,
      }
    }
    case 1: {
      const [, conversations] = summary(elements, 'summary')
      return {
        type: 'summary',
        conversations: conversations.map(([conversation, logs]) => ({
          conversation,
          logs: logs.map(([log, author, accepted, read]) => ({ log, author, accepted, read })),
        })),
      }
    }
    case 2: {
      const [, number, envelopes] = push(elements, 'push')
      return { type: 'push', number, envelopes }
    }
    case 3: {
      const [, through, proofs, refused] = ack(elements, 'ack')
      return {
        type: 'ack',
        through,
        proofs: proofs.map(([conversation, log, accepted, read]) => ({ conversation, log, accepted, read })),
        refused: refused.map(([id, permanent, code]) => ({
          id: uuidText(id),
          permanent,
          code: REFUSALS[code] ?? 'other',
        })),
      }
    }
    default:
      number(elements[0], 'kind')
      return null
  }
}
