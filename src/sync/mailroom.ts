/**
 * The mail of this profile: keeps our mailbox as it should be, takes out what was left for us, and sees that what cannot
 * be delivered live is left for others (posting.ts). What is to be done says the store, so that it goes on where it was
 * cut off.
 */
import { MAX_IDS_PER_REQUEST } from '../protocol/limits.ts'
import type { HeldItem, ItemId } from '../protocol/mailbox.ts'
import { readRevocations } from '../store/grants.ts'
import type { Core } from './core.ts'
import { isPrekeyDue, publishPrekey } from './grants.ts'
import { type MailContext, takeItem } from './letters.ts'
import { BACKUP_AFTER_MS, DEPOSIT_CHECK_MS, LOOK_MS } from './limits.ts'
import { Posting } from './posting.ts'
import { Backup } from './backup.ts'
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
  /** Our mailbox can be reached; it is as it should be; something may lie in it. */
  #ready = false
  #isOpen = false
  #behind = false
  /** Something lies in it that could not be taken in when it was fetched. */
  #leftSome = false
  #checkedAt = -Infinity
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
      if (this.#ready && this.#running && this.#mail.errand !== true) this.#opening.request()
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
    // Where there is no mailbox it never comes to be open, and there is nothing to be done about it.
    if (this.#ready && (!this.#isOpen || this.#behind)) return false
    return !this.#looking.isPending && this.#tasks().every((task) => task.isIdle) && this.#posting.isQuiet
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

  /** What a mailbox that cannot be reached leaves undone is done at the next tick, or when it is ready again. */
  #attempt(what: string, task: () => Promise<void>): Promise<void> {
    return this.#core.guard(what, async () => {
      try {
        await task()
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error
        this.#mail.log.info(`could not ${what}`, { reason: error.message })
      }
    })
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

  /** Revocations, prekey and backup as they should be. An errand leaves the latter two as another installation may have made them. */
  async #furnish(): Promise<void> {
    const mail = this.#mail
    const isOpen = this.#isOpen
    // Before it is: what is revoked meanwhile opens it again.
    this.#isOpen = true
    try {
      if (!isOpen) await this.#revoke()
      // The backup says when the newest was made.
      if (mail.errand !== true && (!isOpen || (await isPrekeyDue(mail))) && (await publishPrekey(mail)))
        this.#backup.changed()
    } catch (error) {
      this.#isOpen = false
      throw error
    }
    this.#subscribing.request()
    if (mail.errand !== true) this.#renewing.request()
  }

  async #revoke(): Promise<void> {
    const { db, epoch, clock, mailbox } = this.#mail
    const revoked = await readRevocations(db, epoch, MAX_IDS_PER_REQUEST, clock.now())
    if (revoked.length > 0) await reach(mailbox.revoke(revoked))
  }

  /** Takes out what lies in our mailbox, page by page. */
  async #collect(): Promise<void> {
    // What comes from here on is told anew.
    this.#behind = false
    this.#leftSome = false
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
    const taken: ItemId[] = []
    try {
      for (const item of items) {
        if (!this.#running) break
        if (await takeItem(this.#mail, item)) taken.push(item.id)
        else this.#leftSome = true
      }
    } finally {
      if (taken.length > 0) await reach(this.#mail.mailbox.confirm(taken))
    }
  }

  async #check(): Promise<void> {
    await this.#posting.check()
    this.#checkedAt = this.#mail.clock.now()
  }
}
