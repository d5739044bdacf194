/** The Mailbox port on libp2p (SPEC 18): our own mailbox at our relay, and those of others at theirs. */
import type { Connection } from '@libp2p/interface'
import type { PeerId } from '../domain/ids.ts'
import { type Cbor, MalformedError } from '../protocol/cbor.ts'
import { MAX_IDS_PER_REQUEST } from '../protocol/limits.ts'
import {
  type Fetched,
  type ItemId,
  type MailboxRequest,
  readBlob,
  readFetched,
  readHeld,
  readPrekey,
  type Revocation,
} from '../protocol/mailbox.ts'
import type { MailAddress, Mailbox, MailboxListener, MailItem, Random } from '../sync/ports.ts'
import type { MailboxStream, Outcome } from './mailbox-stream.ts'
import { OtherMailboxes, type OtherMailboxesOptions } from './other-mailboxes.ts'
import { OwnMailbox } from './own-mailbox.ts'
import { byRelay } from './relay-address.ts'

export interface MailboxClientOptions extends Omit<OtherMailboxesOptions, 'isNeeded'> {
  readonly random: Random
}

const NOBODY: MailboxListener = {
  ready: () => undefined,
  arrived: () => undefined,
  gone: () => undefined,
}
/** What the protocols begin with whose streams are connections to someone else. */
const CIRCUITS = '/libp2p/circuit/relay/'

type Ask = (number: number) => MailboxRequest
type Read<T> = (payload: Cbor) => T

/** Payloads that say nothing. */
const nothing = (): null => null

export class MailboxClient implements Mailbox {
  readonly #own: OwnMailbox
  readonly #others: OtherMailboxes
  #listener = NOBODY

  constructor(options: MailboxClientOptions) {
    this.#own = new OwnMailbox({
      ...options,
      listener: {
        ready: () => this.#listener.ready(),
        arrived: () => this.#listener.arrived(),
        gone: () => this.#listener.gone(),
      },
    })
    this.#others = new OtherMailboxes({
      ...options,
      isNeeded: (connection) =>
        connection === this.#own.connection ||
        connection.streams.some(({ protocol }) => protocol.startsWith(CIRCUITS)),
    })
  }

  /** Begins on a connection to our relay. */
  attach(connection: Connection, relay: PeerId): void {
    this.#own.attach(connection, relay)
    // One stream to each mailbox is enough.
    this.#others.leave(relay, 'it is our own now')
  }

  /** The connection is gone. */
  detach(): void {
    this.#own.detach()
  }

  /** Leaves every mailbox. */
  stop(): void {
    this.#own.detach()
    this.#others.stop()
  }

  listen(listener: MailboxListener): void {
    this.#listener = listener
    if (this.#own.isReady) listener.ready()
  }

  async deposit(at: MailAddress, { id, item }: MailItem): Promise<'done' | 'denied' | 'full' | 'later'> {
    const { grant } = at
    const { code } = await this.#at(at, (number) => ({ type: 'deposit', number, grant, id, item }), nothing)
    if (code === 'malformed') throw new Error('the mailbox calls this deposit malformed')
    return code === 'busy' || code === 'failed' ? 'later' : code
  }

  async held(at: MailAddress, ids: readonly ItemId[]): Promise<ReadonlySet<ItemId> | null> {
    const { grant } = at
    const held = new Set<ItemId>()
    for (const asked of pieces(ids)) {
      const read = (payload: Cbor): ItemId[] => {
        const some = readHeld(payload)
        if (!new Set(some).isSubsetOf(new Set(asked))) throw new MalformedError('held: not asked for')
        return some
      }
      const outcome = await this.#at(at, (number) => ({ type: 'status', number, grant, ids: asked }), read)
      if (outcome.code === 'denied') return null
      for (const id of valueOf(outcome)) held.add(id)
    }
    return held
  }

  async prekey(at: MailAddress): Promise<Uint8Array | null> {
    const { grant } = at
    const outcome = await this.#at(at, (number) => ({ type: 'prekey', number, grant }), readPrekey)
    return outcome.code === 'denied' ? null : valueOf(outcome)
  }

  fetch(after: number): Promise<Fetched> {
    return this.#ours(
      (number) => ({ type: 'fetch', number, after }),
      (payload) => readFetched(payload, after),
    )
  }

  async confirm(ids: readonly ItemId[]): Promise<void> {
    for (const piece of pieces(ids))
      await this.#ours((number) => ({ type: 'confirm', number, ids: piece }), nothing)
  }

  async publish(prekey: Uint8Array): Promise<void> {
    await this.#ours((number) => ({ type: 'publish', number, prekey }), nothing)
  }

  async revoke(grants: readonly Revocation[]): Promise<void> {
    for (const piece of pieces(grants))
      await this.#ours((number) => ({ type: 'revoke', number, grants: piece }), nothing)
  }

  async keep(blob: Uint8Array): Promise<void> {
    await this.#ours((number) => ({ type: 'keep', number, blob }), nothing)
  }

  recall(): Promise<Uint8Array | null> {
    return this.#ours((number) => ({ type: 'recall', number }), readBlob)
  }

  async #ours<T>(ask: Ask, read: Read<T>): Promise<T> {
    return valueOf(await this.#own.ask((stream) => stream.request(ask, read)))
  }

  /** Asks the first of the owner's relays that answers. */
  async #at<T>({ relays }: MailAddress, ask: Ask, read: Read<T>): Promise<Outcome<T>> {
    const question = (stream: MailboxStream): Promise<Outcome<T>> => stream.request(ask, read)
    if (relays.length === 0) return this.#own.ask(question)
    const reasons: string[] = []
    for (const [relay, addresses] of byRelay(relays))
      try {
        if (relay === this.#own.relay) return await this.#own.ask(question)
        return await this.#others.ask(relay, addresses, question)
      } catch (error) {
        reasons.push(`${relay}: ${String(error)}`)
      }
    throw new Error(
      `no relay of theirs has answered; ${reasons.join('; ') || 'none of the addresses is one'}`,
    )
  }
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.code === 'done') return outcome.value
  throw new Error(`the mailbox says ${outcome.code}`)
}

function* pieces<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += MAX_IDS_PER_REQUEST) yield items.slice(i, i + MAX_IDS_PER_REQUEST)
}
