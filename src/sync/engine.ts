/**
 * The sync engine: feeds `decide` with events one at a time, and runs the effects against the ports and the
 * store. It decides nothing itself.
 */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { MalformedError } from '../protocol/cbor.ts'
import { decodeFrame, encodeFrame } from '../protocol/frame-codec.ts'
import { isNewerStart, type LogNumbers, type Start, startSignedBytes } from '../protocol/frames.ts'
import { inviteToken } from '../protocol/presence.ts'
import { fromBase64url, keyOfPeerId } from '../protocol/identifiers.ts'
import { MAX_WATCHED_PEERS } from '../protocol/limits.ts'
import { isQuotaExceeded } from '../store/faults.ts'
import { onTablesChanged } from '../store/changes.ts'
import { contactsAfter, contactsInState, readContact, updateContact } from '../store/contacts.ts'
import { noteStart, readInviteSecret } from '../store/identity.ts'
import { BlockedError, type PeerWords } from '../store/reception.ts'
import { FencedError } from '../store/leadership.ts'
import { releaseLease } from '../store/leases.ts'
import { queuedPeers } from '../store/outbox.ts'
import { decide, isThere } from './decide.ts'
import {
  acceptPush,
  type EffectContext,
  greeting,
  readReads,
  recordAck,
  recordSummary,
  refuseAll,
  sealOutbox,
  servePull,
  summarize,
  takePage,
} from './effects.ts'
import { MAX_PEERS, MAX_QUEUED_PEERS, SOUGHT_CONTACTS } from './limits.ts'
import type { Log, NetworkState, Session, SessionPath, Timer, Transport } from './ports.ts'
import { Schedule } from './schedule.ts'
import { Coalesced, SerialByKey } from './serial.ts'
import {
  currentSession,
  type Effect,
  isForgettable,
  type PeerEvent,
  type PeerState,
  unknownPeer,
} from './state.ts'

export interface PeerReport {
  readonly online: boolean
  readonly path: SessionPath | 'none'
}

export interface EngineListener {
  network(state: NetworkState): void
  /** What is known of a peer has changed. */
  peer(peer: PeerId, report: PeerReport): void
  /** Storage refuses what must be kept, or (null) takes it again. */
  trouble(trouble: 'storage-full' | 'storage-failed' | null): void
  /** A contact is writing to us. */
  typing(peer: PeerId): void
  /** A newer installation of this identity is at work: this one must stop and say so. */
  replaced(): void
  /** Another leader has taken over: the engine has committed nothing since and must be stopped. */
  fenced(): void
}

export interface EngineOptions extends EffectContext {
  readonly self: PeerId
  readonly transport: Transport
  readonly timer: Timer
  readonly log: Log
  readonly listener: EngineListener
}

const NOTHING_SAID: PeerWords = { nickname: '', relays: [] }

