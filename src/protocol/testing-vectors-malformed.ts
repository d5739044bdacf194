/** The test vectors of what a reader must put up with, and of what it must refuse. */
import { concatBytes } from '@noble/hashes/utils.js'
import type { MessageId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { MAX_LOGICAL, MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, decode, encode } from './cbor.ts'
import { envelopeSignedBytes, sealEnvelope } from './envelope.ts'
import type { Frame } from './frames.ts'
import { uuidBytes } from './identifiers.ts'
import { MAX_CBOR_DEPTH, MAX_GRANT_BYTES, MAX_RELAYS, MAX_SYNC_FRAME_BYTES } from './limits.ts'

interface ToleratedVector {
  readonly rule: string
  readonly reason: string
  /** What the frame says; null: it is skipped. */
  readonly fields: Frame | null
  readonly bytes: Uint8Array
}

/** Frames of later versions. */
export const toleratedVectors = (id: MessageId): ToleratedVector[] => [
  { rule: '15.1', reason: 'a kind that is not known', fields: null, bytes: encode([4711, 'whatever', []]) },
  {
    rule: '15.1',
    reason: 'an element after those that are known',
    fields: { type: 'push', number: 1, envelopes: [] },
    bytes: encode([2, 1, [], 'later']),
  },
  {
    rule: '14.2',
    reason: 'a refusal code that is not known',
    fields: { type: 'ack', through: 0, proofs: [], refused: [{ id, permanent: true, code: 'other' }] },
    bytes: encode([3, 0, [], [[uuidBytes(id), true, 99, 'later']]]),
  },
]

export type MalformedKind = 'cbor' | 'frame' | 'envelope' | 'stream' | 'invite' | 'presence' | 'nearby'

interface MalformedVector {
  readonly rule: string
  /** What the bytes are given as; an invite is the bytes that its code stands for. */
  readonly kind: MalformedKind
  readonly reason: string
  readonly bytes: Uint8Array
}

type Row = readonly [rule: string, reason: string, bytes: Uint8Array]

const SIGNATURE = new Uint8Array(64)
const LOG = new Uint8Array(8)
const CONVERSATION = new Uint8Array(32)
const INSTALLATION = new Uint8Array(16)

const rows = (kind: MalformedKind, list: readonly Row[]): MalformedVector[] =>
  list.map(([rule, reason, bytes]) => ({ rule, kind, reason, bytes }))

const CBOR: readonly Row[] = [
  ['1.1', 'nothing', Uint8Array.of()],
  ['1.1', 'two values', Uint8Array.of(0x01, 0x02)],
  ['1.1', 'bytes that end early', Uint8Array.of(0x42, 0x01)],
  ['1.1', 'a map', Uint8Array.of(0xa0)],
  ['1.1', 'a tag', Uint8Array.of(0xc0, 0x00)],
  ['1.1', 'a float', Uint8Array.of(0xf9, 0x3c, 0x00)],
  ['1.1', 'undefined', Uint8Array.of(0xf7)],
  ['1.1', 'an array of indefinite length', Uint8Array.of(0x9f, 0xff)],
  ['1.1', 'a number that is longer than it must be', Uint8Array.of(0x18, 0x01)],
  ['1.1', 'a length that is longer than it must be', Uint8Array.of(0x58, 0x01, 0x00)],
  ['1.1', 'a number past 2^53 - 1', Uint8Array.of(0x1b, 0x00, 0x20, 0, 0, 0, 0, 0, 0)],
  ['1.1', 'text that is not UTF-8', Uint8Array.of(0x61, 0xff)],
  ['1.1', 'an array that claims 2^40 elements', Uint8Array.of(0x9b, 0, 0, 1, 0, 0, 0, 0, 0)],
  [
    '1.1',
    `${MAX_CBOR_DEPTH + 1} nested arrays`,
    Uint8Array.of(...Array.from({ length: MAX_CBOR_DEPTH + 1 }, () => 0x81), 0x00),
  ],
]

const STREAM: readonly Row[] = [
  ['1.2', 'a length of more than four bytes', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x01)],
  ['1.2', `a length of ${MAX_SYNC_FRAME_BYTES + 1}`, Uint8Array.of(0x81, 0x80, 0x20)],
]

const hello = (change: Readonly<Record<number, Cbor>>): Uint8Array =>
  encode(with_([0, 1, [], 'Alice', INSTALLATION, 0, 0, true, [], SIGNATURE], change))

const ackOf = (accepted: Cbor): Uint8Array => encode([3, 0, [[CONVERSATION, LOG, accepted, []]], []])

