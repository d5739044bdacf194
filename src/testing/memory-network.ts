/**
 * A network in memory behind the Transport port: people who are on it see each other's presence where both
 * watch (or a token allows it), and open sessions. Frames arrive later, in order. Tests cut it as they like.
 */
import type { PeerId } from '../domain/ids.ts'
import { isNewerStart, type Start } from '../protocol/frames.ts'
import type { Watch } from '../protocol/presence.ts'
import type { Session, Transport, TransportListener } from '../sync/ports.ts'

export class MemoryNetwork {
  readonly #members = new Map<PeerId, MemoryTransport>()
  readonly #news = new Set<string>()
  readonly #starts = new Map<MemoryTransport, Start>()
  #sessions = 0
  /** What becomes of a frame on its way; tests replace it to lose some. */
  deliver: (from: PeerId, to: PeerId, arrive: () => void) => void = (_from, _to, arrive) =>
    setImmediate(arrive)

  transport(peer: PeerId): MemoryTransport {
    return new MemoryTransport(this, peer)
  }

  join(member: MemoryTransport): void {
    this.#members.set(member.self, member)
    this.tellPresence()
  }

  leave(member: MemoryTransport): void {
    if (this.#members.get(member.self) === member) this.#members.delete(member.self)
    this.#starts.delete(member)
    this.tellPresence()
  }

  /** Tells the older of several members with one identity of the newest. */
  announce(member: MemoryTransport, start: Start): void {
    this.#starts.set(member, start)
    const twins = [...this.#starts].filter(([other]) => other.self === member.self)
    const newest = twins.map(([, other]) => other).reduce((a, b) => (isNewerStart(b, a) ? b : a))
    for (const [other, own] of twins) if (isNewerStart(newest, own)) other.rivalled(newest)
  }

  member(peer: PeerId): MemoryTransport | undefined {
    return this.#members.get(peer)
  }

  nextSession(): string {
    return `memory-${String(++this.#sessions)}`
  }

  /** Tells every change of who may know whom to be there. */
  tellPresence(): void {
    const visible = new Set<string>()
    for (const watcher of this.#members.values())
      for (const { peer, token } of watcher.watches) {
        const watched = this.#members.get(peer)
        if (watched === undefined) continue
        const mutual = watched.watches.some((watch) => watch.peer === watcher.self)
        if (mutual || (token !== undefined && watched.tokens.includes(token)))
          visible.add(`${watcher.self} ${peer}`)
      }
    const changes = [...visible.symmetricDifference(this.#news)]
    this.#news.clear()
    for (const pair of visible) this.#news.add(pair)
    for (const pair of changes) {
      const [watcher, peer] = pair.split(' ') as [PeerId, PeerId]
      this.#members.get(watcher)?.heard(peer, visible.has(pair))
    }
  }
}

export class MemoryTransport implements Transport {
  readonly self: PeerId
  readonly #network: MemoryNetwork
  readonly #sessions = new Set<MemorySession>()
  #listener: TransportListener | undefined
  watches: readonly Watch[] = []
  tokens: readonly string[] = []

  constructor(network: MemoryNetwork, self: PeerId) {
    this.#network = network
    this.self = self
  }

  start(listener: TransportListener): Promise<void> {
    this.#listener = listener
    listener.network('connecting')
    this.#network.join(this)
    listener.network('online')
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.drop('stopped')
    this.#network.leave(this)
    await new Promise((resolve) => setImmediate(resolve))
    this.#listener = undefined
  }

  watch(watches: readonly Watch[], tokens: readonly string[]): void {
    const gone = this.watches.filter(({ peer }) => !watches.some((watch) => watch.peer === peer))
    this.watches = watches
    this.tokens = tokens
    this.#network.tellPresence()
    for (const { peer } of gone) this.heard(peer, false)
  }

  async dial(peer: PeerId): Promise<void> {
    const other = this.#network.member(peer)
    if (this.#listener === undefined) throw new Error('not started')
    if (other === undefined) throw new Error('not there')
    const near = new MemorySession(this.#network, this, peer, this.self)
    const far = new MemorySession(this.#network, other, this.self, this.self)
    near.other = far
    far.other = near
    this.opened(near)
    other.opened(far)
    await new Promise((resolve) => setImmediate(resolve))
  }

  announce(start: Start): void {
    this.#network.announce(this, start)
  }

  rivalled(start: Start): void {
    setImmediate(() => this.#listener?.rival(start))
  }

  /** Cuts every session, as a lost network does. */
  drop(reason: string): void {
    for (const session of [...this.#sessions]) session.close(reason)
  }

  get openSessions(): number {
    return this.#sessions.size
  }

  opened(session: MemorySession): void {
    this.#sessions.add(session)
    setImmediate(() => {
      this.#listener?.opened(session)
    })
  }

  received(session: MemorySession, frame: Uint8Array): void {
    if (this.#sessions.has(session)) this.#listener?.frame(session, frame)
  }

  ended(session: MemorySession, reason: string): void {
    if (!this.#sessions.delete(session)) return
    setImmediate(() => {
      this.#listener?.closed(session, reason)
    })
  }

  heard(peer: PeerId, online: boolean): void {
    this.#listener?.presence(peer, online)
  }
}

class MemorySession implements Session {
  readonly id: string
  readonly path = 'direct'
  readonly peer: PeerId
  readonly initiator: PeerId
  readonly #network: MemoryNetwork
  readonly #owner: MemoryTransport
  other: MemorySession | undefined

  constructor(network: MemoryNetwork, owner: MemoryTransport, peer: PeerId, initiator: PeerId) {
    this.id = network.nextSession()
    this.#network = network
    this.#owner = owner
    this.peer = peer
    this.initiator = initiator
  }

  send(frame: Uint8Array): void {
    const other = this.other
    if (other === undefined) return
    const copy = frame.slice()
    this.#network.deliver(this.#owner.self, this.peer, () => {
      other.#owner.received(other, copy)
    })
  }

  close(reason: string): void {
    const other = this.other
    if (other === undefined) return
    this.other = undefined
    other.other = undefined
    this.#owner.ended(this, reason)
    // What was sent before arrives before.
    setImmediate(() => {
      other.#owner.ended(other, 'closed by the other side')
    })
  }
}