export class SyncEngine {
  readonly #options: EngineOptions
  readonly #peers = new Map<PeerId, PeerState>()
  readonly #sessions = new Map<string, Session>()
  /** What each peer said of itself, for as long as a session lasts. */
  readonly #said = new Map<PeerId, PeerWords>()
  /** What was last told of our reading, and the summary that was last sent, by session. */
  readonly #readsTold = new Map<string, string>()
  readonly #summaryTold = new Map<string, string>()
  /** Who of the contacts was looked for last. */
  #sought: PeerId | undefined
  readonly #work = new SerialByKey()
  readonly #queue = new Coalesced(() => this.#guard('look for queued messages', () => this.#findQueued()))
  readonly #reads = new Coalesced(() => this.#guard('tell what was read', () => this.#tellReads()))
  readonly #watches = new Coalesced(() => this.#guard('renew the watches', () => this.#renewWatches()))
  readonly #seeking = new Coalesced(() => this.#guard('look for silent contacts', () => this.#seek()))
  readonly #schedule: Schedule
  readonly #wakes = new Map<PeerId, () => void>()
  #network: NetworkState = 'connecting'
  #ordinal = 0
  #troubled = false
  #shown: ReadonlySet<PeerId> = new Set()
  #running = false
  #unsubscribe: () => void = () => undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#schedule = new Schedule({
      ...options,
      online: () => this.#network === 'online',
      tick: () => {
        for (const peer of [...this.#peers.keys()]) this.#feed(peer, { type: 'tick' })
        this.#seeking.request()
      },
      attempt: (peer) => this.#feed(peer, { type: 'attempt' }),
      guard: (what, task) => this.#guard(what, task),
    })
  }

  async start(): Promise<void> {
    this.#running = true
    this.#unsubscribe = onTablesChanged(this.#options.db, (tables) => {
      if (tables.has('offline_queue')) {
        this.#queue.request()
        this.#schedule.queueChanged()
      }
      // A contact that was just accepted is told from here on.
      if (tables.has('logs') || tables.has('contacts')) this.#reads.request()
      if (tables.has('contacts') || tables.has('meta')) this.#watches.request()
      if (tables.has('meta')) this.#schedule.configChanged()
    })
    this.#watches.request()
    this.#queue.request()
    this.#schedule.start()
    this.#options.transport.announce(this.#options.start)
    await this.#options.transport.start({
      network: (state) => this.#onNetwork(state),
      presence: (peer, online) => this.#feed(peer, { type: 'presence', online }),
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
    for (const cancel of this.#wakes.values()) cancel()
    await this.#options.transport.stop()
    await Promise.all([
      this.#work.idle(),
      this.#queue.idle(),
      this.#reads.idle(),
      this.#watches.idle(),
      this.#seeking.idle(),
      this.#schedule.idle(),
    ])
  }

  /** Whose conversations are open in a visible tab: these are connected to. */
  show(peers: ReadonlySet<PeerId>): void {
    const before = this.#shown
    this.#shown = peers
    for (const peer of new Set([...before, ...peers]))
      if (before.has(peer) !== peers.has(peer)) this.#feed(peer, { type: 'shown', shown: peers.has(peer) })
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

  #feed(peer: PeerId, event: PeerEvent): void {
    if (!this.#running) return
    const { clock, self, listener } = this.#options
    const before = this.#peers.get(peer) ?? unknownPeer(self, peer, this.#network === 'online')
    const [after, effects] = decide(before, event, clock.now())
    if (isForgettable(after)) this.#peers.delete(peer)
    else this.#peers.set(peer, after)
    const [was, is] = [report(before), report(after)]
    if (was.online !== is.online || was.path !== is.path) listener.peer(peer, is)
    for (const effect of effects) this.#run(peer, effect)
  }

  #run(peer: PeerId, effect: Effect): void {
    switch (effect.type) {
      case 'dial':
        void this.#dial(peer)
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
      default:
        // In order for each peer: a commit is acknowledged before the next begins.
        this.#work.run(peer, () => this.#attempt(peer, effect))
    }
  }

  async #attempt(
    peer: PeerId,
    effect: Exclude<Effect, { type: 'dial' | 'close' | 'send' | 'wake-at' }>,
  ): Promise<void> {
    if (!this.#running) return
    try {
      await this.#perform(peer, effect)
      this.#recovered()
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

  async #perform(
    peer: PeerId,
    effect: Exclude<Effect, { type: 'dial' | 'close' | 'send' | 'wake-at' }>,
  ): Promise<void> {
    const options = this.#options
    switch (effect.type) {
      case 'greet': {
        const session = this.#sessions.get(effect.session)
        const [hello, summary] = await greeting(options, peer, effect.ordinal, effect.alone)
        this.#summaryTold.set(effect.session, JSON.stringify(summary))
        session?.send(encodeFrame(hello))
        session?.send(encodeFrame(summary))
        return
      }
      case 'compare': {
        const summary = await summarize(options, peer)
        const told = JSON.stringify(summary)
        if (told === this.#summaryTold.get(effect.session)) return
        this.#summaryTold.set(effect.session, told)
        this.#sessions.get(effect.session)?.send(encodeFrame(summary))
        return
      }
      case 'know': {
        this.#said.set(peer, effect.hello)
        const newer = await updateContact(options.db, options.epoch, options.self, peer, effect.hello)
        if (newer !== null) this.#feed(peer, { type: 'outdated', session: effect.session, newer })
        return
      }
      case 'read-outbox': {
        const batch = await sealOutbox(options, peer, effect.session, effect.cursor)
        this.#feed(peer, { type: 'outbox', session: effect.session, ...batch })
        return
      }
      case 'accept': {
        const outcome = await this.#accept(peer, effect)
        const through = effect.push.number
        this.#feed(peer, { type: 'committed', session: effect.session, through, ...outcome })
        return
      }
      case 'release':
        await releaseLease(options.db, peer, effect.session)
        // Whoever waited for the lease reads on.
        this.#queue.request()
        return
      case 'take': {
        const said = this.#said.get(peer) ?? NOTHING_SAID
        const outcome = await takePage(options, peer, said, effect.page, effect.asked, effect.authors)
        this.#feed(peer, { type: 'taken', session: effect.session, ...outcome })
        return
      }
      case 'serve': {
        const page = await servePull(options, peer, effect.pull)
        this.#feed(peer, { type: 'paged', session: effect.session, page })
        return
      }
      case 'hear-typing':
        if ((await readContact(options.db, peer))?.state === 'accepted') options.listener.typing(peer)
        return
      case 'check-start':
        if (await this.#isReplacedBy(effect.start)) options.listener.replaced()
        return
      case 'record': {
        const { session, summary, proofs, refused } = effect
        let wanted: readonly LogNumbers[] | null = null
        if (summary === null) await recordAck(options, peer, proofs, refused)
        else wanted = await recordSummary(options, peer, summary, proofs)
        this.#feed(peer, { type: 'recorded', session, wanted })
        // What was read since the greeting was made has not been told.
        if (summary !== null) this.#reads.request()
      }
    }
  }

  async #accept(peer: PeerId, { push }: Extract<Effect, { type: 'accept' }>) {
    const { listener } = this.#options
    try {
      return await acceptPush(this.#options, peer, this.#said.get(peer) ?? NOTHING_SAID, push)
    } catch (error) {
      if (!isQuotaExceeded(error)) throw error
      this.#troubled = true
      listener.trouble('storage-full')
      return refuseAll(push)
    }
  }

  /** Whether `start` is that of another installation of ours which is newer: our own signature says so. */
  async #isReplacedBy(start: Start): Promise<boolean> {
    const { db, epoch, self, crypto, start: own } = this.#options
    if (start.installation === own.installation || !isNewerStart(start, own)) return false
    if (!(await crypto.verify(keyOfPeerId(self), start.signature, startSignedBytes(start)))) return false
    await noteStart(db, epoch, start.started)
    return true
  }

  /** Dials some of the contacts of whom nothing is heard, the others at the next ticks: one may have been restored. */
  async #seek(): Promise<void> {
    if (this.#network !== 'online') return
    const contacts = await contactsAfter(this.#options.db, this.#sought, SOUGHT_CONTACTS)
    this.#sought = contacts.length < SOUGHT_CONTACTS ? undefined : contacts.at(-1)?.peer_id
    for (const { peer_id: peer, state } of contacts)
      if (state === 'accepted' && this.#peers.get(peer)?.online !== true) this.#feed(peer, { type: 'seek' })
  }

  async #dial(peer: PeerId): Promise<void> {
    const { transport, db, log, random } = this.#options
    let ok = true
    try {
      const contact = await readContact(db, peer)
      await transport.dial(peer, contact?.relays ?? [])
    } catch (error) {
      ok = false
      log.info('could not reach a peer', { peer, reason: String(error) })
    }
    this.#feed(peer, { type: 'dialed', ok, random: random.fraction() })
  }

  #onNetwork(state: NetworkState): void {
    this.#network = state
    this.#options.listener.network(state)
    for (const peer of [...this.#peers.keys()])
      this.#feed(peer, { type: 'network', online: state === 'online' })
    this.#queue.request()
    this.#schedule.queueChanged()
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
    this.#readsTold.delete(session.id)
    this.#summaryTold.delete(session.id)
    const random = this.#options.random.fraction()
    this.#feed(session.peer, { type: 'closed', session: session.id, random })
    if ((this.#peers.get(session.peer)?.sessions.length ?? 0) === 0) this.#said.delete(session.peer)
  }

  async #findQueued(): Promise<void> {
    const queued = new Set(await queuedPeers(this.#options.db, MAX_QUEUED_PEERS))
    for (const [peer, state] of [...this.#peers])
      if (state.queued && !queued.has(peer)) this.#feed(peer, { type: 'queued', queued: false })
    for (const peer of queued) this.#feed(peer, { type: 'queued', queued: true })
  }

  async #tellReads(): Promise<void> {
    for (const [peer, state] of [...this.#peers]) {
      const session = currentSession(state)
      if (session?.ready !== true) continue
      const proofs = await readReads(this.#options, peer)
      const told = JSON.stringify(proofs.map(({ log, read }) => [log, read]))
      if (proofs.length === 0 || told === this.#readsTold.get(session.id)) continue
      this.#readsTold.set(session.id, told)
      this.#feed(peer, { type: 'reads', proofs })
    }
  }

  async #renewWatches(): Promise<void> {
    const { db, clock, transport } = this.#options
    const contacts = await contactsInState(db, 'accepted', MAX_WATCHED_PEERS)
    const invite = await readInviteSecret(db, clock.now())
    transport.watch(
      contacts.map(({ peer_id: peer, invite_secret: secret }) =>
        secret === undefined ? { peer } : { peer, token: inviteToken(fromBase64url(secret)) },
      ),
      invite === null ? [] : [inviteToken(fromBase64url(invite.secret))],
    )
    for (const [peer, state] of [...this.#peers])
      if (state.sessions.length > 0 && (await readContact(db, peer))?.state === 'blocked')
        this.#feed(peer, { type: 'blocked' })
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

  #recovered(): void {
    if (!this.#troubled) return
    this.#troubled = false
    this.#options.listener.trouble(null)
  }

  #report(message: string, error: unknown): void {
    const { listener, log } = this.#options
    log.warn(message, { reason: String(error) })
    if (error instanceof FencedError) {
      listener.fenced()
      return
    }
    this.#troubled = true
    listener.trouble(isQuotaExceeded(error) ? 'storage-full' : 'storage-failed')
  }
}

function report(state: PeerState): PeerReport {
  const session = currentSession(state)
  return { online: isThere(state), path: session?.path ?? 'none' }
}