const FRAMES: readonly Row[] = [
  ['1.3', 'not an array', encode(0)],
  ['1.3', 'an array without a kind', encode([])],
  ['1.3', 'a kind that is text', encode(['hello'])],
  ['9.1', 'a hello without a signature', encode([0, 1, [], 'Alice', INSTALLATION, 0, 0, true, []])],
  ['9.1', 'a hello with a start past 2^47', hello({ 5: MAX_TIME_MS + 1 })],
  ['9.1', 'a hello with too many relays', hello({ 8: Array.from({ length: MAX_RELAYS + 1 }, () => '/ip4') })],
  ['9.1', 'a hello with a signature of 63 bytes', hello({ 9: new Uint8Array(63) })],
  ['9.1', 'a push with the number 0', encode([2, 0, []])],
  ['9.1', 'a pull with a log id of 7 bytes', encode([4, 1, CONVERSATION, [[new Uint8Array(7), []]]])],
  ['9.1', 'typing in a conversation of 31 bytes', encode([6, new Uint8Array(31)])],
  ['9.1', 'a grant that is too large', encode([8, new Uint8Array(MAX_GRANT_BYTES + 1)])],
  ['9.1', 'a card without relays', encode([9, 'Alice'])],
  ['9.2', 'a range that runs backwards', ackOf([[5, 4]])],
  ['9.2', 'a range that begins at 0', ackOf([[0, 1]])],
  [
    '9.2',
    'ranges that are adjacent',
    ackOf([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    '9.2',
    'ranges that descend',
    ackOf([
      [5, 6],
      [1, 2],
    ]),
  ],
]

const RELAY: readonly MalformedVector[] = [
  ...rows('presence', [['7.4', 'a key of 31 bytes', encode([0, [[new Uint8Array(31), null]]])]]),
  ...rows('presence', [['7.4', 'a token of 15 bytes', encode([2, [new Uint8Array(15)]])]]),
]

/** `sealed` is an envelope with a text, by `author`; `other` is another key. */
export function malformedVectors(
  sealed: Uint8Array,
  author: Uint8Array,
  other: Uint8Array,
): MalformedVector[] {
  const [body] = decode(sealed) as readonly [Uint8Array]
  const elements = decode(body) as readonly Cbor[]
  const envelope = (change: Readonly<Record<number, Cbor>>): Uint8Array =>
    encode([encode(with_(elements, change)), SIGNATURE])
  const invite = (change: Readonly<Record<number, Cbor>>): Uint8Array =>
    encode([encode(with_([1, author, 'Alice', [], new Uint8Array(16), 0], change)), SIGNATURE])
  const record = encode([encode([1, author, 'Alice', 0, 'no peer id']), SIGNATURE])
  return [
    ...rows('cbor', CBOR),
    ...rows('stream', STREAM),
    ...rows('frame', FRAMES),
    ...rows('envelope', [
      ['3.7', 'a signature of 63 bytes', encode([body, new Uint8Array(63)])],
      ['3.7', 'no signature', encode([body])],
      ['3.7', 'a version that is not known', envelope({ 0: 2 })],
      ['3.7', 'the sequence number 0', envelope({ 6: 0 })],
      ['3.7', 'a clock past 2^47', envelope({ 7: MAX_TIME_MS + 1 })],
      ['3.7', 'a logical count past 2^24 - 1', envelope({ 8: MAX_LOGICAL + 1 })],
      ['3.7', 'a body with one element more', envelope({ 12: null })],
      ['3.2', 'an id that is not of this author', envelope({ 4: other })],
      ['3.2', 'an id that is not of this nonce', envelope({ 2: new Uint8Array(16) })],
      ['3.5', 'a text whose payload is a number', envelope({ 11: encode([17]) })],
      ['3.5', 'a text whose payload has one element more', envelope({ 11: encode(['x', 'more']) })],
      [
        '3.5',
        'a text whose payload is not the shortest',
        envelope({ 11: Uint8Array.of(0x81, 0x78, 0x01, 0x78) }),
      ],
    ]),
    ...rows('invite', [
      ['6.2', 'a version that is not known', invite({ 0: 2 })],
      ['6.2', 'a secret of 15 bytes', invite({ 4: new Uint8Array(15) })],
      ['6.4', 'a grant signature of 63 bytes', invite({ 6: new Uint8Array(63) })],
      ['6.4', 'a grant signature that is null', invite({ 6: null })],
      ['6.2', 'no signature', encode([encode([1, author, 'Alice', [], new Uint8Array(16), 0])])],
    ]),
    ...RELAY,
    ...rows('nearby', [['7.6', 'a relay that is no peer id', record]]),
  ]
}

/** Envelopes that are well formed and whose signature does not verify. `sign` is by someone who is not the author. */
export function forgedVectors(
  message: AuthoredMessage,
  sign: (bytes: Uint8Array) => Uint8Array,
): { readonly reason: string; readonly sealed: Uint8Array }[] {
  const signed = envelopeSignedBytes(message)
  const body = signed.subarray('gigi/envelope/1'.length)
  return [
    { reason: 'signed by someone else', sealed: sealEnvelope(message, sign(signed)) },
    { reason: 'signed without the domain string', sealed: sealEnvelope(message, sign(body)) },
    {
      reason: 'signed under another domain string',
      sealed: sealEnvelope(message, sign(concatBytes(new TextEncoder().encode('gigi/invite/1'), body))),
    },
  ]
}

function with_(elements: readonly Cbor[], change: Readonly<Record<number, Cbor>>): Cbor[] {
  const changed = [...elements]
  for (const [index, value] of Object.entries(change)) changed[Number(index)] = value
  return changed
}
