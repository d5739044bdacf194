import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PeerId } from '../src/domain/ids.ts'
import { MAX_WATCHED_PEERS } from '../src/protocol/limits.ts'
import type { Watch } from '../src/protocol/presence.ts'
import { MAX_PRESENCE_STREAMS_PER_PEER } from './limits.ts'
import { PresenceBook, type PresenceNews } from './presence-book.ts'
import { RefusedError } from './refused.ts'

const [A, B, C] = ['A', 'B', 'C'] as PeerId[] as [PeerId, PeerId, PeerId]

/** A book with a stream for each letter, and what a call tells whom: `a:B+` tells stream a that B is there. */
function bookWith(...streams: string[]): PresenceBook<string> {
  const book = new PresenceBook<string>()
  for (const stream of streams) book.open(stream, peerOf(stream))
  return book
}
const peerOf = (stream: string): PeerId => stream.charAt(0).toUpperCase() as PeerId
const told = (news: PresenceNews<string>): string[] =>
  [...news].flatMap(([stream, changes]) =>
    changes.map(({ peer, online }) => `${stream}:${peer}${online ? '+' : '-'}`),
  )
const watch = (...peers: PeerId[]): Watch[] => peers.map((peer) => ({ peer }))

test('nobody is told of a peer that does not watch back', () => {
  const book = bookWith('a', 'b')
  expect(told(book.watch('a', watch(B)))).toEqual([])
  expect(told(book.close('b'))).toEqual([])
})

test('once the watching is mutual, both are told at once', () => {
  const book = bookWith('a', 'b')
  book.watch('a', watch(B))
  expect(told(book.watch('b', watch(A)))).toEqual(['b:A+', 'a:B+'])
})

test('whoever leaves is gone for those who saw it, and only for them', () => {
  const book = bookWith('a', 'b', 'c')
  book.watch('a', watch(B))
  book.watch('b', watch(A))
  book.watch('c', watch(B))
  expect(told(book.close('b'))).toEqual(['a:B-'])
  expect(told(book.close('b'))).toEqual([])
})

test('a peer is there while one of its streams is open: a reload is not seen as leaving', () => {
  const book = bookWith('a', 'b1')
  book.watch('a', watch(B))
  book.watch('b1', watch(A))
  book.open('b2', B)
  expect(told(book.watch('b2', watch(A)))).toEqual(['b2:A+'])
  expect(told(book.close('b1'))).toEqual([])
  expect(told(book.close('b2'))).toEqual(['a:B-'])
})

test('whoever unwatches is gone for the other at once', () => {
  const book = bookWith('a', 'b')
  book.watch('a', watch(B))
  book.watch('b', watch(A))
  expect(told(book.unwatch('b', [A]))).toEqual(['a:B-'])
  expect(told(book.watch('b', watch(A)))).toEqual(['b:A+', 'a:B+'])
})

test('a registered token shows the peer to whoever brings it, until it is withdrawn', () => {
  const book = bookWith('a', 'b', 'c')
  book.watch('a', [{ peer: B, token: 'secret' }])
  book.watch('c', [{ peer: B, token: 'guess' }])
  expect(told(book.register('b', ['other', 'secret']))).toEqual(['a:B+'])
  expect(told(book.register('b', []))).toEqual(['a:B-'])
  book.register('b', ['secret'])
  expect(told(book.watch('c', [{ peer: B, token: 'secret' }]))).toEqual(['c:B+'])
  expect(told(book.watch('c', watch(B)))).toEqual(['c:B-'])
})

test('watching more peers than the limit is refused whole', () => {
  const book = bookWith('a')
  const many = Array.from({ length: MAX_WATCHED_PEERS }, (_, i) => ({ peer: `peer ${i}` as PeerId }))
  book.watch('a', many)
  book.watch('a', many)
  expect(() => book.watch('a', watch(B))).toThrow(RefusedError)
  book.unwatch('a', ['peer 0' as PeerId])
  book.watch('a', watch(B))
})

test('a peer may not open streams without end', () => {
  const book = bookWith()
  for (let i = 0; i < MAX_PRESENCE_STREAMS_PER_PEER; i++) book.open(`a${i}`, A)
  expect(() => book.open('one more', A)).toThrow(RefusedError)
})

test('whatever happens, each stream was told last what holds now', () => {
  const stream = fc.constantFrom('a1', 'a2', 'b1', 'b2', 'c1')
  const peer = fc.constantFrom(A, B, C)
  const token = fc.constantFrom('x', 'y')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('toggle' as const), stream }),
    fc.record({ kind: fc.constant('watch' as const), stream, peer, token: fc.option(token) }),
    fc.record({ kind: fc.constant('unwatch' as const), stream, peer }),
    fc.record({ kind: fc.constant('tokens' as const), stream, tokens: fc.array(token) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const book = new PresenceBook<string>()
      const model = new Map<
        string,
        { watches: Map<PeerId, string | null>; tokens: string[]; seen: Set<PeerId> }
      >()
      const note = (news: PresenceNews<string>): void => {
        for (const [to, changes] of news)
          for (const { peer, online } of changes) {
            const seen = model.get(to)?.seen
            expect(seen?.has(peer)).toBe(!online)
            if (online) seen?.add(peer)
            else seen?.delete(peer)
          }
      }
      for (const action of steps) {
        const seat = model.get(action.stream)
        if (action.kind === 'toggle') {
          if (seat === undefined) {
            model.set(action.stream, { watches: new Map(), tokens: [], seen: new Set() })
            book.open(action.stream, peerOf(action.stream))
          } else {
            model.delete(action.stream)
            note(book.close(action.stream))
          }
        } else if (seat !== undefined) {
          if (action.kind === 'watch') {
            seat.watches.set(action.peer, action.token)
            note(
              book.watch(action.stream, [
                action.token === null ? { peer: action.peer } : { peer: action.peer, token: action.token },
              ]),
            )
          } else if (action.kind === 'unwatch') {
            seat.watches.delete(action.peer)
            seat.seen.delete(action.peer)
            note(book.unwatch(action.stream, [action.peer]))
          } else {
            seat.tokens = action.tokens
            note(book.register(action.stream, action.tokens))
          }
        }
        for (const [name, { watches, seen }] of model) {
          const visible = [...watches].filter(([target, token]) =>
            [...model].some(
              ([other, { watches: back, tokens }]) =>
                peerOf(other) === target &&
                (back.has(peerOf(name)) || (token !== null && tokens.includes(token))),
            ),
          )
          expect([...seen].sort()).toEqual(visible.map(([target]) => target).sort())
        }
      }
    }),
    { numRuns: 300 },
  )
})
