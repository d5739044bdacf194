import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InstallationId, LogId } from '../domain/ids.ts'
import { person } from '../testing/people.ts'
import { encode, MalformedError } from './cbor.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'
import type { Frame } from './frames.ts'
import { groupIdOf } from './group.ts'
import { directConversationId, mintMessageId, toBase64url } from './identifiers.ts'
import { MAX_ADDRESS_LENGTH, MAX_GRANT_BYTES, MAX_NICKNAME_BYTES, MAX_RELAYS } from './limits.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const log = toBase64url(new Uint8Array(8)) as LogId

const frames: Frame[] = [
  {
    type: 'hello',
    version: 1,
    nickname: 'Alice',
    installation: toBase64url(new Uint8Array(16)) as InstallationId,
    started: 1_700_000_000_000,
    ordinal: 3,
    alone: true,
    signature: new Uint8Array(64).fill(7),
    relays: ['/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW'],
  },
  {
    type: 'summary',
    conversations: [
      {
        conversation,
        logs: [
          {
            log,
            author: alice.peerId,
            accepted: [[1, 5]],
            read: [
              [1, 2],
              [4, 4],
            ],
            tail: mintMessageId(1, alice.peerId, conversation, new Uint8Array(16)),
          },
        ],
      },
    ],
  },
  { type: 'push', number: 1, envelopes: [Uint8Array.of(1, 2, 3)] },
  {
    type: 'ack',
    through: 1,
    proofs: [{ conversation, log, accepted: [[1, 9]], read: [] }],
    refused: [
      {
        id: mintMessageId(1, alice.peerId, conversation, new Uint8Array(16)),
        permanent: false,
        code: 'requests-full',
      },
    ],
  },
  { type: 'pull', number: 1, conversation, wanted: [{ log, numbers: [[1, 50]] }] },
  {
    type: 'page',
    number: 1,
    envelopes: [Uint8Array.of(9)],
    gone: [{ log, numbers: [[4, 4]] }],
    empty: [{ log, numbers: [[6, 7]] }],
  },
  { type: 'typing', conversation },
  {
    type: 'replaced',
    installation: toBase64url(new Uint8Array(16).fill(3)) as InstallationId,
    started: 1_700_000_000_001,
    signature: new Uint8Array(64).fill(5),
  },
  { type: 'grant', grant: new Uint8Array(160).fill(4) },
  { type: 'card', nickname: 'Alice', relays: ['/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW'] },
  {
    type: 'known',
    groups: [
      { group: groupIdOf(alice.peerId, 'A'.repeat(22)), members: [{ member: bob.peerId, number: 7 }] },
    ],
  },
  { type: 'statements', statements: [new Uint8Array(200).fill(5)] },
]

describe('sync frames', () => {
  test.each(frames)('$type comes out as it went in (SPEC 9.1)', (frame) => {
    expect(decodeFrame(encodeFrame(frame))).toEqual(frame)
  })

  test('an unknown kind is skipped; more elements than known are ignored (SPEC 1.3)', () => {
    expect(decodeFrame(encode([99, 'whatever']))).toBeNull()
    expect(decodeFrame(encode([2, 1, [], 'later']))).toEqual({ type: 'push', number: 1, envelopes: [] })
  })

  test('any bytes, and valid frames with bytes changed, are decoded or malformed (SPEC 1.4)', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...frames), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([frame, at, byte]) => {
        const bytes = encodeFrame(frame)
        bytes[at % bytes.length] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (bytes) => {
        try {
          decodeFrame(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('what is too much in a grant or a card is malformed, and a nickname is cleaned (SPEC 2.2, 9.1)', () => {
    const relays = Array.from({ length: MAX_RELAYS + 1 }, () => '/ip4')
    for (const frame of [
      [8],
      [8, 'text'],
      [8, new Uint8Array(MAX_GRANT_BYTES + 1)],
      [9, 'Alice'],
      [9, 'x'.repeat(MAX_NICKNAME_BYTES + 1), []],
      [9, 'Alice', relays],
      [9, 'Alice', ['x'.repeat(MAX_ADDRESS_LENGTH + 1)]],
    ])
      expect(() => decodeFrame(encode(frame))).toThrow(MalformedError)
    expect(decodeFrame(encode([9, ' A\u202elice ', [], 'later']))).toEqual({
      type: 'card',
      nickname: 'Alice',
      relays: [],
    })
  })

  test('a summary that names something twice is malformed', () => {
    const log8 = new Uint8Array(8)
    const logs = [[log8, new Uint8Array(32).fill(1), [], [], null]]
    const once = [new Uint8Array(32), logs]
    expect(decodeFrame(encode([1, [once]]))).not.toBeNull()
    expect(() => decodeFrame(encode([1, [once, once]]))).toThrow(MalformedError)
    expect(() => decodeFrame(encode([1, [[new Uint8Array(32), [...logs, ...logs]]]]))).toThrow(MalformedError)
  })

  test('ranges that overlap, or a set that runs backwards, are malformed (SPEC 9.2)', () => {
    const ack = (ranges: number[][]): Uint8Array =>
      encode([3, 0, [[new Uint8Array(32), new Uint8Array(8), ranges, []]], []])
    expect(() =>
      decodeFrame(
        ack([
          [1, 3],
          [3, 4],
        ]),
      ),
    ).toThrow(MalformedError)
    expect(() => decodeFrame(ack([[5, 4]]))).toThrow(MalformedError)
    expect(
      decodeFrame(
        ack([
          [1, 3],
          [5, 9],
        ]),
      ),
    ).not.toBeNull()
  })
})
