import { expect, test } from 'vitest'
import type { PeerId } from '../src/domain/ids.ts'
import { peerIdOfKey } from '../src/protocol/identifiers.ts'
import { MAX_NEARBY_PEERS, NEARBY_LIFE_MS } from '../src/protocol/limits.ts'
import { nearbyBody, openNearbyRecord, sealNearbyRecord } from '../src/protocol/nearby.ts'
import { NearbyBook, type NearbyChanges } from './nearby-book.ts'

const NOW = 1_800_000_000_000
const peer = (i: number): PeerId => peerIdOfKey(new Uint8Array(32).fill(i & 0xff).with(0, i >> 8))
const RELAY = peer(0xffff)
const [ALICE, BOB] = [peer(1), peer(2)] as const

function sealed(
  owner: PeerId,
  nickname: string,
  options: { expires?: number; relay?: PeerId } = {},
): Uint8Array {
  const { expires = NOW + NEARBY_LIFE_MS, relay = RELAY } = options
  return sealNearbyRecord(nearbyBody({ peer: owner, nickname, expires, relay }), new Uint8Array(64))
}

/** What was told: `a:+Bob` tells stream a that Bob appeared, `a:-<peer>` that a peer left. */
const told = (changes: NearbyChanges<string>): string[] =>
  [...changes].flatMap(([stream, { appeared, left }]) => [
    ...appeared.map((record) => `${stream}:+${openNearbyRecord(record).record.nickname}`),
    ...left.map((gone) => `${stream}:-${gone}`),
  ])

test('the others are told who appears, changes and leaves, and a newcomer who is there', () => {
  const book = new NearbyBook<string>(RELAY)
  book.open('a', ALICE)
  expect(told(book.announce('a', sealed(ALICE, 'Alice'), NOW))).toEqual([])
  expect(told(book.open('b', BOB))).toEqual(['b:+Alice'])
  expect(told(book.announce('b', sealed(BOB, 'Bob'), NOW))).toEqual(['a:+Bob'])
  expect(told(book.announce('b', sealed(BOB, 'Bobby'), NOW))).toEqual(['a:+Bobby'])
  expect(told(book.withdraw('b'))).toEqual([`a:-${BOB}`])
  expect(told(book.withdraw('b'))).toEqual([])
  expect(told(book.close('a'))).toEqual([`b:-${ALICE}`])
})

test('a record outlives the stream that a newer one of its owner replaced', () => {
  const book = new NearbyBook<string>(RELAY)
  book.open('b', BOB)
  book.open('a1', ALICE)
  book.announce('a1', sealed(ALICE, 'Alice'), NOW)
  book.open('a2', ALICE)
  book.announce('a2', sealed(ALICE, 'Alice'), NOW)
  expect(told(book.close('a1'))).toEqual([])
  expect(told(book.close('a2'))).toEqual([`b:-${ALICE}`])
})

test.each([
  ['of someone else', sealed(BOB, 'Bob'), 'someone else'],
  ['for another relay', sealed(ALICE, 'Alice', { relay: BOB }), 'another relay'],
  ['that ran out', sealed(ALICE, 'Alice', { expires: NOW - NEARBY_LIFE_MS }), 'ran out'],
  ['that never runs out', sealed(ALICE, 'Alice', { expires: NOW + 3 * NEARBY_LIFE_MS }), 'ran out'],
  ['without a nickname', sealed(ALICE, ' '), 'nickname is empty'],
  ['that is no record', Uint8Array.of(0x80), 'expected'],
])('a record %s is refused', (_, record, reason) => {
  const book = new NearbyBook<string>(RELAY)
  book.open('a', ALICE)
  expect(() => book.announce('a', record, NOW)).toThrow(reason)
})

test('records that ran out leave', () => {
  const book = new NearbyBook<string>(RELAY)
  book.open('a', ALICE)
  book.open('b', BOB)
  book.announce('a', sealed(ALICE, 'Alice'), NOW)
  expect(book.expire(NOW + NEARBY_LIFE_MS)).toEqual([])
  expect(book.expire(NOW + 2 * NEARBY_LIFE_MS).flatMap(told)).toEqual([`b:-${ALICE}`])
  expect(told(book.open('c', peer(3)))).toEqual([])
})

test('a client is shown no more people than it may be, and others when there is room', () => {
  const book = new NearbyBook<string>(RELAY)
  const crowd = Array.from({ length: MAX_NEARBY_PEERS + 1 }, (_, i) => ({
    stream: `s${i}`,
    owner: peer(i + 10),
  }))
  for (const { stream, owner } of crowd) {
    book.open(stream, owner)
    book.announce(stream, sealed(owner, stream), NOW)
  }
  expect(told(book.open('late', ALICE))).toHaveLength(MAX_NEARBY_PEERS)
  const [first, last] = [crowd[0], crowd.at(-1)]
  expect(told(book.announce(last?.stream ?? '', sealed(last?.owner ?? ALICE, 'again'), NOW))).not.toContain(
    'late:+again',
  )
  book.close(first?.stream ?? '')
  expect(told(book.announce(last?.stream ?? '', sealed(last?.owner ?? ALICE, 'again'), NOW))).toContain(
    'late:+again',
  )
})
