/** A network and its relay behind the Transport port, in virtual time, with everything that may go wrong there. */
import type { PeerId } from '../../domain/ids.ts'
import type { Watch } from '../../protocol/presence.ts'
import type { Transport, TransportListener } from '../../sync/ports.ts'
import type { MemoryMailbox } from '../memory-mailbox.ts'
import type { Chance } from './chance.ts'
import type { Gate } from './event-loop.ts'
import { INSTANT_MS, type LinkFaults } from './link-faults.ts'
import type { SimulatedMail } from './mail.ts'
import type { Schedule } from './schedule.ts'
import { openWire, type SimulatedSession } from './wire.ts'

/** How long presence takes to be told, and a dial to fail or succeed, milliseconds. */
const PRESENCE_MS = 4 * INSTANT_MS
const DIAL_MS = 10 * INSTANT_MS
const DIAL_FAILS_MS = 600 * INSTANT_MS

export class SimulatedNetwork {
  readonly schedule: Schedule
  readonly chance: Chance
  readonly links: LinkFaults
  readonly mail: SimulatedMail
  /** The newest transport of each peer is the one that is dialled. */
  readonly #members = new Map<PeerId, SimulatedTransport[]>()
  readonly #watchers = new Map<PeerId, Set<SimulatedTransport>>()
  /** Which side of a partition someone is on; 0 while there is none. */
  readonly #sides = new Map<PeerId, number>()
  readonly #unplugged = new Set<PeerId>()
  #relayDown = false

  constructor(schedule: Schedule, chance: Chance, links: LinkFaults, mail: SimulatedMail) {
    this.schedule = schedule
    this.chance = chance
    this.links = links
    this.mail = mail
  }

  join(member: SimulatedTransport): void {
    const members = this.#members.get(member.self)
    if (members === undefined) this.#members.set(member.self, [member])
    else members.push(member)
    this.#renewPresenceOf(member.self)
  }

