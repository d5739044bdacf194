/** Runs the effects that touch the store, and feeds what they find out back to `decide`. */
import type { PeerId } from '../domain/ids.ts'
import { union } from '../domain/sequence-set.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import { isNewerStart, type LogProof, type Push, type Start, startSignedBytes } from '../protocol/frames.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { MAX_MESSAGES_PER_FRAME } from '../protocol/limits.ts'
import { updateContact } from '../store/contacts.ts'
import { readContact } from '../store/people.ts'
import { mayShowTyping } from '../store/fellows.ts'
import { isQuotaExceeded } from '../store/faults.ts'
import { noteReplacement } from '../store/identity.ts'
import { releaseLease } from '../store/leases.ts'
import type { PeerWords } from '../store/reception.ts'
import type { Core } from './core.ts'
import { isUnderWay } from './decide.ts'
import {
  acceptPushes,
  type CheckedPush,
  checkPush,
  greeting,
  type PushOutcome,
  recordAck,
  recordSummary,
  refuseAll,
  sealOutbox,
  servePull,
  summarize,
  takePage,
} from './effects.ts'
import { grantTo } from './grants.ts'
import { takeGrant } from './letters.ts'
import { PUSHES_PER_COMMIT, SETTLE_ROWS } from './limits.ts'
import { currentSession, type Effect } from './state.ts'
import { StatementExchange } from './statements.ts'

export type StoreEffect = Exclude<Effect, { type: 'dial' | 'close' | 'send' | 'wake-at' }>

type RecordEffect = Extract<Effect, { type: 'record' }>

export interface PerformerHooks {
  /** A peer has proven something: the rows are to follow. */
  proven(peer: PeerId): void
  /** Whoever waited for a lease may read on. */
  leaseFreed(): void
  /** A session is ready: what was read since its greeting was made has not been told. */
  greeted(): void
  /** What was pushed could not be stored for lack of room. */
  storageFull(error: unknown): void
}

/** A push that waits to be committed, and what a look ahead at it finds. */
interface WaitingPush {
  readonly push: Push
  readonly checked: Promise<CheckedPush> | null
}

const NOTHING_SAID: PeerWords = { nickname: '', relays: [] }

export class Performer {
  readonly #core: Core
  readonly #hooks: PerformerHooks
  /** What each peer said of itself, for as long as a session lasts. */
  readonly #said = new Map<PeerId, PeerWords>()
  /** The summary that was last sent, by session. */
  readonly #summaryTold = new Map<string, string>()
  /** Grants of those who are no contacts yet. */
  readonly #grants = new Map<PeerId, Uint8Array>()
  /** The sessions in which our grant was sent. */
  readonly #granted = new Set<string>()
  /** Pushes that wait to be committed, and acknowledgements that wait to be recorded, by session: what waits is done at once. */
  readonly #pushes = new Map<string, WaitingPush[]>()
  readonly #acks = new Map<string, RecordEffect[]>()

  readonly #statements: StatementExchange

  constructor(core: Core, hooks: PerformerHooks) {
    this.#core = core
    this.#hooks = hooks
    this.#statements = new StatementExchange(core)
  }

  /** A session is over; `last` if the peer has no other one. */
  forget(peer: PeerId, session: string, last: boolean): void {
    this.#summaryTold.delete(session)
    this.#granted.delete(session)
    this.#statements.forget(session)
    if (!last) return
    this.#said.delete(peer)
    this.#grants.delete(peer)
  }

