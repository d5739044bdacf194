import { describe, expect, test } from 'vitest'
import type { MessageId, PeerId } from '../domain/ids.ts'
import type { Hello } from '../protocol/frames.ts'
import { PUSH_WINDOW } from '../protocol/limits.ts'
import { person } from '../testing/people.ts'
import { decide, isGreeting, isThere } from './decide.ts'
import { currentSession, type Effect, type PeerEvent, type PeerState, unknownPeer } from './state.ts'
import { DIAL_BACKOFF, HELLO_TIMEOUT_MS, IDLE_MS, LASTING_MS } from './limits.ts'

const [low, high] = [person('Alice', 1).peerId, person('Bob', 2).peerId].sort() as [PeerId, PeerId]
const id = (n: number) => `id-${String(n)}` as MessageId

/** A peer as `self` sees it, fed with events; remembers the effects of the last one. */
class Run {
  state: PeerState
  effects: readonly Effect[] = []
  now = 1_000_000

  constructor(self = low, peer = high) {
    this.state = unknownPeer(self, peer, true)
  }

  feed(event: PeerEvent): this {
    ;[this.state, this.effects] = decide(this.state, event, this.now)
    return this
  }

  get types(): string[] {
    return this.effects.map(({ type }) => type)
  }

  open(session: string, initiator = this.state.self, path: 'direct' | 'relayed' = 'direct'): this {
    return this.feed({ type: 'opened', session, initiator, path, ordinal: Number(session) })
  }

  hello(session: string, said: Partial<Hello> = {}): this {
    const frame: Hello = {
      type: 'hello',
      version: 1,
      nickname: 'x',
      installation: 'AAAAAAAAAAAAAAAAAAAAAA' as Hello['installation'],
      started: 1,
      ordinal: Number(session),
      alone: false,
      relays: [],
      signature: new Uint8Array(64),
      ...said,
    }
    return this.feed({ type: 'frame', session, frame })
  }

  ready(session: string): this {
    return this.hello(session).feed({ type: 'recorded', session, records: 1, wanted: [] })
  }

  outbox(session: string, cursor: number, more: boolean): this {
    return this.feed({ type: 'outbox', session, pushes: [[new Uint8Array(1)]], cursor: id(cursor), more })
  }
}

