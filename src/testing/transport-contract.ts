/** What every Transport must do. The one in memory and the one on libp2p pass the same suite. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import type { NetworkState, Session, Transport, TransportListener } from '../sync/ports.ts'
import type { Start } from '../protocol/frames.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { until } from './fake-world.ts'

/** Writes down all that a transport reports. */
export class Recorder implements TransportListener {
  readonly states: NetworkState[] = []
  readonly online = new Map<PeerId, boolean | null>()
  readonly rivals: Start[] = []
  readonly sessions: Session[] = []
  readonly frames: { readonly session: Session; readonly text: string }[] = []
  readonly closedSessions: { readonly session: Session; readonly reason: string }[] = []

  network(state: NetworkState): void {
    this.states.push(state)
  }
  presence(peer: PeerId, online: boolean | null): void {
    this.online.set(peer, online)
  }
  rival(start: Start): void {
    this.rivals.push(start)
  }
  opened(session: Session): void {
    this.sessions.push(session)
  }
  frame(session: Session, frame: Uint8Array): void {
    this.frames.push({ session, text: new TextDecoder().decode(frame) })
  }
  closed(session: Session, reason: string): void {
    this.closedSessions.push({ session, reason })
  }
}

export interface Participant {
  readonly peerId: PeerId
  readonly transport: Transport
}

/**
 * `join` makes a transport on one and the same network, for a new person or once more for `twin`; `leave` undoes all of
 * them.
 */
export function transportContract(
  join: (twin?: PeerId) => Promise<Participant>,
  leave: () => Promise<void>,
): void {
  let alice: Participant & { seen: Recorder }
  let bob: Participant & { seen: Recorder }

  async function started(twin?: PeerId): Promise<Participant & { seen: Recorder }> {
    const participant = await join(twin)
    const seen = new Recorder()
    await participant.transport.start(seen)
    await until(() => seen.states.at(-1) === 'online', 'the reservation')
    return { ...participant, seen }
  }

  beforeEach(async () => {
    ;[alice, bob] = await Promise.all([started(), started()])
  })
  afterEach(async () => {
    await Promise.all([alice.transport.stop(), bob.transport.stop()])
    await leave()
  })

  const send = (session: Session | undefined, text: string): void =>
    session?.send(new TextEncoder().encode(text))

  async function connected(): Promise<readonly [Session, Session]> {
    await alice.transport.dial(bob.peerId, [], 'best')
    await until(() => alice.seen.sessions.length === 1 && bob.seen.sessions.length === 1, 'the session')
    return [alice.seen.sessions[0], bob.seen.sessions[0]] as [Session, Session]
  }

  test('a dial opens one session on both sides, and each knows who the other is', async () => {
    const [near, far] = await connected()
    expect([near.peer, near.initiator]).toEqual([bob.peerId, alice.peerId])
    expect([far.peer, far.initiator]).toEqual([alice.peerId, alice.peerId])
  })

  test('whole frames arrive in order, both ways, small and large', async () => {
    const [near, far] = await connected()
    const large = 'x'.repeat(300_000)
    for (const text of ['one', 'two', large, 'three']) send(near, text)
    send(far, 'back')
    await until(() => bob.seen.frames.length === 4 && alice.seen.frames.length === 1, 'the frames')
    expect(bob.seen.frames.map(({ text }) => text)).toEqual(['one', 'two', large, 'three'])
    expect(alice.seen.frames[0]?.text).toBe('back')
  })

  test('a session that one side closes is closed on both, once, after what was sent before', async () => {
    const [near] = await connected()
    send(near, 'last words')
    near.close('done')
    await until(
      () => alice.seen.closedSessions.length === 1 && bob.seen.closedSessions.length === 1,
      'the end of the session',
    )
    expect(alice.seen.closedSessions[0]?.reason).toBe('done')
    expect(bob.seen.frames.map(({ text }) => text)).toEqual(['last words'])
  })

  test('a peer that is not there cannot be dialled', async () => {
    await bob.transport.stop()
    await expect(alice.transport.dial(bob.peerId, [], 'best')).rejects.toThrow()
  })

  test('presence is told where the watching is mutual, and taken back when it ends', async () => {
    alice.transport.watch([{ peer: bob.peerId }], [])
    bob.transport.watch([{ peer: alice.peerId }], [])
    await until(() => alice.seen.online.get(bob.peerId) === true, 'Bob to be there')
    await until(() => bob.seen.online.get(alice.peerId) === true, 'Alice to be there')
    bob.transport.watch([], [])
    await until(() => alice.seen.online.get(bob.peerId) === false, 'Bob to withdraw')
    expect(bob.seen.online.get(alice.peerId)).toBe(false)
  })

  test('whoever brings a token that is registered is told, without being watched', async () => {
    const token = 'AAAAAAAAAAAAAAAAAAAAAA'
    bob.transport.watch([], [token])
    alice.transport.watch([{ peer: bob.peerId, token }], [])
    await until(() => alice.seen.online.get(bob.peerId) === true, 'Bob to be there')
    expect(bob.seen.online.has(alice.peerId)).toBe(false)
  })

  test('a peer that stops is no longer there', async () => {
    alice.transport.watch([{ peer: bob.peerId }], [])
    bob.transport.watch([{ peer: alice.peerId }], [])
    await until(() => alice.seen.online.get(bob.peerId) === true, 'Bob to be there')
    await bob.transport.stop()
    await until(() => alice.seen.online.get(bob.peerId) === false, 'Bob to be gone')
  })

  test('of two installations of one identity the older is told of the newer, whichever comes last', async () => {
    const start = (name: number, started: number): Start => ({
      installation: toBase64url(new Uint8Array(16).fill(name)) as InstallationId,
      started,
      signature: new Uint8Array(64),
    })
    const twin = await started(alice.peerId)
    twin.transport.announce(start(2, 2))
    alice.transport.announce(start(1, 1))
    await until(() => alice.seen.rivals.length === 1, 'the word of the newer one')
    expect(alice.seen.rivals).toEqual([start(2, 2)])
    expect(twin.seen.rivals).toEqual([])
    await twin.transport.stop()
  })
}
