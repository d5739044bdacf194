/** The Mailbox port on libp2p (SPEC 18): our own mailbox at our relay, and those of others at theirs. */
import type { Connection } from '@libp2p/interface'
import type { PeerId } from '../domain/ids.ts'
import { type MailAddress, type MailboxListener, NoMailboxError, type Random } from '../sync/ports.ts'
import { MailboxCalls, type Outcome, type Question } from './mailbox-calls.ts'
import { OtherMailboxes, type OtherMailboxesOptions } from './other-mailboxes.ts'
import { OwnMailbox } from './own-mailbox.ts'
import { byRelay } from './relay-address.ts'

export interface MailboxClientOptions extends Omit<OtherMailboxesOptions, 'isNeeded'> {
  readonly random: Random
}

/** What the protocols begin with whose streams are connections to someone else. */
const CIRCUITS = '/libp2p/circuit/relay/'

export class MailboxClient extends MailboxCalls {
  readonly #own: OwnMailbox
  readonly #others: OtherMailboxes
  #listener: MailboxListener | undefined

  constructor(options: MailboxClientOptions) {
    super()
    this.#own = new OwnMailbox({
      ...options,
      listener: {
        ready: () => this.#listener?.ready(),
        none: () => this.#listener?.none(),
        arrived: () => this.#listener?.arrived(),
        gone: () => this.#listener?.gone(),
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
    else if (this.#own.isNone) listener.none()
  }

  protected ours<T>(question: Question<T>): Promise<Outcome<T>> {
    return this.#own.ask(question)
  }

  protected async theirs<T>({ relays }: MailAddress, question: Question<T>): Promise<Outcome<T>> {
    if (relays.length === 0) return this.#own.ask(question)
    const reasons: string[] = []
    let areNone = true
    for (const [relay, addresses] of byRelay(relays))
      try {
        if (relay === this.#own.relay) return await this.#own.ask(question)
        return await this.#others.ask(relay, addresses, question)
      } catch (error) {
        reasons.push(`${relay}: ${String(error)}`)
        areNone &&= error instanceof NoMailboxError
      }
    const message = `none of their relays has answered: ${reasons.join('; ') || 'there is no address of one'}`
    // What names none that can be dialled will not have one in a moment either.
    throw areNone ? new NoMailboxError(message) : new Error(message)
  }
}
