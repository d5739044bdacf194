/**
 * The sync engine: feeds `decide` with events one at a time, and runs the effects against the ports and the
 * store. It decides nothing itself.
 */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { MalformedError } from '../protocol/cbor.ts'
import { decodeFrame, encodeFrame } from '../protocol/frame-codec.ts'
import { onTablesChanged } from '../store/changes.ts'
import { readContact } from '../store/contacts.ts'
import { readFellows } from '../store/fellows.ts'
import { FencedError } from '../store/leadership.ts'
import { BlockedError } from '../store/reception.ts'
import type { Core, EngineOptions, PeerReport } from './core.ts'
import { decide, isThere, isUnderWay } from './decide.ts'
import { Gossip } from './gossip.ts'
import { GroupUpkeep } from './group-upkeep.ts'
import { StoreHealth } from './health.ts'
import { MAX_PEERS, TOLD_OF_TYPING } from './limits.ts'
import { Lookout } from './lookout.ts'
import { Mailroom } from './mailroom.ts'
import { Performer, type StoreEffect } from './performer.ts'
import type { DialPath, NetworkState, Session } from './ports.ts'
import { Schedule } from './schedule.ts'
import { SerialByKey } from './serial.ts'
import { Settling } from './settling.ts'
import {
  currentSession,
  type Effect,
  isForgettable,
  type PeerEvent,
  type PeerState,
  unknownPeer,
} from './state.ts'

export class SyncEngine {
  readonly #options: EngineOptions
  readonly #peers = new Map<PeerId, PeerState>()
  readonly #sessions = new Map<string, Session>()
  readonly #work = new SerialByKey()
  readonly #lookout: Lookout
  readonly #gossip: Gossip
  readonly #upkeep: GroupUpkeep
  readonly #performer: Performer
  readonly #schedule: Schedule
  readonly #settling: Settling
  readonly #health: StoreHealth
  readonly #mailroom: Mailroom | undefined
  readonly #wakes = new Map<PeerId, () => void>()
  #network: NetworkState = 'connecting'
  #ordinal = 0
  #shown: ReadonlySet<PeerId> = new Set()
  #running = false
  #unsubscribe: () => void = () => undefined

