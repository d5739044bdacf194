import { expect, test } from 'vitest'
import type { PeerId } from '../domain/ids.ts'
import { DEPOSIT_AFTER_MS, DEPOSIT_SOON_MS, DEPOSIT_STUCK_MS } from './limits.ts'
import { letterAt, type Waiting } from './mail-policy.ts'
import { decide } from './decide.ts'
import { type PeerState, unknownPeer } from './state.ts'

const NOTHING: Waiting = { unpostedSince: null, owedSince: null, notBefore: 0 }
const [online, queued] = [1_000, 50_000]
const peer = unknownPeer('a' as PeerId, 'b' as PeerId, true)
const away: PeerState = { ...peer, online: false, presenceAt: 20_000 }
const there: PeerState = { ...peer, online: true, presenceAt: 49_500 }

function inSession(heardAt: number): PeerState {
  const [opened] = decide(
    there,
    { type: 'opened', session: '1', initiator: peer.self, path: 'direct', ordinal: 1 },
    heardAt,
  )
  const sessions = opened.sessions.map((session) => ({
    ...session,
    ready: true,
    heardAt,
    hello: {} as never,
  }))
  return { ...opened, sessions }
}

test('where nothing waits nothing is written', () => {
  for (const state of [peer, away, there, inSession(0)]) expect(letterAt(state, NOTHING, online)).toBe(null)
})

test('to who is away it goes at once; of whom nothing is said soon, as soon as it would have been said', () => {
  const waiting = { ...NOTHING, unpostedSince: queued }
  expect(letterAt(away, waiting, online)).toBe(queued + DEPOSIT_SOON_MS)
  expect(letterAt(peer, waiting, online)).toBe(queued + DEPOSIT_SOON_MS)
  expect(letterAt(peer, waiting, queued)).toBe(queued + DEPOSIT_AFTER_MS)
})

test('who has just come is given the time to begin a session', () => {
  expect(letterAt(there, { ...NOTHING, unpostedSince: 49_000 }, online)).toBe(49_500 + DEPOSIT_AFTER_MS)
  expect(letterAt(there, { ...NOTHING, owedSince: 49_000 }, online)).toBe(49_500 + DEPOSIT_AFTER_MS)
})

test('who is there without a session is dialled first', () => {
  expect(letterAt(there, { ...NOTHING, unpostedSince: 90_000 }, online)).toBe(90_000 + DEPOSIT_AFTER_MS)
  expect(letterAt(there, { ...NOTHING, owedSince: 90_000 }, online)).toBe(90_000 + DEPOSIT_AFTER_MS)
})

test('proof goes at once to whom nothing is said of', () => {
  expect(letterAt(peer, { ...NOTHING, owedSince: queued }, queued)).toBe(queued)
})

test('in a session nothing is written that is said there, but for what it does not confirm', () => {
  expect(letterAt(inSession(queued), { ...NOTHING, owedSince: queued }, online)).toBe(null)
  const waiting = { ...NOTHING, unpostedSince: queued }
  expect(letterAt(inSession(queued + 10), waiting, online)).toBe(queued + 10 + DEPOSIT_STUCK_MS)
})

test('what could not be left waits for its time', () => {
  const waiting = { unpostedSince: queued, owedSince: queued, notBefore: 90_000 }
  for (const state of [peer, away, there, inSession(queued)])
    expect(letterAt(state, waiting, online)).toBe(90_000)
})