  leave(member: SimulatedTransport): void {
    const left = (this.#members.get(member.self) ?? []).filter((other) => other !== member)
    if (left.length === 0) this.#members.delete(member.self)
    else this.#members.set(member.self, left)
    for (const { peer } of member.watches) this.#watchers.get(peer)?.delete(member)
    this.#renewPresenceOf(member.self)
  }

  watched(member: SimulatedTransport, before: readonly Watch[]): void {
    for (const { peer } of before) this.#watchers.get(peer)?.delete(member)
    for (const { peer } of member.watches) {
      const watchers = this.#watchers.get(peer)
      if (watchers === undefined) this.#watchers.set(peer, new Set([member]))
      else watchers.add(member)
    }
    for (const { peer } of before) member.renewPresence(peer)
    this.#renewPresenceOf(member.self)
  }

  #renewPresenceOf(peer: PeerId): void {
    for (const watcher of this.#watchers.get(peer) ?? []) watcher.renewPresence(peer)
    for (const member of this.#members.get(peer) ?? [])
      for (const watch of member.watches) member.renewPresence(watch.peer)
  }

  member(peer: PeerId): SimulatedTransport | undefined {
    return this.#members.get(peer)?.at(-1)
  }

  /** Whether the relay and `peer` have each other. */
  isAttached(peer: PeerId): boolean {
    return !this.#relayDown && !this.#unplugged.has(peer)
  }

  /** Whether nothing gets from one to the other. */
  isCut(a: PeerId, b: PeerId): boolean {
    return (
      this.#unplugged.has(a) ||
      this.#unplugged.has(b) ||
      (this.#sides.get(a) ?? 0) !== (this.#sides.get(b) ?? 0)
    )
  }

  setRelayDown(down: boolean): void {
    this.#relayDown = down
    for (const peer of this.#members.keys()) this.#tellNetwork(peer)
  }

  setUnplugged(peer: PeerId, unplugged: boolean): void {
    if (unplugged) this.#unplugged.add(peer)
    else this.#unplugged.delete(peer)
    this.#tellNetwork(peer)
  }

  #tellNetwork(peer: PeerId): void {
    for (const member of this.#members.get(peer) ?? []) member.renewNetwork()
    this.#renewPresenceOf(peer)
  }

  /** The mailbox goes and comes without its relay; what it holds is there again. */
  setMailShut(shut: boolean): void {
    const { post } = this.mail
    if (shut) post.close()
    else post.open()
    for (const members of this.#members.values()) for (const member of members) member.renewMail()
  }

  setSide(peer: PeerId, side: number): void {
    this.#sides.set(peer, side)
  }
}

export class SimulatedTransport implements Transport {
  readonly self: PeerId
  readonly network: SimulatedNetwork
  readonly gate: Gate
  readonly sessions = new Set<SimulatedSession>()
  readonly mailbox: MemoryMailbox
  readonly #told = new Map<PeerId, boolean | null>()
  #opened = 0
  #alive = true
  listener: TransportListener | undefined
  watches: readonly Watch[] = []
  /** Is told of every frame that is sent. */
  onSend: (session: SimulatedSession, frame: Uint8Array) => void = () => undefined
  /** Is told of every frame that has come. */
  onReceive: (frame: Uint8Array) => void = () => undefined

  constructor(network: SimulatedNetwork, self: PeerId, gate: Gate) {
    this.network = network
    this.self = self
    this.gate = gate
    this.mailbox = network.mail.client(self, gate)
  }

  get isAlive(): boolean {
    return this.#alive
  }

  start(listener: TransportListener): Promise<void> {
    if (!this.#alive) return Promise.reject(new Error('this tab is dead'))
    this.listener = listener
    listener.network('connecting')
    this.network.join(this)
    this.network.schedule.after(PRESENCE_MS, () => {
      this.renewNetwork()
    })
    return Promise.resolve()
  }

  /** Every person has one device here: there is nobody to be told. */
  announce(): void {
    return
  }

  stop(): Promise<void> {
    const { listener } = this
    if (listener === undefined) return Promise.resolve()
    for (const session of [...this.sessions]) session.close('stopped')
    // Whatever closing takes elsewhere, a transport that stops waits for it.
    for (const session of [...this.sessions]) session.ended('stopped')
    this.listener = undefined
    this.#alive = false
    this.mailbox.stop()
    this.network.leave(this)
    return Promise.resolve()
  }

  /** Ends it as the death of its tab does: nothing is told here, and there it shows late. */
  kill(): void {
    this.#alive = false
    for (const session of [...this.sessions]) session.die()
    this.sessions.clear()
    if (this.listener !== undefined) this.network.leave(this)
    this.listener = undefined
    this.mailbox.disconnect()
  }

  /** Every session goes dark. */
  cut(): void {
    for (const session of [...this.sessions]) session.goDark()
  }

  watch(watches: readonly Watch[]): void {
    const before = this.watches
    this.watches = watches
    if (this.listener !== undefined) this.network.watched(this, before)
  }

  /** The relay tells anew whether `peer` is there, if that has changed. */
  renewPresence(peer: PeerId): void {
    this.network.schedule.after(PRESENCE_MS, () => {
      const visible = this.#presenceOf(peer)
      if (visible === (this.#told.get(peer) ?? null)) return
      this.#told.set(peer, visible)
      this.tell((listener) => {
        listener.presence(peer, visible)
      })
    })
  }

  #presenceOf(peer: PeerId): boolean | null {
    if (!this.network.isAttached(this.self)) return null
    if (!this.watches.some((watch) => watch.peer === peer)) return false
    const other = this.network.member(peer)
    if (other === undefined || !this.network.isAttached(peer)) return false
    return other.watches.some((watch) => watch.peer === this.self)
  }

  renewNetwork(): void {
    const state = this.network.isAttached(this.self) ? 'online' : 'connecting'
    this.tell((listener) => {
      listener.network(state)
    })
    this.renewMail()
  }

  renewMail(): void {
    if (this.listener !== undefined && this.network.isAttached(this.self)) this.mailbox.connect()
    else this.mailbox.disconnect()
  }

  async dial(peer: PeerId): Promise<void> {
    const { schedule } = this.network
    const refused = this.#whyUnreachable(peer)
    await new Promise<void>((resolve) => {
      schedule.after(refused === null ? DIAL_MS : DIAL_FAILS_MS, () => {
        this.gate(resolve)
      })
    })
    const reason = refused ?? this.#whyUnreachable(peer)
    if (reason !== null) throw new Error(reason)
    const other = this.network.member(peer)
    if (other !== undefined) openWire(this, other)
  }

  #whyUnreachable(peer: PeerId): string | null {
    if (this.listener === undefined) return 'not started'
    const { network } = this
    if (!network.isAttached(this.self) || !network.isAttached(peer)) return 'no relay'
    return network.isCut(this.self, peer) || network.member(peer) === undefined ? 'not there' : null
  }

  nextSession(): string {
    return `session-${String(++this.#opened)}`
  }

  /** Tells the listener, if the tab is alive and as soon as it is awake. */
  tell(news: (listener: TransportListener) => void): void {
    this.gate(() => {
      if (this.listener !== undefined) news(this.listener)
    })
  }
}