  /** To be called as soon as the effect is decided upon, before it is its turn: what came is checked meanwhile. */
  prepare(peer: PeerId, effect: StoreEffect): void {
    if (effect.type === 'accept') {
      const { push } = effect
      const waiting = listOf(this.#pushes, effect.session)
      const state = this.#core.peers.get(peer)
      const isReady = state?.sessions.some(({ id, ready }) => id === effect.session && ready) === true
      // Nobody has more checked ahead than is committed at once, and no one blocked anything.
      if (waiting.length >= PUSHES_PER_COMMIT || !isReady) {
        waiting.push({ push, checked: null })
        return
      }
      const checked = checkPush(this.#core.options.crypto, push)
      // It is looked at when it is its turn.
      checked.catch(() => undefined)
      waiting.push({ push, checked })
    }
    if (effect.type === 'record' && effect.summary === null) listOf(this.#acks, effect.session).push(effect)
  }

  /** Resolves when it is done and its outcome was fed. Rejects with what the store throws. */
  async perform(peer: PeerId, effect: StoreEffect): Promise<void> {
    const { options, sessions, feed } = this.#core
    switch (effect.type) {
      case 'greet': {
        const session = sessions.get(effect.session)
        const [hello, summary] = await greeting(options, peer, effect.ordinal, effect.alone)
        if (session === undefined || !sessions.has(effect.session)) return
        this.#summaryTold.set(effect.session, JSON.stringify(summary))
        session.send(encodeFrame(hello))
        session.send(encodeFrame(summary))
        await this.#tellGrant(peer, effect.session)
        await this.#statements.tell(peer, effect.session)
        return
      }
      case 'compare': {
        const summary = await summarize(options, peer)
        const told = JSON.stringify(summary)
        await this.#tellGrant(peer, effect.session)
        await this.#statements.tell(peer, effect.session)
        if (!sessions.has(effect.session) || told === this.#summaryTold.get(effect.session)) return
        this.#summaryTold.set(effect.session, told)
        sessions.get(effect.session)?.send(encodeFrame(summary))
        return
      }
      case 'know': {
        if (!sessions.has(effect.session)) return
        this.#said.set(peer, effect.hello)
        const newer = await updateContact(
          options.db,
          options.epoch,
          options.self,
          peer,
          effect.hello,
          options.clock.now(),
        )
        if (newer !== null) feed(peer, { type: 'outdated', session: effect.session, newer })
        return
      }
      case 'read-outbox': {
        const batch = await sealOutbox(options, peer, effect.session, effect.cursor, effect.room)
        feed(peer, { type: 'outbox', session: effect.session, ...batch })
        return
      }
      case 'accept': {
        const waiting = taken(this.#pushes, effect.session, committedAtOnce)
        const last = waiting.at(-1)
        // It was committed with those before it.
        if (last === undefined) return
        const outcome = await this.#accept(peer, waiting)
        if (outcome.proofs.length > 0) options.listener.wrote(peer)
        feed(peer, { type: 'committed', session: effect.session, through: last.push.number, ...outcome })
        await this.#meet(peer, effect.session)
        return
      }
      case 'release':
        await releaseLease(options.db, peer, effect.session)
        // Whoever waited for the lease reads on.
        this.#hooks.leaseFreed()
        return
      case 'take': {
        const said = this.#said.get(peer) ?? NOTHING_SAID
        const { page, asked, authors, group } = effect
        const outcome = await takePage(options, peer, said, page, asked, authors, group)
        feed(peer, { type: 'taken', session: effect.session, ...outcome })
        // Their author may hear of it through this peer.
        if (outcome.brought && group !== null) await this.#statements.tell(peer, effect.session)
        return
      }
      case 'serve': {
        const page = await servePull(options, peer, effect.pull)
        feed(peer, { type: 'paged', session: effect.session, page })
        return
      }
      case 'replace': {
        // Behind our greeting, without which nothing is listened to (SPEC 12.3).
        const { installation, started, signature } = effect.newer
        const session = sessions.get(effect.session)
        session?.send(encodeFrame({ type: 'replaced', installation, started, signature }))
        session?.close('another installation of this peer is newer')
        return
      }
      case 'retire':
        sessions.get(effect.session)?.close('another session is used')
        return
      case 'take-grant':
        this.#grants.set(peer, effect.grant)
        await this.#takeGrant(peer)
        return
      case 'hear-typing':
        if (await mayShowTyping(options.db, peer, effect.conversation))
          options.listener.typing(peer, effect.conversation)
        return
      case 'give-statements':
        await this.#statements.give(peer, effect.session, effect.groups)
        feed(peer, { type: 'recorded', session: effect.session, records: 1, wanted: null })
        return
      case 'take-statements':
        for (const member of await this.#statements.take(effect.statements)) this.#hooks.proven(member)
        feed(peer, { type: 'recorded', session: effect.session, records: 1, wanted: null })
        return
      case 'check-start':
        if (await this.#isReplacedBy(effect.start)) options.listener.replaced()
        return
      case 'record': {
        await this.#record(peer, effect)
      }
    }
  }

  async #record(peer: PeerId, { session, summary }: RecordEffect): Promise<void> {
    const { options, feed } = this.#core
    if (summary !== null) {
      const wanted = await recordSummary(options, peer, summary, this.#connected())
      this.#hooks.proven(peer)
      feed(peer, { type: 'recorded', session, records: 1, wanted })
      // What was read since the greeting was made has not been told.
      this.#hooks.greeted()
      return
    }
    const acks = taken(this.#acks, session, (all) => all.length)
    // It was recorded with those before it.
    if (acks.length === 0) return
    const [proofs, refused] = [acks.flatMap((ack) => ack.proofs), acks.flatMap((ack) => ack.refused)]
    const state = this.#core.peers.get(peer)
    // While more is under way rows would be in its way.
    const rows = state !== undefined && isUnderWay(state) ? 0 : SETTLE_ROWS
    if (await recordAck(options, peer, latestOf(proofs), refused, rows)) this.#hooks.proven(peer)
    feed(peer, { type: 'recorded', session, records: acks.length, wanted: null })
  }

  /** With whom a session is ready. */
  #connected(): ReadonlySet<PeerId> {
    const ready = [...this.#core.peers].filter(([, state]) => currentSession(state)?.ready === true)
    return new Set(ready.map(([peer]) => peer))
  }

  /** Whoever was a stranger when the session began may be a contact by what they said in it. */
  async #meet(peer: PeerId, session: string): Promise<void> {
    await this.#takeGrant(peer)
    await this.#tellGrant(peer, session)
  }

  /** Keeps their grant as soon as there is a contact to keep it for: it comes before their introduction does. */
  async #takeGrant(peer: PeerId): Promise<void> {
    const { options } = this.#core
    const grant = this.#grants.get(peer)
    if (grant === undefined || (await readContact(options.db, peer)) === undefined) return
    this.#grants.delete(peer)
    await takeGrant(options, peer, grant, 'session')
  }

  /** Lets an accepted contact leave us mail, once in a session (SPEC 4.14). */
  async #tellGrant(peer: PeerId, session: string): Promise<void> {
    const { options, sessions } = this.#core
    // Where nothing can be sealed there is no mail to be let in.
    if (options.mail === undefined || this.#granted.has(session)) return
    const grant = await grantTo(options, peer)
    if (grant === null || !sessions.has(session)) return
    this.#granted.add(session)
    sessions.get(session)?.send(encodeFrame({ type: 'grant', grant }))
  }

  async #accept(peer: PeerId, waiting: readonly WaitingPush[]): Promise<PushOutcome> {
    const { options } = this.#core
    try {
      const { crypto } = options
      const checked = await Promise.all(
        waiting.map(({ push, checked }) => checked ?? checkPush(crypto, push)),
      )
      return await acceptPushes(options, peer, this.#said.get(peer) ?? NOTHING_SAID, checked)
    } catch (error) {
      if (!isQuotaExceeded(error)) throw error
      this.#hooks.storageFull(error)
      return refuseAll(waiting.map(({ push }) => push))
    }
  }

  /** Whether `start` is that of another installation of ours which is newer: our own signature says so. */
  async #isReplacedBy(start: Start): Promise<boolean> {
    const { db, epoch, self, crypto, clock, start: own } = this.#core.options
    if (!isNewerStart(start, own)) return false
    if (!(await crypto.verify(keyOfPeerId(self), start.signature, startSignedBytes(start)))) return false
    await noteReplacement(db, epoch, start.started, clock.now())
    return true
  }
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** The first of a list, as many as `howMany` says, taken out of it; it is forgotten when it is empty. */
function taken<T>(lists: Map<string, T[]>, key: string, howMany: (list: readonly T[]) => number): T[] {
  const list = lists.get(key) ?? []
  const first = list.splice(0, howMany(list))
  if (list.length === 0) lists.delete(key)
  return first
}

/** As many pushes as one acknowledgement can answer, whatever is refused of them; one always can. */
function committedAtOnce(waiting: readonly WaitingPush[]): number {
  let messages = 0
  const tooMany = waiting.findIndex(
    ({ push }, i) => (messages += push.envelopes.length) > MAX_MESSAGES_PER_FRAME && i > 0,
  )
  return Math.min(tooMany === -1 ? waiting.length : tooMany, PUSHES_PER_COMMIT)
}

/** Proofs are cumulative: of each log the last one and what it leaves out of those before it. */
function latestOf(proofs: readonly LogProof[]): LogProof[] {
  const latest = new Map<string, LogProof>()
  for (const proof of proofs) {
    const before = latest.get(proof.log)
    latest.set(
      proof.log,
      before?.conversation !== proof.conversation
        ? proof
        : {
            ...proof,
            accepted: union(before.accepted, proof.accepted),
            read: union(before.read, proof.read),
          },
    )
  }
  return [...latest.values()]
}