describe('dialling', () => {
  test('something to say and a peer that is there: dialled at once, by whichever comes second', () => {
    expect(
      new Run().feed({ type: 'queued', queued: true }).feed({ type: 'presence', online: true }).types,
    ).toEqual([])
    const run = new Run().feed({ type: 'presence', online: true }).feed({ type: 'queued', queued: true })
    expect(run.types).toEqual(['dial'])
    expect(run.feed({ type: 'shown', shown: true }).types).toEqual([])
  })

  test('nothing to say and nobody looking: not dialled', () => {
    const run = new Run().feed({ type: 'presence', online: true })
    expect(run.types).toEqual([])
    expect(run.feed({ type: 'tick' }).types).toEqual([])
  })

  test('a silent peer is dialled when its conversation is opened, and at each tick', () => {
    const run = new Run().feed({ type: 'shown', shown: true })
    expect(run.types).toEqual(['dial'])
    run.feed({ type: 'dialed', path: 'best', ok: false, random: 0 })
    run.now += DIAL_BACKOFF.firstMs
    expect(run.feed({ type: 'wake' }).types).toEqual([])
    expect(run.feed({ type: 'tick' }).types).toEqual(['dial'])
  })

  test('a peer that presence says has left is not dialled at the ticks, but by timed attempts', () => {
    const run = new Run().feed({ type: 'presence', online: true }).feed({ type: 'presence', online: false })
    run.feed({ type: 'queued', queued: true }).feed({ type: 'dialed', path: 'best', ok: false, random: 0 })
    run.now += 3_600_000
    expect(run.feed({ type: 'tick' }).types).toEqual([])
    expect(run.feed({ type: 'attempt' }).types).toEqual(['dial'])
  })

  test('a failed dial of a peer that is there waits, longer each time, and is tried again', () => {
    const run = new Run().feed({ type: 'presence', online: true }).feed({ type: 'queued', queued: true })
    for (const wait of [1000, 2000, 4000]) {
      run.feed({ type: 'dialed', path: 'best', ok: false, random: 0 })
      expect(run.effects).toEqual([{ type: 'wake-at', at: run.now + wait }])
      run.now += wait
      expect(run.feed({ type: 'wake' }).types).toEqual(['dial'])
    }
  })

  test('a session that ends as soon as it began waits like a failed dial; one that lasted does not', () => {
    const run = new Run().feed({ type: 'presence', online: true }).feed({ type: 'queued', queued: true })
    for (const wait of [1000, 2000, 4000]) {
      run.feed({ type: 'dialed', path: 'best', ok: true, random: 0 }).open('1').ready('1')
      run.feed({ type: 'closed', session: '1', random: 0 })
      expect(run.effects).toContainEqual({ type: 'wake-at', at: run.now + wait })
      run.now += wait
      expect(run.feed({ type: 'wake' }).types).toEqual(['dial'])
    }
    run.feed({ type: 'dialed', path: 'best', ok: true, random: 0 }).open('1').ready('1')
    run.now += LASTING_MS + 1
    expect(run.feed({ type: 'closed', session: '1', random: 0 }).types).toContain('dial')
  })

  test('a peer that presence says has left is not there, though its dead session still stands, until it is heard', () => {
    const run = new Run().feed({ type: 'presence', online: true }).open('1').ready('1')
    run.now += 1
    run.feed({ type: 'presence', online: false })
    expect(isThere(run.state)).toBe(false)
    run.now += 1
    run.feed({ type: 'frame', session: '1', frame: { type: 'ack', through: 0, proofs: [], refused: [] } })
    expect(isThere(run.state)).toBe(true)
    // The relay is gone, and with it what it knew.
    expect(isThere(run.feed({ type: 'presence', online: null }).state)).toBe(true)
  })

  test('without a reservation nothing is dialled; with it back, at once and without the old waits', () => {
    const run = new Run().feed({ type: 'presence', online: true }).feed({ type: 'queued', queued: true })
    run.feed({ type: 'dialed', path: 'best', ok: false, random: 0 }).feed({ type: 'network', online: false })
    expect(run.feed({ type: 'wake' }).types).toEqual([])
    expect(run.feed({ type: 'network', online: true }).types).toEqual(['dial'])
  })
})

