/** Mailboxes at other relays than ours: dialled when there is something to ask, and left soon after. */
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../domain/ids.ts'
import { type Clock, type Log, NoMailboxError, type Timer } from '../sync/ports.ts'
import { Attempt } from './attempt.ts'
import { MAILBOX_OPEN_MS, MAX_OTHER_MAILBOXES, NO_MAILBOX_MS, OTHER_MAILBOX_IDLE_MS } from './limits.ts'
import type { Outcome, Question } from './mailbox-calls.ts'
import { MailboxStream } from './mailbox-stream.ts'

export interface OtherMailboxesOptions {
  /** A connection to that relay. Rejects when there is none to be had, and when `signal` is aborted. */
  readonly dial: (relay: PeerId, address: Multiaddr, signal: AbortSignal) => Promise<Connection>
  /** Whether a connection serves something besides mail. */
  readonly isNeeded: (connection: Connection) => boolean
  readonly clock: Clock
  readonly timer: Timer
  readonly log: Log
}

export class OtherMailboxes {
  readonly #options: OtherMailboxesOptions
  /** The first is the one that was not asked for longest. */
  readonly #others = new Map<PeerId, OtherMailbox>()

  constructor(options: OtherMailboxesOptions) {
    this.#options = options
  }

  /** Asks the mailbox at a relay, which is dialled if it must be. Rejects when it cannot be reached, or is none. */
  async ask<T>(relay: PeerId, addresses: readonly Multiaddr[], question: Question<T>): Promise<Outcome<T>> {
    const other = this.#others.get(relay) ?? this.#begin(relay, addresses)
    // The latest stands last.
    this.#others.delete(relay)
    this.#others.set(relay, other)
    return other.ask(question)
  }

  /** Leaves a relay, and forgets what was known of it. */
  leave(relay: PeerId, reason: string): void {
    this.#others.get(relay)?.leave(reason)
  }

  /** Leaves all. */
  stop(): void {
    for (const other of [...this.#others.values()]) other.leave('this node stops')
  }

  #begin(relay: PeerId, addresses: readonly Multiaddr[]): OtherMailbox {
    if (this.#others.size >= MAX_OTHER_MAILBOXES) {
      const idle = [...this.#others.values()].find((other) => other.isIdle)
      if (idle === undefined) throw new Error('too many other mailboxes are being asked')
      idle.leave('another one is to be asked')
    }
    const other: OtherMailbox = new OtherMailbox(relay, addresses, this.#options, () => {
      if (this.#others.get(relay) === other) this.#others.delete(relay)
    })
    return other
  }
}

class OtherMailbox {
  readonly #relay: PeerId
  readonly #options: OtherMailboxesOptions
  readonly #left: () => void
  readonly #opening: Promise<MailboxStream>
  #attempt: Attempt | undefined
  #connection: Connection | undefined
  #isLeft = false
  /** Questions that are being asked. */
  #users = 0
  /** How long it is kept when nobody asks, milliseconds. */
  #idleMs = OTHER_MAILBOX_IDLE_MS
  #cancelIdle: () => void = () => undefined

  /** Begins to dial it. `left` is called when it is of no use any more. */
  constructor(
    relay: PeerId,
    addresses: readonly Multiaddr[],
    options: OtherMailboxesOptions,
    left: () => void,
  ) {
    this.#relay = relay
    this.#options = options
    this.#left = left
    this.#opening = this.#open(addresses)
  }

  get isIdle(): boolean {
    return this.#users === 0
  }

  async ask<T>(question: Question<T>): Promise<Outcome<T>> {
    this.#cancelIdle()
    this.#users += 1
    try {
      const stream = await this.#opening
      return await stream.request(question)
    } finally {
      this.#users -= 1
      if (this.isIdle && !this.#isLeft)
        this.#cancelIdle = this.#options.timer.after(this.#idleMs, () => {
          this.leave('nothing to ask')
        })
    }
  }

  leave(reason: string): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#left()
    this.#cancelIdle()
    this.#attempt?.abort(reason)
    void this.#closeWhenOpen(reason)
  }

  async #closeWhenOpen(reason: string): Promise<void> {
    try {
      const stream = await this.#opening
      stream.close(reason)
    } catch {
      // Whoever asked has been told why it did not open.
    }
    this.#hangUp()
  }

  async #open(addresses: readonly Multiaddr[]): Promise<MailboxStream> {
    const { timer, log } = this.#options
    try {
      const connection = await this.#dial(addresses)
      this.#connection = connection
      return await this.#within(
        (signal) =>
          MailboxStream.open(connection, timer, signal, {
            // Ours is at our own relay.
            mail: () => undefined,
            closed: (reason) => {
              log.info('another mailbox ended', { relay: this.#relay, reason })
              this.leave(reason)
            },
          }),
        (stream) => stream.close('it opened too late'),
      )
    } catch (error) {
      if (error instanceof NoMailboxError) {
        this.#idleMs = NO_MAILBOX_MS
        this.#hangUp()
      } else this.leave(String(error))
      throw error
    }
  }

  async #dial(addresses: readonly Multiaddr[]): Promise<Connection> {
    let last: unknown = new Error('no address')
    for (const address of addresses)
      try {
        return await this.#within(
          (signal) => this.#options.dial(this.#relay, address, signal),
          (connection) => this.#hangUp(connection),
        )
      } catch (error) {
        last = error
        if (this.#isLeft) break
      }
    throw last
  }

  #within<T>(work: (signal: AbortSignal) => Promise<T>, undo: (late: T) => void): Promise<T> {
    this.#attempt = new Attempt(this.#options.clock, this.#options.timer)
    return this.#attempt.within(MAILBOX_OPEN_MS, work, undo)
  }

  #hangUp(connection = this.#connection): void {
    if (connection === undefined || this.#options.isNeeded(connection)) return
    connection.close().catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error('not used'))
    })
  }
}
