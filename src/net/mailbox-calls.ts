/** The calls of the Mailbox port as requests of the protocol (SPEC 18), whatever carries these. */
import { type Cbor, MalformedError } from '../protocol/cbor.ts'
import { MAX_IDS_PER_REQUEST } from '../protocol/limits.ts'
import {
  type Fetched,
  type ItemId,
  type MailboxCode,
  type MailboxRequest,
  readBlob,
  readFetched,
  readHeld,
  readPrekey,
  type Revocation,
} from '../protocol/mailbox.ts'
import type { MailAddress, Mailbox, MailboxListener, MailItem } from '../sync/ports.ts'

/** What became of a request; `value` is what its reader made of the answer. */
export type Outcome<T> =
  { readonly code: 'done'; readonly value: T } | { readonly code: Exclude<MailboxCode, 'done'> }

export interface Question<T> {
  /** The request by the number that it is given. */
  readonly ask: (number: number) => MailboxRequest
  /** Reads the payload of an answer that it is done. Throws MalformedError. */
  readonly read: (payload: Cbor) => T
}

const nothing = (): null => null

export abstract class MailboxCalls implements Mailbox {
  abstract listen(listener: MailboxListener): void

  /** Asks our own mailbox. Rejects when there is no answer. */
  protected abstract ours<T>(question: Question<T>): Promise<Outcome<T>>

  /** Asks the mailbox of whoever gave the grant. Rejects when there is no answer. */
  protected abstract theirs<T>(at: MailAddress, question: Question<T>): Promise<Outcome<T>>

  async deposit(at: MailAddress, item: MailItem): Promise<'done' | 'denied' | 'full' | 'later'> {
    const { grant } = at
    const { code } = await this.theirs(at, {
      ask: (number) => ({ type: 'deposit', number, grant, ...item }),
      read: nothing,
    })
    if (code === 'malformed') throw refused(code)
    return code === 'busy' || code === 'failed' ? 'later' : code
  }

  async held(at: MailAddress, ids: readonly ItemId[]): Promise<ReadonlySet<ItemId> | null> {
    const { grant } = at
    let held: ReadonlySet<ItemId> = new Set()
    for (const some of pieces(ids)) {
      const asked = new Set(some)
      const outcome = await this.theirs(at, {
        ask: (number) => ({ type: 'status', number, grant, ids: some }),
        read: (payload) => {
          const answered = new Set(readHeld(payload))
          if (!answered.isSubsetOf(asked)) throw new MalformedError('held: what was not asked for')
          return answered
        },
      })
      if (outcome.code === 'denied') return null
      held = held.union(valueOf(outcome))
    }
    return held
  }

  async prekey(at: MailAddress): Promise<Uint8Array | null> {
    const { grant } = at
    const outcome = await this.theirs(at, {
      ask: (number) => ({ type: 'prekey', number, grant }),
      read: readPrekey,
    })
    return outcome.code === 'denied' ? null : valueOf(outcome)
  }

  async fetch(after: number): Promise<Fetched> {
    return valueOf(
      await this.ours({
        ask: (number) => ({ type: 'fetch', number, after }),
        read: (payload) => readFetched(payload, after),
      }),
    )
  }

  async confirm(ids: readonly ItemId[]): Promise<void> {
    for (const some of pieces(ids)) await this.#tell((number) => ({ type: 'confirm', number, ids: some }))
  }

  async publish(prekey: Uint8Array): Promise<void> {
    await this.#tell((number) => ({ type: 'publish', number, prekey }))
  }

  async revoke(grants: readonly Revocation[]): Promise<void> {
    for (const some of pieces(grants))
      await this.#tell((number) => ({ type: 'revoke', number, grants: some }))
  }

  async keep(blob: Uint8Array): Promise<void> {
    await this.#tell((number) => ({ type: 'keep', number, blob }))
  }

  async recall(): Promise<Uint8Array | null> {
    return valueOf(await this.ours({ ask: (number) => ({ type: 'recall', number }), read: readBlob }))
  }

  async subscribe(endpoint: string): Promise<'done' | 'refused'> {
    const outcome = await this.ours({
      ask: (number) => ({ type: 'subscribe', number, endpoint }),
      read: nothing,
    })
    if (outcome.code === 'malformed') return 'refused'
    valueOf(outcome)
    return 'done'
  }

  async unsubscribe(endpoint: string): Promise<void> {
    await this.#tell((number) => ({ type: 'unsubscribe', number, endpoint }))
  }

  async #tell(ask: (number: number) => MailboxRequest): Promise<void> {
    valueOf(await this.ours({ ask, read: nothing }))
  }
}

const refused = (code: MailboxCode): Error => new Error(`the mailbox says ${code}`)

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.code === 'done') return outcome.value
  throw refused(outcome.code)
}

function* pieces<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += MAX_IDS_PER_REQUEST) yield items.slice(i, i + MAX_IDS_PER_REQUEST)
}
