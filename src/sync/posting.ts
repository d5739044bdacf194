/** Leaves letters for those who are away, and asks what became of them (SPEC 19.8). */
import { backoffMs } from '../domain/backoff.ts'
import type { PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { MalformedError } from '../protocol/cbor.ts'
import { MAX_IDS_PER_REQUEST } from '../protocol/limits.ts'
import { noteMailboxFull } from '../store/contacts.ts'
import { readContact } from '../store/people.ts'
import {
  beginDeposit,
  depositPeers,
  noteHeld,
  openDeposits,
  strikeOut,
  unpostedSince,
} from '../store/deposits.ts'
import { notePaid } from '../store/owed.ts'
import { BlockedError } from '../store/reception.ts'
import type { DepositRow, OwedRow } from '../store/schema.ts'
import { readWaiting, type WaitingPeer } from '../store/waiting.ts'
import type { Core } from './core.ts'
import { addressOf, draftLetter, type MailContext, newItemId, sealMail, verifiedPrekey } from './letters.ts'
import {
  DEPOSIT_AFTER_MS,
  DEPOSIT_BACKOFF,
  DEPOSIT_LIFE_MS,
  HEARD_MS,
  MAILBOXES_AT_ONCE,
  MAX_QUEUED_PEERS,
  OTHERS_PATIENCE_MS,
} from './limits.ts'
import { letterAt } from './mail-policy.ts'
import type { MailAddress } from './ports.ts'
import { reach, UnreachableError } from './reach.ts'
import { Coalesced, eachAtOnce } from './serial.ts'
import { currentSession, unknownPeer } from './state.ts'

export class Posting {
  readonly #core: Core
  readonly #mail: MailContext
  readonly #passes = new Coalesced(() => this.#core.guard('leave mail', () => this.#pass()))
  /** Mailboxes that could not be used, by their owner. */
  readonly #troubles = new Map<PeerId, Trouble>()
  /** To whom letters are being left: a mailbox that is slow to answer holds up no other. */
  readonly #underWay = new Map<PeerId, { readonly since: number; readonly ended: Promise<void> }>()
  /** Something was found to be left that had to wait for what is under way. */
  #passedOver = false
  #running = true
  #onlineSince: number | null = null
  #nextAt = Infinity
  #cancel: () => void = () => undefined

  constructor(core: Core, mail: MailContext) {
    this.#core = core
    this.#mail = mail
  }

  stop(): void {
    this.#running = false
    this.#cancel()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    const ends = (): readonly Promise<void>[] => [...this.#underWay.values()].map(({ ended }) => ended)
    while (!this.#isIdle) await Promise.all([this.#passes.idle(), ...ends()])
  }

  /** Whether nothing is under way but to who does not answer, and nothing is to be left within the next seconds. */
  get isQuiet(): boolean {
    const now = this.#core.options.clock.now()
    // Until then we may not have heard who is there, or whether we have a mailbox.
    const hasHeard = this.#onlineSince !== null && now - this.#onlineSince >= DEPOSIT_AFTER_MS
    // What may go better soon is worth coming back for.
    const isTroubled = [...this.#troubles.values()].some(({ mayPass }) => mayPass)
    const isWaiting = [...this.#underWay.values()].some(({ since }) => now - since < OTHERS_PATIENCE_MS)
    const isBusy = isWaiting || !this.#passes.isIdle
    return hasHeard && !isBusy && !isTroubled && this.#nextAt - now > DEPOSIT_AFTER_MS
  }

  get #isIdle(): boolean {
    return this.#passes.isIdle && this.#underWay.size === 0
  }

  /** Sees what is to be left. */
  request(): void {
    if (this.#running) this.#passes.request()
  }

  /** We can be reached from now on, or not any more. Back on a network, what failed before says nothing. */
  network(online: boolean): void {
    if (!online) this.#onlineSince = null
    else this.#onlineSince ??= this.#mail.clock.now()
    this.#troubles.clear()
    this.request()
  }

  /** Begins to leave what is to be left now, and comes back when more will be. */
  async #pass(): Promise<void> {
    const { db, clock, timer } = this.#core.options
    this.#cancel()
    if (this.#onlineSince === null) return
    let next = Infinity
    for (const waiting of await readWaiting(db, MAX_QUEUED_PEERS)) {
      const { peer, contact, owed } = waiting
      if (owed !== undefined) await this.#forgetHeard(owed)
      const at = this.#dueAt(waiting)
      if (!this.#isRunning() || at === null) continue
      if (at > clock.now()) next = Math.min(next, at)
      // Nothing is begun that cannot be done: the end of it would be a sign to look again.
      else if (addressOf(this.#mail, contact) === null) continue
      else if (this.#underWay.has(peer) || this.#underWay.size >= MAILBOXES_AT_ONCE) this.#passedOver = true
      else this.#begin(peer, owed)
    }
    this.#nextAt = next
    if (next === Infinity || !this.#isRunning()) return
    this.#cancel = timer.after(Math.max(0, next - clock.now()), () => {
      this.request()
    })
  }

  /** From when on a letter is to go to them; null: nothing but what happens can tell. */
  #dueAt({ peer, unpostedSince, owed }: WaitingPeer): number | null {
    const { options, peers } = this.#core
    const now = options.clock.now()
    if (this.#onlineSince === null) return null
    // A clock that was put back leaves times to come: they count as now.
    const past = (at: number | null): number | null => (at === null ? null : Math.min(at, now))
    const waiting = {
      unpostedSince: past(unpostedSince),
      owedSince: past(owed?.at ?? null),
      notBefore: Math.min(this.#troubles.get(peer)?.notBefore ?? 0, now + DEPOSIT_BACKOFF.maxMs),
    }
    return letterAt(peers.get(peer) ?? unknownPeer(options.self, peer, true), waiting, this.#onlineSince)
  }

  #begin(peer: PeerId, debt: OwedRow | undefined): void {
    const before = this.#troubles.get(peer)
    const post = this.#core.guard('leave mail', () => this.#postTo(peer, debt))
    const ended = post.then(() => {
      this.#underWay.delete(peer)
      // What failed just now is to be tried again at its time.
      const after = this.#troubles.get(peer)
      if (!this.#passedOver && (after === undefined || after === before)) return
      this.#passedOver = false
      this.request()
    })
    this.#underWay.set(peer, { since: this.#mail.clock.now(), ended })
  }

  /** What was told in a session that lasted longer than a dead one does was heard, and need not be told by letter. */
  async #forgetHeard(debt: OwedRow): Promise<void> {
    const { options, peers } = this.#core
    const state = peers.get(debt.peer_id)
    const session = state === undefined ? undefined : currentSession(state)
    if (session?.ready !== true) return
    if (options.clock.now() - Math.max(debt.at, session.openedAt) >= HEARD_MS)
      await notePaid(options.db, options.epoch, debt)
  }

  /** Leaves a peer letters until nothing waits any more. */
  async #postTo(peer: PeerId, debt: OwedRow | undefined): Promise<void> {
    const { db, clock, log, random } = this.#mail
    try {
      const at = addressOf(this.#mail, await readContact(db, peer))
      if (at === null) return
      await this.#settleUnheard(peer, at)
      let open = debt
      while (this.#isRunning() && (await this.#postOne(peer, at, open))) {
        open = undefined
        // A mailbox that takes so many in a minute is asked again as soon after the last as after the first.
        this.#troubles.delete(peer)
      }
      this.#troubles.delete(peer)
    } catch (error) {
      if (!isOrdinary(error)) throw error
      const failures = (this.#troubles.get(peer)?.failures ?? 0) + 1
      const notBefore = clock.now() + backoffMs(failures, DEPOSIT_BACKOFF, random.fraction())
      const mayPass = (error instanceof UnreachableError || error instanceof NotLeftError) && error.mayPass
      this.#troubles.set(peer, { failures, notBefore, mayPass })
      log.info('mail could not be left', { peer, reason: error.message })
    }
  }

  /** Leaves one letter. Returns whether there was anything to say. Throws NotLeftError and UnreachableError. */
  async #postOne(peer: PeerId, at: MailAddress, debt: OwedRow | undefined): Promise<boolean> {
    const mail = this.#mail
    const { db, epoch, clock, mailbox } = mail
    if (debt === undefined && (await unpostedSince(db, peer)) === null) return false
    const prekey = await verifiedPrekey(mail, peer, at)
    if (prekey === null) throw new NotLeftError('there is no prekey to seal it to')
    const draft = await draftLetter(mail, peer)
    if (draft.messages.length === 0 && debt === undefined) return false
    const id = newItemId(mail)
    const item = await sealMail(mail, peer, prekey, id, draft.frames)
    // Word that goes out for the second time is left at that: whoever has it has no way to say so.
    if (draft.messages.length > 0 || debt?.again !== 1)
      await beginDeposit(db, epoch, peer, { id, grant: at.grant }, draft.messages, clock.now())
    // Proof, and who we are, is worth fetching when they come, and not worth waking them.
    const isNews = draft.messages.some(({ content }) => isShown(content.type))
    const outcome = await reach(mailbox.deposit(at, { id, item, ...(isNews ? {} : { quiet: true }) }))
    await noteMailboxFull(db, epoch, peer, outcome === 'full')
    if (outcome !== 'done') {
      await strikeOut(db, epoch, peer, [id])
      throw new NotLeftError(`the mailbox says ${outcome}`, outcome === 'later')
    }
    await noteHeld(db, epoch, peer, [id])
    if (debt !== undefined) await notePaid(db, epoch, debt)
    return true
  }

  /** Letters of which it was not heard whether they arrived: they are there, or go out anew. */
  async #settleUnheard(peer: PeerId, at: MailAddress): Promise<void> {
    const { db, epoch } = this.#mail
    const unheard = (await openDeposits(db, epoch, peer)).filter((row) => row.state === 'sending')
    if (unheard.length === 0) return
    const held = await this.#heldOf(at, unheard)
    await noteHeld(
      db,
      epoch,
      peer,
      idsOf(unheard, (id) => held.has(id)),
    )
    await strikeOut(
      db,
      epoch,
      peer,
      idsOf(unheard, (id) => !held.has(id)),
    )
  }

  /** Sends again what a mailbox lost, or gave out and nothing proves. */
  async check(): Promise<void> {
    await eachAtOnce(await depositPeers(this.#mail.db), MAILBOXES_AT_ONCE, (peer) => this.#checkOf(peer))
    this.request()
  }

  async #checkOf(peer: PeerId): Promise<void> {
    const { db, epoch, clock, log } = this.#mail
    if (!this.#isRunning()) return
    const rows = await openDeposits(db, epoch, peer)
    const isOver = ({ at }: DepositRow): boolean => clock.now() - at > DEPOSIT_LIFE_MS
    await strikeOut(db, epoch, peer, idsOf(rows.filter(isOver)))
    const at = addressOf(this.#mail, await readContact(db, peer))
    if (at === null || !this.#isRunning()) return
    // Of the others it is asked before the next letter: one of them may be on its way at this moment.
    const left = rows.filter((row) => row.state === 'held' && !isOver(row))
    const asked = left.slice(0, MAX_IDS_PER_REQUEST)
    try {
      const held = await this.#heldOf(at, asked)
      const lost = idsOf(asked, (id) => !held.has(id))
      await strikeOut(db, epoch, peer, lost)
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      log.info('a mailbox does not say what it holds', { peer, reason: error.message })
    }
  }

  /**
   * Which of them the mailbox holds. Each is asked after under the grant that it was left under; where that does not hold any
   * more nothing will be heard, and they count as lost: at worst one arrives twice.
   */
  async #heldOf(at: MailAddress, rows: readonly DepositRow[]): Promise<ReadonlySet<string>> {
    const all = new Set<string>()
    for (const under of Map.groupBy(rows, (row) => row.grant.join()).values()) {
      const { relays } = at
      const grant = under[0]?.grant ?? at.grant
      const held = await reach(this.#mail.mailbox.held({ relays, grant }, idsOf(under)))
      for (const id of held ?? []) all.add(id)
    }
    return all
  }

  #isRunning(): boolean {
    return this.#running
  }
}

const idsOf = (rows: readonly DepositRow[], which: (id: string) => boolean = () => true): string[] =>
  rows.map((row) => row.id).filter(which)

/** A mailbox that is not there or refuses, or a prekey that is none: another time it may go better. */
const isOrdinary = (error: unknown): error is Error =>
  error instanceof NotLeftError ||
  error instanceof UnreachableError ||
  error instanceof MalformedError ||
  // Blocked in between; or they have left so much in holes that word of it fits no letter.
  error instanceof BlockedError ||
  error instanceof RangeError

/** A mailbox that could not be used. */
interface Trouble {
  readonly failures: number
  readonly notBefore: number
  /** It may be over in a moment, as far as can be told. */
  readonly mayPass: boolean
}

/** A letter was not left; its message says why. */
class NotLeftError extends Error {
  override readonly name = 'NotLeftError'
  readonly mayPass: boolean

  constructor(message: string, mayPass = false) {
    super(message)
    this.mayPass = mayPass
  }
}