  constructor(options: EngineOptions) {
    this.#options = options
    const core: Core = {
      options,
      peers: this.#peers,
      sessions: this.#sessions,
      network: () => this.#network,
      feed: (peer, event) => this.#feed(peer, event),
      guard: (what, task) => this.#guard(what, task),
    }
    this.#gossip = new Gossip(core)
    this.#upkeep = new GroupUpkeep(core)
    const lookout = new Lookout(core, this.#gossip)
    const settling = new Settling(core)
    this.#lookout = lookout
    this.#settling = settling
    this.#performer = new Performer(core, {
      leaseFreed: () => {
        lookout.queue.request()
      },
      greeted: () => {
        lookout.reads.request()
      },
      proven: (peer) => {
        settling.proven(peer)
      },
      storageFull: (error) => {
        this.#health.failed(error)
      },
    })
    const { mail } = options
    this.#mailroom = mail && new Mailroom(core, { ...options, ...mail })
    const tick = (): void => {
      for (const peer of [...this.#peers.keys()]) this.#feed(peer, { type: 'tick' })
      this.#mailroom?.tick()
      lookout.queue.request()
      lookout.silent.request()
      this.#gossip.tick()
      this.#upkeep.request()
    }
    this.#health = new StoreHealth(options, tick)
    this.#schedule = new Schedule({
      ...options,
      online: () => this.#network === 'online',
      tick,
      attempt: (peer) => this.#feed(peer, { type: 'attempt' }),
      isUnderWay: (peer) => {
        const state = this.#peers.get(peer)
        return settling.isPending(peer) || (state !== undefined && isUnderWay(state))
      },
      guard: core.guard,
    })
  }

  async start(): Promise<void> {
    this.#running = true
    this.#unsubscribe = onTablesChanged(this.#options.db, (tables) => {
      if (tables.has('offline_queue')) {
        this.#readOn()
        this.#lookout.queue.request()
        this.#schedule.queueChanged()
      }
      if (tables.has('offline_queue')) this.#mailroom?.look()
      if (tables.has('owed')) this.#mailroom?.owed()
      const isOfUs = tables.has('identity') || tables.has('meta') || tables.has('groups')
      if (isOfUs || tables.has('contacts')) this.#mailroom?.changed()
      if (isOfUs) this.#upkeep.request()
      if (tables.has('revoked_grants')) this.#mailroom?.revoked()
      if (tables.has('meta')) this.#mailroom?.subscribed()
      // A contact that was just accepted is told from here on.
      if (tables.has('logs') || tables.has('contacts')) this.#lookout.reads.request()
      if (tables.has('contacts') || tables.has('meta') || tables.has('groups'))
        this.#lookout.watches.request()
      if (tables.has('meta')) this.#schedule.configChanged()
    })
    this.#lookout.watches.request()
    this.#lookout.queue.request()
    this.#upkeep.request()
    this.#schedule.start()
    this.#mailroom?.start()
    this.#options.transport.announce(this.#options.start)
    await this.#options.transport.start({
      network: (state) => this.#onNetwork(state),
      presence: (peer, online) => {
        this.#feed(peer, { type: 'presence', online })
        if (online !== true) return
        this.#lookout.unmet.request()
        this.#lookout.queue.request()
        this.#gossip.arrived(peer)
      },
      rival: (start) => {
        this.#work.run(this.#options.self, () =>
          this.#attempt(this.#options.self, { type: 'check-start', start }),
        )
      },
      opened: (session) => this.#onOpened(session),
      frame: (session, frame) => this.#onFrame(session, frame),
      closed: (session, reason) => this.#onClosed(session, reason),
    })
  }

  /** Resolves when no session is left and nothing is under way any more. */
  async stop(): Promise<void> {
    this.#running = false
    this.#unsubscribe()
    this.#schedule.stop()
    this.#health.stop()
    this.#mailroom?.stop()
    this.#lookout.stop()
    this.#settling.stop()
    for (const cancel of this.#wakes.values()) cancel()
    await this.#options.transport.stop()
    const parts = [
      ...[this.#work, this.#lookout, this.#settling, this.#schedule, this.#health],
      ...[this.#gossip, this.#upkeep],
    ]
    await Promise.all([...parts.map((part) => part.idle()), this.#mailroom?.idle()])
  }

  /** Whose conversations, and which groups, are open in a visible tab: these people, and some of the members, are connected to. */
  show(peers: ReadonlySet<PeerId>, groups: ReadonlySet<ConversationId> = new Set()): void {
    this.#gossip.show(groups)
    const before = this.#shown
    this.#shown = peers
    for (const peer of new Set([...before, ...peers]))
      if (before.has(peer) !== peers.has(peer)) this.#feed(peer, { type: 'shown', shown: peers.has(peer) })
  }

  /** The device may have slept, or the network have changed: looks at once at what would have come by and by. */
  resumed(): void {
    if (!this.#running) return
    // As on another network, what failed before says nothing.
    this.#tellNetwork()
    this.#schedule.resumed()
  }

  /**
   * Whether nothing is left to do but to wait for others: we can be reached, our mailbox is empty, and whatever waits is in
   * a letter, or its recipient is neither there nor can be left one.
   */
  get isQuiet(): boolean {
    const isSettled = this.#settling.isIdle && this.#upkeep.isIdle
    if (this.#network !== 'online' || this.#mailroom?.isQuiet === false || !isSettled) return false
    return [...this.#peers.values()].every(
      (state) => !state.dialing && !isUnderWay(state) && !(state.queued && isThere(state)),
    )
  }

  /** Our user writes to `peer`: it is told, if it is connected. The caller does not call this at every key. */
  compose(peer: PeerId, conversation: ConversationId): void {
    this.#work.run(peer, () =>
      this.#guard('tell that someone writes', async () => {
        if ((await readContact(this.#options.db, peer))?.state === 'accepted')
          this.#feed(peer, { type: 'typing', conversation })
      }),
    )
  }

  /** The same in a group: some of the members that are connected are told. */
  composeInGroup(group: ConversationId): void {
    this.#work.run(group, () =>
      this.#guard('tell that someone writes', async () => {
        const fellows = await readFellows(this.#options.db, group)
        const there = fellows.filter((peer) => (this.#peers.get(peer)?.sessions.length ?? 0) > 0)
        for (const peer of there.slice(0, TOLD_OF_TYPING))
          this.#feed(peer, { type: 'typing', conversation: group })
      }),
    )
  }

  #feed(peer: PeerId, event: PeerEvent): void {
    if (!this.#running) return
    const { clock, self, listener } = this.#options
    const before = this.#peers.get(peer) ?? unknownPeer(self, peer, this.#network === 'online')
    const [after, effects] = decide(before, event, clock.now())
    if (isForgettable(after)) this.#peers.delete(peer)
    else this.#peers.set(peer, after)
    const [was, is] = [report(before), report(after)]
    if (was.online !== is.online || was.path !== is.path) {
      listener.peer(peer, is)
      this.#mailroom?.look()
    }
    for (const effect of effects) this.#run(peer, effect)
  }

  #run(peer: PeerId, effect: Effect): void {
    switch (effect.type) {
      case 'dial':
        void this.#dial(peer, effect.path)
        return
      case 'close':
        this.#sessions.get(effect.session)?.close(effect.reason)
        return
      case 'send':
        this.#sessions.get(effect.session)?.send(encodeFrame(effect.frame))
        return
      case 'wake-at':
        this.#armWake(peer, effect.at)
        return
      case 'read-outbox':
      case 'release':
        // Beside the rest: what is sent next is read while what came is committed.
        this.#work.run(`outbox of ${peer}`, () => this.#attempt(peer, effect))
        return
      default:
        this.#performer.prepare(peer, effect)
        // In order for each peer: a commit is acknowledged before the next begins.
        this.#work.run(peer, () => this.#attempt(peer, effect))
    }
  }

  async #attempt(peer: PeerId, effect: StoreEffect): Promise<void> {
    if (!this.#running) return
    try {
      await this.#performer.perform(peer, effect)
    } catch (error) {
      if (error instanceof BlockedError) this.#feed(peer, { type: 'blocked' })
      else if (error instanceof MalformedError && 'session' in effect)
        this.#sessions.get(effect.session)?.close(`malformed: ${error.message}`)
      else {
        this.#report(`could not ${effect.type}`, error)
        // Without the session nothing waits for what failed; the next one begins from the store.
        if ('session' in effect) this.#sessions.get(effect.session)?.close(`could not ${effect.type}`)
      }
    }
  }

  async #dial(peer: PeerId, path: DialPath): Promise<void> {
    const { transport, db, log, random } = this.#options
    let ok = true
    try {
      const contact = await readContact(db, peer)
      await transport.dial(peer, contact?.relays ?? [], path)
    } catch (error) {
      ok = false
      log.info('could not reach a peer', { peer, path, reason: String(error) })
    }
    this.#feed(peer, { type: 'dialed', path, ok, random: random.fraction() })
  }

  #onNetwork(state: NetworkState): void {
    this.#network = state
    this.#options.listener.network(state)
    this.#tellNetwork()
    this.#mailroom?.network(state === 'online')
    this.#lookout.queue.request()
    this.#schedule.queueChanged()
  }

  /** What was queued is most likely for someone whose conversation is open: that is looked at before all others. */
  #readOn(): void {
    for (const peer of this.#shown) {
      const state = this.#peers.get(peer)
      if (state !== undefined && currentSession(state)?.ready === true)
        this.#feed(peer, { type: 'queued', queued: true })
    }
  }

  #tellNetwork(): void {
    for (const peer of [...this.#peers.keys()])
      this.#feed(peer, { type: 'network', online: this.#network === 'online' })
  }

  #onOpened(session: Session): void {
    if (!this.#peers.has(session.peer) && this.#peers.size >= MAX_PEERS) {
      session.close('too many peers')
      return
    }
    this.#sessions.set(session.id, session)
    const { id, initiator, path, peer } = session
    this.#feed(peer, { type: 'opened', session: id, initiator, path, ordinal: ++this.#ordinal })
  }

  #onFrame(session: Session, bytes: Uint8Array): void {
    let frame
    try {
      frame = decodeFrame(bytes)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.#options.log.warn('a peer sent what is not a frame', { peer: session.peer, reason: error.message })
      session.close(`malformed: ${error.message}`)
      return
    }
    if (frame !== null) this.#feed(session.peer, { type: 'frame', session: session.id, frame })
  }

  #onClosed(session: Session, reason: string): void {
    this.#options.log.info('session closed', { peer: session.peer, path: session.path, reason })
    this.#sessions.delete(session.id)
    this.#lookout.forget(session.id)
    const random = this.#options.random.fraction()
    this.#feed(session.peer, { type: 'closed', session: session.id, random })
    const last = (this.#peers.get(session.peer)?.sessions.length ?? 0) === 0
    this.#performer.forget(session.peer, session.id, last)
    this.#settling.look()
  }

  #armWake(peer: PeerId, at: number): void {
    const { timer, clock } = this.#options
    this.#wakes.get(peer)?.()
    const cancel = timer.after(Math.max(0, at - clock.now()), () => {
      this.#wakes.delete(peer)
      this.#feed(peer, { type: 'wake' })
    })
    this.#wakes.set(peer, cancel)
  }

  async #guard(what: string, task: () => Promise<void>): Promise<void> {
    if (!this.#running) return
    try {
      await task()
    } catch (error) {
      this.#report(`could not ${what}`, error)
    }
  }

  #report(message: string, error: unknown): void {
    const { listener, log } = this.#options
    log.warn(message, { reason: String(error) })
    if (error instanceof FencedError) listener.fenced()
    else this.#health.failed(error)
  }
}

function report(state: PeerState): PeerReport {
  const session = currentSession(state)
  return { online: isThere(state), path: session?.path ?? 'none' }
}
