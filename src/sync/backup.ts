/**
 * The own backup (SPEC 20): contacts and settings are kept at our mailbox, sealed to our own identity, and renewed when
 * they change; so the recovery phrase alone brings back the contacts, and through them the history.
 */
import { MalformedError } from '../protocol/cbor.ts'
import { hashOf, toBase64url } from '../protocol/identifiers.ts'
import { decodeProfile, encodeProfile, type Profile } from '../protocol/profile.ts'
import { isRecalled, mergeProfile, readProfile } from '../store/profile.ts'
import type { MailContext } from './letters.ts'
import { reach } from './reach.ts'

export class Backup {
  readonly #mail: MailContext
  /** What was last kept there on this connection. */
  #kept = ''
  /** There may be something to keep: it is looked at once, and again when it could not be kept. */
  #isDue = true

  constructor(mail: MailContext) {
    this.#mail = mail
  }

  /** Our mailbox can be reached again: it may have lost its disk meanwhile. */
  reconnected(): void {
    this.#kept = ''
    this.#isDue = true
  }

  /** Contacts or settings may have changed. */
  changed(): void {
    this.#isDue = true
  }

  /** Takes in what was kept, the first time, and keeps what has changed since. Rejects with UnreachableError. */
  async renew(): Promise<void> {
    if (!this.#isDue) return
    this.#isDue = false
    try {
      await this.#renew()
    } catch (error) {
      this.#isDue = true
      throw error
    }
  }

  async #renew(): Promise<void> {
    const { db, epoch, clock, mailbox, sealer } = this.#mail
    // Before anything is kept: an empty profile must not take the place of a full one.
    if (!(await isRecalled(db))) await mergeProfile(db, epoch, await this.#recall(), clock.now())
    const profile = encodeProfile(await readProfile(db, epoch))
    const fingerprint = toBase64url(hashOf('gigi/profile/1', profile))
    if (fingerprint === this.#kept) return
    await reach(mailbox.keep(await sealer.sealBackup(profile)))
    this.#kept = fingerprint
  }

  async #recall(): Promise<Profile | null> {
    const { mailbox, sealer, log } = this.#mail
    const blob = await reach(mailbox.recall())
    const opened = blob === null ? null : await sealer.openBackup(blob)
    if (opened === null) {
      if (blob !== null) log.warn('what the mailbox kept for us is no backup of ours')
      return null
    }
    try {
      return decodeProfile(opened)
    } catch (error) {
      // Of a later version, or damaged before it was sealed: it cannot be read here, and is replaced.
      if (!(error instanceof MalformedError)) throw error
      log.warn('the backup cannot be read', { reason: error.message })
      return null
    }
  }
}
