/** Frames as bytes and back (SPEC 9.1); their layout stands in `frames.ts`. What is not read here does not get past the codec. */
import type { ConversationId, InstallationId, LogId, PeerId } from '../domain/ids.ts'
import { cleanNickname } from '../domain/nickname.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { isSequenceSet, type SequenceSet } from '../domain/sequence-set.ts'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'
import { type Frame, type LogNumbers, REFUSALS } from './frames.ts'
import { fromBase64url, keyOfPeerId, peerIdOfKey, toBase64url, uuidBytes, uuidText } from './identifiers.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_CONVERSATIONS_PER_SUMMARY,
  MAX_ENVELOPE_BYTES,
  MAX_GRANT_BYTES,
  MAX_KNOWN_STATEMENTS,
  MAX_LOGS_PER_FRAME,
  MAX_LOGS_PER_SUMMARY,
  MAX_MESSAGES_PER_FRAME,
  MAX_NICKNAME_BYTES,
  MAX_RANGES,
  MAX_RELAYS,
  MAX_STATEMENT_BYTES,
  MAX_STATEMENTS,
} from './limits.ts'
import { bytes, fixedBytes, flag, list, nullable, type Reader, text, tuple, uint } from './shape.ts'

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
        frame.signature,
      ])
    case 'summary':
      return encode([
        1,
        frame.conversations.map(({ conversation, logs }) => [
          fromBase64url(conversation),
          logs.map((l) => [
            fromBase64url(l.log),
            keyOfPeerId(l.author),
            l.accepted,
            l.read,
            l.tail === null ? null : uuidBytes(l.tail),
          ]),
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
    case 'pull':
      return encode([4, frame.number, fromBase64url(frame.conversation), places(frame.wanted)])
    case 'page':
      return encode([5, frame.number, frame.envelopes, places(frame.gone), places(frame.empty)])
    case 'typing':
      return encode([6, fromBase64url(frame.conversation)])
    case 'replaced':
      return encode([7, fromBase64url(frame.installation), frame.started, frame.signature])
    case 'grant':
      return encode([8, frame.grant])
    case 'card':
      return encode([9, frame.nickname, frame.relays])
    case 'known':
      return encode([
        10,
        frame.groups.map(({ group, members }) => [
          fromBase64url(group),
          members.map(({ member, number }) => [keyOfPeerId(member), number]),
        ]),
      ])
    case 'statements':
      return encode([11, frame.statements])
  }
}

const places = (logs: readonly LogNumbers[]): Cbor =>
  logs.map(({ log, numbers }) => [fromBase64url(log), numbers])

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
const installation: Reader<InstallationId> = (value, field) =>
  toBase64url(fixedBytes(16)(value, field)) as InstallationId
const relays = list(text(MAX_ADDRESS_LENGTH), MAX_RELAYS)
const hello = tuple<
  [number, number, number[], string, InstallationId, number, number, boolean, string[], Uint8Array]
>(
  number,
  number,
  list(number, 64),
  text(MAX_NICKNAME_BYTES),
  installation,
  uint(MAX_TIME_MS),
  number,
  flag,
  relays,
  fixedBytes(64),
)
const logSummary = tuple<[LogId, PeerId, SequenceSet, SequenceSet, Uint8Array | null]>(
  log,
  author,
  set,
  set,
  nullable(fixedBytes(16)),
)
const summary = tuple<
  [number, [ConversationId, [LogId, PeerId, SequenceSet, SequenceSet, Uint8Array | null][]][]]
>(
  number,
  list(
    tuple<[ConversationId, [LogId, PeerId, SequenceSet, SequenceSet, Uint8Array | null][]]>(
      conversation,
      list(logSummary, MAX_LOGS_PER_SUMMARY),
    ),
    MAX_CONVERSATIONS_PER_SUMMARY,
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

const logNumbers: Reader<LogNumbers[]> = (value, field) =>
  list(tuple<[LogId, SequenceSet]>(log, set), MAX_LOGS_PER_SUMMARY)(value, field).map(([log, numbers]) => ({
    log,
    numbers,
  }))
const pull = tuple<[number, number, ConversationId, LogNumbers[]]>(number, sequence, conversation, logNumbers)
const page = tuple<[number, number, Uint8Array[], LogNumbers[], LogNumbers[]]>(
  number,
  sequence,
  list(bytes(MAX_ENVELOPE_BYTES), MAX_MESSAGES_PER_FRAME),
  logNumbers,
  logNumbers,
)
const typing = tuple<[number, ConversationId]>(number, conversation)
const replaced = tuple<[number, InstallationId, number, Uint8Array]>(
  number,
  installation,
  uint(MAX_TIME_MS),
  fixedBytes(64),
)
const grant = tuple<[number, Uint8Array]>(number, bytes(MAX_GRANT_BYTES))
const card = tuple<[number, string, string[]]>(number, text(MAX_NICKNAME_BYTES), relays)

const group: Reader<ConversationId> = (value, field) =>
  toBase64url(fixedBytes(16)(value, field)) as ConversationId
const known = tuple<[number, [ConversationId, [PeerId, number][]][]]>(
  number,
  list(
    tuple<[ConversationId, [PeerId, number][]]>(
      group,
      list(tuple<[PeerId, number]>(author, uint(MAX_TIME_MS)), MAX_KNOWN_STATEMENTS),
    ),
    MAX_CONVERSATIONS_PER_SUMMARY,
  ),
)
const statements = tuple<[number, Uint8Array[]]>(number, list(bytes(MAX_STATEMENT_BYTES), MAX_STATEMENTS))

/** A frame, or null when its kind is not known. Throws MalformedError. */
export function decodeFrame(frame: Uint8Array): Frame | null {
  const value = decode(frame)
  if (!Array.isArray(value)) throw new MalformedError('a frame is an array')
  const elements: readonly Cbor[] = value
  switch (elements[0]) {
    case 0: {
      const [, version, , nickname, installation, started, ordinal, alone, relays, signature] = hello(
        elements,
        'hello',
      )
      return {
        type: 'hello',
        version,
        nickname: cleanNickname(nickname),
        installation,
        started,
        ordinal,
        alone,
        relays,
        signature,
      }
    }
    case 1: {
      const [, conversations] = summary(elements, 'summary')
      const places = conversations.flatMap(([id, logs]) => [id, ...logs.map(([log]) => `${id} ${log}`)])
      if (new Set(places).size < places.length) throw new MalformedError('summary: something is named twice')
      if (places.length > MAX_LOGS_PER_FRAME + MAX_CONVERSATIONS_PER_SUMMARY)
        throw new MalformedError('summary: too many logs')
      return {
        type: 'summary',
        conversations: conversations.map(([conversation, logs]) => ({
          conversation,
          logs: logs.map(([log, author, accepted, read, tail]) => ({
            log,
            author,
            accepted,
            read,
            tail: tail === null ? null : uuidText(tail),
          })),
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
    case 4: {
      const [, number, conversation, wanted] = pull(elements, 'pull')
      return { type: 'pull', number, conversation, wanted }
    }
    case 5: {
      const [, number, envelopes, gone, empty] = page(elements, 'page')
      return { type: 'page', number, envelopes, gone, empty }
    }
    case 6: {
      const [, conversation] = typing(elements, 'typing')
      return { type: 'typing', conversation }
    }
    case 7: {
      const [, installation, started, signature] = replaced(elements, 'replaced')
      return { type: 'replaced', installation, started, signature }
    }
    case 8: {
      const [, sealed] = grant(elements, 'grant')
      return { type: 'grant', grant: sealed }
    }
    case 9: {
      const [, nickname, relays] = card(elements, 'card')
      return { type: 'card', nickname: cleanNickname(nickname), relays }
    }
    case 10: {
      const [, groups] = known(elements, 'known')
      if (groups.reduce((sum, [, members]) => sum + members.length, 0) > MAX_KNOWN_STATEMENTS)
        throw new MalformedError('known: too many statements')
      return {
        type: 'known',
        groups: groups.map(([id, members]) => ({
          group: id,
          members: members.map(([member, at]) => ({ member, number: at })),
        })),
      }
    }
    case 11: {
      const [, sealed] = statements(elements, 'statements')
      return { type: 'statements', statements: sealed }
    }
    default:
      number(elements[0], 'kind')
      return null
  }
}