describe('one session of two', () => {
  /** The session that each side keeps when both dial at once and hear the hellos in the given orders. */
  function both(orderAtLow: string[], orderAtHigh: string[]): (string | undefined)[] {
    const [a, b] = [new Run(low, high), new Run(high, low)]
    // Each opens its own first: session 1 is opened by the lesser id, 2 by the greater.
    a.feed({ type: 'opened', session: 'S1', initiator: low, path: 'direct', ordinal: 1 })
    a.feed({ type: 'opened', session: 'S2', initiator: high, path: 'direct', ordinal: 2 })
    b.feed({ type: 'opened', session: 'S2', initiator: high, path: 'direct', ordinal: 1 })
    b.feed({ type: 'opened', session: 'S1', initiator: low, path: 'direct', ordinal: 2 })
    const fromHigh = { S2: { ordinal: 1, alone: true }, S1: { ordinal: 2, alone: false } }
    const fromLow = { S1: { ordinal: 1, alone: true }, S2: { ordinal: 2, alone: false } }
    for (const s of orderAtLow) a.hello(s, fromHigh[s as 'S1' | 'S2'])
    for (const s of orderAtHigh) b.hello(s, fromLow[s as 'S1' | 'S2'])
    return [currentSession(a.state)?.id, currentSession(b.state)?.id]
  }

  test.each([
    [
      ['S1', 'S2'],
      ['S1', 'S2'],
    ],
    [
      ['S1', 'S2'],
      ['S2', 'S1'],
    ],
    [
      ['S2', 'S1'],
      ['S1', 'S2'],
    ],
    [
      ['S2', 'S1'],
      ['S2', 'S1'],
    ],
  ])('both dial at once, hellos as %j and %j: both keep that of the lesser id', (atLow, atHigh) => {
    expect(both(atLow, atHigh)).toEqual(['S1', 'S1'])
  })

  test('a peer that restarted is heard on its new session, whoever opened the old one', () => {
    const run = new Run(low, high).open('1').ready('1')
    run.open('2', high).hello('2', { started: 2, alone: true, ordinal: 1 })
    expect(currentSession(run.state)?.id).toBe('2')
    expect(run.effects).toContainEqual({ type: 'retire', session: '1' })
  })

  test('a peer that lost the old session without our knowing is heard on its new one', () => {
    const run = new Run(low, high).open('1').ready('1')
    run.open('2', high).hello('2', { alone: true, ordinal: 9 })
    expect(currentSession(run.state)?.id).toBe('2')
  })

  test('a direct path takes the place of a relayed one, and a relayed one never that of a direct', () => {
    const better = new Run(low, high)
      .open('1', low, 'relayed')
      .hello('1')
      .open('2', high, 'direct')
      .hello('2')
    expect(currentSession(better.state)?.path).toBe('direct')
    const worse = new Run(high, low).open('1', high, 'direct').hello('1').open('2', low, 'relayed').hello('2')
    expect(currentSession(worse.state)?.path).toBe('direct')
    expect(worse.effects).toContainEqual({ type: 'retire', session: '2' })
  })

  test('a fourth session at a time is closed', () => {
    const run = new Run().open('1').open('2').open('3').open('4')
    expect(run.effects).toEqual([{ type: 'close', session: '4', reason: 'too many sessions' }])
  })
})

describe('pushing', () => {
  test('begins when their summary is recorded, and stops at the window until they acknowledge', () => {
    const run = new Run().open('1').hello('1')
    expect(run.types).not.toContain('read-outbox')
    run.feed({ type: 'recorded', session: '1', records: 1, wanted: [] })
    for (let n = 1; n <= PUSH_WINDOW; n++) {
      expect(run.effects.at(-1)).toEqual({
        type: 'read-outbox',
        session: '1',
        cursor: n === 1 ? null : id(n - 1),
        room: PUSH_WINDOW - n + 1,
      })
      run.outbox('1', n, true)
      expect(run.effects[0]).toMatchObject({ type: 'send', frame: { type: 'push', number: n } })
    }
    expect(run.types).toEqual(['send'])
    expect(run.feed({ type: 'queued', queued: true }).types).toEqual([])
    run.feed({ type: 'frame', session: '1', frame: { type: 'ack', through: 2, proofs: [], refused: [] } })
    expect(run.types).toEqual(['record', 'read-outbox'])
  })

  test('what is queued while the outbox is read is read after', () => {
    const run = new Run().open('1').ready('1')
    expect(run.types).toEqual(['read-outbox'])
    expect(run.feed({ type: 'queued', queued: true }).types).toEqual([])
    run.feed({ type: 'outbox', session: '1', pushes: [], cursor: null, more: false })
    expect(run.types).toEqual(['read-outbox'])
  })

  test('what was refused for now is pushed again at the next tick', () => {
    const run = new Run().open('1').ready('1').outbox('1', 1, false)
    const refused = [{ id: id(1), permanent: false, code: 'storage-full' }] as const
    run.feed({ type: 'frame', session: '1', frame: { type: 'ack', through: 1, proofs: [], refused } })
    expect(run.types).toEqual(['record'])
    expect(run.feed({ type: 'tick' }).effects).toMatchObject([
      { type: 'read-outbox', session: '1', cursor: null },
      // It keeps nothing else from happening.
      { type: 'compare', session: '1' },
    ])
  })

  test('an attempt begins nothing while a session is about to bring what waits, and is not to be counted', () => {
    const run = new Run().feed({ type: 'queued', queued: true }).open('1')
    expect(isGreeting(run.state)).toBe(true)
    expect(isGreeting(run.hello('1').state)).toBe(true)
    expect(isGreeting(run.ready('1').state)).toBe(false)
    expect(isGreeting(new Run().state)).toBe(false)
  })
})

