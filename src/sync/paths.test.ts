import { expect, test } from 'vitest'
import type { PeerId } from '../domain/ids.ts'
import type { Hello } from '../protocol/frames.ts'
import { person } from '../testing/people.ts'
import { decide } from './decide.ts'
import { DIRECT_BACKOFF, STEADY_MS } from './limits.ts'
import type { DialPath, SessionPath } from './ports.ts'
import { type Effect, type PeerEvent, unknownPeer } from './state.ts'

const [low, high] = [person('Alice', 1).peerId, person('Bob', 2).peerId].sort() as [PeerId, PeerId]

/** Someone whose conversation is open, as `low` sees them. */
class Talk {
  now = 1_000_000
  #sessions = 0
  #effects: readonly Effect[] = []
  #state = unknownPeer(low, high, true)

  constructor() {
    this.feed({ type: 'presence', online: true }).feed({ type: 'shown', shown: true })
  }

  feed(event: PeerEvent): this {
    ;[this.#state, this.#effects] = decide(this.#state, event, this.now)
    return this
  }

  /** The path that is dialled now, if any. */
  get dials(): DialPath | undefined {
    return this.#effects.find((effect) => effect.type === 'dial')?.path
  }

  get paths(): SessionPath[] {
    return this.#state.sessions.map(({ path }) => path)
  }

  /** A session begins by `path`; returns its name. */
  open(path: SessionPath, initiator = low): string {
    const session = String(++this.#sessions)
    this.feed({ type: 'opened', session, initiator, path, ordinal: this.#sessions })
    const frame: Hello = {
      ...{ type: 'hello', version: 1, nickname: '', started: 1, ordinal: this.#sessions, alone: false },
      ...{ installation: 'AAAAAAAAAAAAAAAAAAAAAA' as Hello['installation'], relays: [] },
      signature: new Uint8Array(64),
    } as const
    this.feed({ type: 'frame', session, frame })
    this.feed({ type: 'recorded', session, records: 1, wanted: [] })
    return session
  }

  dialed(path: DialPath, ok = true): this {
    return this.feed({ type: 'dialed', path, ok, random: 0 })
  }

  after(ms: number): this {
    this.now += ms
    return this.feed({ type: 'tick' })
  }
}

test('a relayed session looks for a direct path, ever more rarely, and takes it', () => {
  const talk = new Talk()
  expect(talk.dials).toBe('best')
  talk.open('relayed')
  talk.dialed('best')
  expect(talk.after(DIRECT_BACKOFF.firstMs - 1).dials).toBeUndefined()
  expect(talk.after(1).dials).toBe('direct')
  talk.dialed('direct', false)
  expect(talk.after(DIRECT_BACKOFF.firstMs * 2 - 1).dials).toBeUndefined()
  expect(talk.after(1).dials).toBe('direct')
  expect(talk.paths).toEqual(['relayed'])
  talk.open('direct')
  talk.dialed('direct')
  expect(talk.paths).toEqual(['direct'])
  expect(talk.after(DIRECT_BACKOFF.maxMs).dials).toBeUndefined()
})

test('only whoever opened the relayed session looks for a better path', () => {
  const talk = new Talk()
  talk.open('relayed', high)
  talk.dialed('best', false)
  expect(talk.after(DIRECT_BACKOFF.maxMs).dials).toBeUndefined()
})

test('a direct path that did not hold is left alone for a while: no going back and forth', () => {
  const talk = new Talk()
  const session = talk.open('direct')
  talk.dialed('best')
  talk.now += 6_000
  expect(talk.feed({ type: 'closed', session, random: 0 }).dials).toBe('relayed')
  talk.open('relayed')
  talk.dialed('relayed')
  expect(talk.after(DIRECT_BACKOFF.firstMs).dials).toBe('direct')
})

test('after one that held for long a direct path is looked for at once', () => {
  const talk = new Talk()
  const session = talk.open('direct')
  talk.dialed('best')
  talk.now += STEADY_MS
  expect(talk.feed({ type: 'closed', session, random: 0 }).dials).toBe('best')
})

test('another network: what was found out of paths before says nothing', () => {
  const talk = new Talk()
  talk.open('relayed')
  talk.dialed('best')
  talk.feed({ type: 'network', online: false }).feed({ type: 'network', online: true })
  expect(talk.after(0).dials).toBe('direct')
})
