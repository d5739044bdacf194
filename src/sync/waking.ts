/**
 * Where this browser is to be woken (SPEC 18.15): our mailbox is told when it changes, and each time that it can be reached,
 * since a relay may have lost what it knew.
 */
import { readRelayConfig } from '../store/identity.ts'
import { forgetPush, noteWaking, readPush } from '../store/push.ts'
import type { MailContext } from './letters.ts'
import { reach } from './reach.ts'

export class Waking {
  readonly #mail: MailContext
  /** The endpoint that the mailbox was told. */
  #told: string | null = null

  constructor(mail: MailContext) {
    this.#mail = mail
  }

  /** The mailbox can be reached again: it is told anew. */
  anew(): void {
    this.#told = null
  }

  /** Tells it what it has not been told. Rejects with UnreachableError. */
  async renew(): Promise<void> {
    const { db, epoch, mailbox, log } = this.#mail
    const row = await readPush(db)
    // Pushes of another key would not be taken, and a relay without one does not answer.
    if (row === null || (await readRelayConfig(db))?.vapid !== row.vapid) return
    const { endpoint, wanted } = row
    if (wanted === 0) {
      this.#told = null
      await reach(mailbox.unsubscribe(endpoint))
      await forgetPush(db, epoch, endpoint)
    } else if (endpoint !== this.#told) {
      const outcome = await reach(mailbox.subscribe(endpoint))
      this.#told = endpoint
      await noteWaking(db, epoch, endpoint, outcome)
      if (outcome === 'refused') log.warn('our relay does not go to the push service of this browser')
    }
  }
}