describe('a peer that breaks the rules is cut off', () => {
  const push = (number: number) => ({ type: 'push', number, envelopes: [] }) as const

  test.each<[string, (run: Run) => Run]>([
    ['push before hello', (run) => run.feed({ type: 'frame', session: '1', frame: push(1) })],
    ['a second hello', (run) => run.hello('1').hello('1')],
    ['version 2 is not spoken here', (run) => run.hello('1', { version: 2 })],
    ['push out of turn', (run) => run.hello('1').feed({ type: 'frame', session: '1', frame: push(2) })],
    [
      'more pushes than the window',
      (run) =>
        Array.from({ length: PUSH_WINDOW + 2 }, (_, i) => i + 1).reduce(
          (r, n) => r.feed({ type: 'frame', session: '1', frame: push(n) }),
          run.hello('1'),
        ),
    ],
    [
      'an acknowledgement of what was never pushed',
      (run) =>
        run.hello('1').feed({
          type: 'frame',
          session: '1',
          frame: { type: 'ack', through: 1, proofs: [], refused: [] },
        }),
    ],
  ])('%s', (reason, breakIt) => {
    expect(breakIt(new Run().open('1', high)).effects).toEqual([{ type: 'close', session: '1', reason }])
  })

  test('silence for too long, and blocking, end a session', () => {
    const run = new Run().open('1', high)
    run.now += HELLO_TIMEOUT_MS + 1
    expect(run.feed({ type: 'tick' }).effects).toEqual([
      { type: 'close', session: '1', reason: 'no hello or no summary came' },
    ])
    expect(run.feed({ type: 'blocked' }).effects).toEqual([
      { type: 'close', session: '1', reason: 'blocked' },
    ])
  })
})

describe('an idle session', () => {
  test('is closed by whoever opened it, unless the conversation is open', () => {
    const mine = new Run().open('1').ready('1')
    mine.now += IDLE_MS + 1
    expect(mine.feed({ type: 'tick' }).types).toEqual(['close'])
    const theirs = new Run().open('1', high).ready('1')
    theirs.now += IDLE_MS + 1
    expect(theirs.feed({ type: 'tick' }).types).not.toContain('close')
    const open = new Run().feed({ type: 'shown', shown: true }).open('1').ready('1')
    open.now += IDLE_MS + 1
    expect(open.feed({ type: 'tick' }).types).not.toContain('close')
  })
})

test('a commit is acknowledged with the number of its push; reads tell no number that is not committed', () => {
  const run = new Run().open('1', high).hello('1')
  const proofs = [{ conversation: 'c', log: 'l', accepted: [], read: [[1, 1]] }] as never
  expect(run.feed({ type: 'reads', proofs }).types).toEqual([])
  run.feed({ type: 'recorded', session: '1', records: 1, wanted: [] })
  run.feed({ type: 'frame', session: '1', frame: { type: 'push', number: 1, envelopes: [] } })
  expect(run.types).toEqual(['accept'])
  run.feed({ type: 'reads', proofs })
  expect(run.effects[0]).toMatchObject({ frame: { type: 'ack', through: 0 } })
  run.feed({ type: 'committed', session: '1', through: 1, proofs: [], refused: [] })
  expect(run.effects[0]).toMatchObject({ type: 'send', frame: { type: 'ack', through: 1 } })
  run.feed({ type: 'reads', proofs })
  expect(run.effects[0]).toMatchObject({ frame: { type: 'ack', through: 1 } })
})
