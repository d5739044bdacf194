/**
 * The mail of this profile: keeps our mailbox as it should be, takes out what was left for us, and sees that what cannot
 * be delivered live is left for others (posting.ts). What is to be done says the store, so that it goes on where it was
 * cut off.
 */
import { MAX_KEPT_REVOCATIONS } from '../protocol/limits.ts'
import type { HeldItem, ItemId } from '../protocol/mailbox.ts'
import { readRevocations } from '../store/grants.ts'
import type { Core } from './core.ts'
import { isPrekeyDue, publishPrekey } from './grants.ts'
import { type MailContext, takeItem } from './letters.ts'
import { BACKUP_AFTER_MS, DEPOSIT_CHECK_MS, LOOK_MS, MAX_LATER_BYTES, OTHERS_PATIENCE_MS } from './limits.ts'
import { Posting } from './posting.ts'
import { Backup, type Place } from './backup.ts'
import { reach, UnreachableError } from './reach.ts'
import { Coalesced, Delayed } from './serial.ts'
import { Waking } from './waking.ts'

export class Mailroom {
  readonly #core: Core
  readonly #mail: MailContext
  readonly #opening = new Coalesced(() => this.#attempt('open the mailbox', () => this.#open()))
  readonly #collecting = new Coalesced(() => this.#attempt('collect mail', () => this.#collect()))
  readonly #checking = new Coalesced(() => this.#attempt('look for mail that was left', () => this.#check()))
  readonly #renewing = new Coalesced(() => this.#attempt('renew the backup', () => this.#backup.renew()))
  readonly #subscribing = new Coalesced(() =>
    this.#attempt('say where to be woken', () => this.#waking.renew()),
  )
  readonly #posting: Posting
  readonly #backup: Backup
  readonly #waking: Waking
  #running = true
  /** Our mailbox can be reached; our relay has none; it is as it should be; something may lie in it. */
  #ready = false
  #isNone = false
  #isOpen = false
  #behind = false
  /** Something lies in it that could not be taken in when it was fetched. */
  #leftSome = false
  /** Of what was left for a later version. */
  #laterBytes = 0
  #checkedAt = -Infinity
  #checkingSince = -Infinity
  readonly #looking: Delayed
  readonly #renewal: Delayed

  constructor(core: Core, mail: MailContext) {
    const { timer } = core.options
    this.#core = core
    this.#mail = mail
    this.#looking = new Delayed(timer, LOOK_MS, () => {
      this.#posting.request()
    })
    this.#renewal = new Delayed(timer, BACKUP_AFTER_MS, () => {
      this.#backup.changed()
      // A prekey that became outdated is replaced as well.
      if (this.#ready && this.#running) this.#opening.request()
      // A stranger may be a contact now, whose words are taken.
      if (this.#leftSome && this.#ready && this.#running) this.#collecting.request()
    })
    this.#posting = new Posting(core, mail)
    this.#backup = new Backup(mail, () => {
      core.options.listener.replaced()
    })
    this.#waking = new Waking(mail)
  }

  start(): void {
    this.#mail.mailbox.listen({
      none: () => {
        this.#isNone = true
        this.#behind = false
      },
      ready: () => {
        this.#ready = true
        this.#isOpen = false
        this.#behind = true
        this.#backup.reconnected()
        this.#waking.anew()
        this.#opening.request()
      },
      arrived: () => {
        this.#behind = true
        this.#collecting.request()
      },
      gone: () => {
        this.#ready = false
        this.#isNone = false
      },
    })
  }

  stop(): void {
    this.#running = false
    this.#looking.cancel()
    this.#renewal.cancel()
    this.#posting.stop()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#tasks(), this.#posting].map((task) => task.idle()))
  }

  /** Whether nothing lies in our mailbox, as far as is known, and nothing is to be left elsewhere before long. */
  get isQuiet(): boolean {
    // Where there is no mailbox it never comes to be open, and there is nothing to be done about it. One may be slow to open.
    if (!this.#isNone && (!this.#ready || !this.#isOpen || this.#behind)) return false
    const asks = this.#mail.clock.now() - this.#checkingSince < OTHERS_PATIENCE_MS
    const isBusy = this.#tasks().some((task) => !task.isIdle && (task !== this.#checking || asks))
    return !this.#looking.isPending && !isBusy && this.#posting.isQuiet
  }

  #tasks(): readonly Coalesced[] {
    return [this.#opening, this.#collecting, this.#checking, this.#renewing, this.#subscribing]
  }

  /** We can be reached from now on, or not any more. */
  network(online: boolean): void {
    this.#posting.network(online)
  }

  /** Something may wait that did not, or someone went away: it is seen to soon, however often this is called. */
  look(): void {
    if (this.#running) this.#looking.request()
  }

  /** Someone is to hear of what was accepted or read. */
  owed(): void {
    this.#posting.request()
  }

  /** Someone was blocked, or a link made void: our mailbox is to know. */
  revoked(): void {
    this.#isOpen = false
    if (this.#ready) this.#opening.request()
  }

  /** Where this browser is to be woken may have changed. */
  subscribed(): void {
    if (this.#ready && this.#running) this.#subscribing.request()
  }

  /** Contacts or settings may have changed. */
  changed(): void {
    if (this.#running) this.#renewal.request()
  }

  /** At each sync interval: what failed is tried again. */
  tick(): void {
    this.#posting.request()
    if (this.#ready) this.#opening.request()
    // Others may have a mailbox where we have none.
    else if (Math.abs(this.#mail.clock.now() - this.#checkedAt) >= DEPOSIT_CHECK_MS) this.#checking.request()
  }

  #attempt(what: string, task: () => Promise<void>): Promise<void> {
    return this.#core.guard(what, async () => {
      await this.#try(what, task)
    })
  }

  /**
   * Whether it was done. What a mailbox that cannot be reached, or does not take it, leaves undone is done at the next tick, or
   * when it is ready again.
   */
  async #try(what: string, task: () => Promise<void>): Promise<boolean> {
    try {
      await task()
      return true
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      this.#mail.log.info(`could not ${what}`, { reason: error.message })
      return false
    }
  }

  async #open(): Promise<void> {
    const { clock } = this.#mail
    try {
      await this.#furnish()
    } finally {
      // Whatever the mailbox has no room for: what is taken out makes some.
      if (this.#behind) {
        this.#collecting.request()
        await this.#collecting.idle()
      }
    }
    // Proof may have been among it: only now is it asked what became of the rest.
    if (Math.abs(clock.now() - this.#checkedAt) >= DEPOSIT_CHECK_MS) this.#checking.request()
  }

  /** Revocations and prekey as they should be, and then the rest. What the mailbox does not take holds up nothing else. */
  async #furnish(): Promise<void> {
    const isOpen = this.#isOpen
    // Before it is: what is revoked meanwhile opens it again.
    this.#isOpen = true
    let isDone = false
    try {
      const isRevoked = isOpen || (await this.#try('revoke grants', () => this.#revoke()))
      const isPublished = await this.#try('publish a prekey', () => this.#publish(isOpen))
      isDone = isRevoked && isPublished
    } finally {
      if (!isDone) this.#isOpen = false
    }
    this.#subscribing.request()
    this.#renewing.request()
  }

  async #revoke(): Promise<void> {
    const { db, epoch, clock, mailbox } = this.#mail
    const revoked = await readRevocations(db, epoch, MAX_KEPT_REVOCATIONS, clock.now())
    if (revoked.length > 0) await reach(mailbox.revoke(revoked))
  }

  /** The prekey that mail is sealed to, unless another installation may be the one to open it. */
  async #publish(isOpen: boolean): Promise<void> {
    const mail = this.#mail
    const place = await this.#backup.look()
    // What a later version of this app has kept cannot tell; but whoever has been opened by its user is to have mail.
    if (place === 'newer' || (place === 'unclear' && mail.errand === true)) return
    // The backup says when the newest was made.
    if ((!isOpen || (await isPrekeyDue(mail))) && (await publishPrekey(mail))) this.#backup.changed()
  }

  /** Takes out what lies in our mailbox, page by page. */
  async #collect(): Promise<void> {
    // Then it is for that one.
    if ((await this.#whose(() => this.#backup.look())) === 'newer') return
    // What comes from here on is told anew.
    this.#behind = false
    this.#leftSome = false
    this.#laterBytes = 0
    try {
      let after = 0
      for (let more = true; more && this.#running;) {
        const page = await reach(this.#mail.mailbox.fetch(after))
        await this.#take(page.items)
        after = page.items.at(-1)?.position ?? after
        more = page.more && page.items.length > 0
      }
    } catch (error) {
      this.#behind = true
      throw error
    }
  }

  /** Takes in what some items say, and lets the mailbox delete those. What cannot be stored stays, with what is behind it. */
  async #take(items: readonly HeldItem[]): Promise<void> {
    const over: ItemId[] = []
    const keyless: ItemId[] = []
    try {
      for (const item of items) {
        if (!this.#running) break
        const taken = await takeItem(this.#mail, item)
        if (taken === 'over') over.push(item.id)
        else if (taken === 'keyless') keyless.push(item.id)
        else if (taken === 'refused') this.#leftSome = true
        // A later version of this app is to find it; but anyone who may leave mail can say that it is of one.
        else if ((this.#laterBytes += item.item.length) > MAX_LATER_BYTES) over.push(item.id)
      }
      // A newer installation may have come since, and have the keys. Where there is none, nobody has them: they go out anew.
      const look = () => this.#backup.lookAgain()
      if (keyless.length > 0 && (await this.#whose(look)) === 'ours') over.push(...keyless)
    } finally {
      if (over.length > 0) await reach(this.#mail.mailbox.confirm(over))
    }
  }

  /** Of a mailbox that does not give the backup it is not clear; what only this installation can open is for it all the same. */
  async #whose(look: () => Promise<Place>): Promise<Place> {
    let place: Place = 'unclear'
    await this.#try('look at the backup', async () => {
      place = await look()
    })
    return place
  }

  async #check(): Promise<void> {
    this.#checkingSince = this.#mail.clock.now()
    await this.#posting.check()
    this.#checkedAt = this.#mail.clock.now()
  }
}
