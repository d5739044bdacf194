/**
 * The own backup (SPEC 20): contacts and settings are kept at our mailbox, sealed to our own identity, and renewed when
 * they change; so the recovery phrase alone brings back the contacts, and through them the history.
 */
import { backoffMs } from '../domain/backoff.ts'
import { LaterVersionError, MalformedError } from '../protocol/cbor.ts'
import { isNewerStart } from '../protocol/frames.ts'
import { hashOf, toBase64url } from '../protocol/identifiers.ts'
import { decodeProfile, encodeProfile, type Profile } from '../protocol/profile.ts'
import { isReplaced, noteReplacement } from '../store/identity.ts'
import { mergeProfile, readProfile } from '../store/profile.ts'
import type { MailContext } from './letters.ts'
import { DEPOSIT_BACKOFF } from './limits.ts'
import { reach, UnreachableError } from './reach.ts'

/**
 * What a connection to the mailbox tells of other installations of this identity. ours: the mailbox is for this one. newer: a
 * newer one is at work, and what is there is for that. unclear: what is kept there does not tell.
 */
export type Place = 'ours' | 'newer' | 'unclear'

/** What is known of the mailbox since it can be reached: it may have lost its disk before, or heard of another installation. */
interface Standing {
  /** Undefined while nobody has looked. */
  place: Promise<Place> | undefined
  /** What lies there, if it is as we would keep it. */
  kept: string
}

const UNKNOWN: Standing = { place: undefined, kept: '' }

export class Backup {
  readonly #mail: MailContext
  readonly #replaced: () => void
  #standing: Standing = { ...UNKNOWN }
  /** There may be something to keep: it is looked at once, and again when it could not be kept. */
  #isDue = true
  #failures = 0
  #notBefore = -Infinity

  /** `replaced` is called when what is kept there shows that a newer installation of ours is at work. */
  constructor(mail: MailContext, replaced: () => void) {
    this.#mail = mail
    this.#replaced = replaced
  }

  /** Our mailbox can be reached again: what is there is looked at anew, and what failed before says nothing. */
  reconnected(): void {
    this.#standing = { ...UNKNOWN }
    this.#isDue = true
    this.#failures = 0
    this.#notBefore = -Infinity
  }

  /** Contacts or settings may have changed. */
  changed(): void {
    this.#isDue = true
  }

  /** Takes in what was kept, once on each connection, and says whose the mailbox is by that. Rejects with UnreachableError. */
  look(): Promise<Place> {
    const standing = this.#standing
    const looking = (standing.place ??= this.#takeIn(standing))
    // What could not be looked at is looked at the next time.
    looking.catch(() => {
      if (standing.place === looking) standing.place = undefined
    })
    return looking
  }

  /** The same, though it was looked at before on this connection. */
  lookAgain(): Promise<Place> {
    this.#standing.place = undefined
    return this.look()
  }

  /** Keeps what has changed since, where the mailbox is ours. Rejects with UnreachableError. */
  async renew(): Promise<void> {
    const { clock, random } = this.#mail
    // A clock that was put back does not lengthen the wait.
    const notBefore = Math.min(this.#notBefore, clock.now() + DEPOSIT_BACKOFF.maxMs)
    if (!this.#isDue || clock.now() < notBefore) return
    this.#isDue = false
    const standing = this.#standing
    try {
      await this.#renew(standing)
      this.#failures = 0
    } catch (error) {
      this.#isDue = true
      // What ended with its connection is not held against the next.
      if (error instanceof UnreachableError && standing === this.#standing)
        this.#notBefore = clock.now() + backoffMs(++this.#failures, DEPOSIT_BACKOFF, random.fraction())
      throw error
    }
  }

  async #renew(standing: Standing): Promise<void> {
    const { db, epoch, start, mailbox, sealer, log } = this.#mail
    // An empty or old profile must not take the place of a full or newer one.
    if ((await this.look()) !== 'ours' || (await isReplaced(db))) return
    const profile = await readProfile(db, epoch, start)
    const encoded = encodeProfile(profile)
    const fingerprint = fingerprintOf(encoded)
    if (fingerprint === standing.kept) return
    await reach(mailbox.keep(await sealer.sealBackup(encoded)))
    standing.kept = fingerprint
    log.info('the backup is kept', { contacts: profile.contacts.length })
  }

  async #takeIn(standing: Standing): Promise<Place> {
    const { db, epoch, start, clock, log, errand } = this.#mail
    let found: Found | null
    try {
      found = await this.#recall()
    } catch (error) {
      if (!(error instanceof LaterVersionError)) throw error
      log.warn('the backup is of a later version, and is left alone', { reason: error.message })
      return 'unclear'
    }
    // Without its user an installation claims nothing: another may have it all to keep yet.
    if (found === null) return errand === true ? 'unclear' : 'ours'
    const { profile, fingerprint } = found
    await mergeProfile(db, epoch, profile, clock.now())
    const { writer } = profile
    if (writer.installation !== start.installation && isNewerStart(writer, start)) {
      // Nobody but we ourselves can have sealed it: it needs no signature of its own.
      log.info('the backup is of a newer installation', { started: writer.started })
      await noteReplacement(db, epoch, writer.started, clock.now())
      this.#replaced()
      return 'newer'
    }
    standing.kept = fingerprint
    return 'ours'
  }

  /** What is kept there; null where there is nothing, or nothing that can be read. Rejects with LaterVersionError. */
  async #recall(): Promise<Found | null> {
    const { mailbox, sealer, log } = this.#mail
    const blob = await reach(mailbox.recall())
    const opened = blob === null ? null : await sealer.openBackup(blob)
    if (opened === null) {
      if (blob !== null) log.warn('what the mailbox kept for us is no backup of ours')
      return null
    }
    try {
      return { profile: decodeProfile(opened), fingerprint: fingerprintOf(opened) }
    } catch (error) {
      // Damaged before it was sealed: it is replaced.
      if (!(error instanceof MalformedError) || error instanceof LaterVersionError) throw error
      log.warn('the backup cannot be read', { reason: error.message })
      return null
    }
  }
}

interface Found {
  readonly profile: Profile
  readonly fingerprint: string
}

const fingerprintOf = (encoded: Uint8Array): string => toBase64url(hashOf('gigi/profile/1', encoded))
