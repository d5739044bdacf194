/** Our own mailbox: a stream to our relay for as long as we are connected to it, opened anew when it ends alone. */
import type { Connection } from '@libp2p/interface'
import { backoffMs } from '../domain/backoff.ts'
import type { PeerId } from '../domain/ids.ts'
import {
  type Clock,
  type Log,
  type MailboxListener,
  NoMailboxError,
  type Random,
  type Timer,
} from '../sync/ports.ts'
import { Attempt } from './attempt.ts'
import { MAILBOX_BACKOFF, MAILBOX_OPEN_MS } from './limits.ts'
import type { Outcome, Question } from './mailbox-calls.ts'
import { MailboxStream } from './mailbox-stream.ts'

export interface OwnMailboxOptions {
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly log: Log
  readonly listener: MailboxListener
}

export class OwnMailbox {
  readonly #options: OwnMailboxOptions
  #seat: Seat | undefined

  constructor(options: OwnMailboxOptions) {
    this.#options = options
  }

  /** Our relay, while we are connected to it. */
  get relay(): PeerId | undefined {
    return this.#seat?.relay
  }

  get connection(): Connection | undefined {
    return this.#seat?.connection
  }

  get isReady(): boolean {
    return this.#seat?.isReady ?? false
  }

  /** Our relay has none. */
  get isNone(): boolean {
    return this.#seat?.isNone ?? false
  }

  /** Begins on a connection to our relay. A relay that has no mailbox is a relay all the same. */
  attach(connection: Connection, relay: PeerId): void {
    this.detach()
    this.#seat = new Seat(connection, relay, this.#options)
  }

  /** The connection is gone. */
  detach(): void {
    const seat = this.#seat
    this.#seat = undefined
    seat?.leave()
  }

  /** Asks it. Rejects when it cannot be reached now, or is none. */
  async ask<T>(question: Question<T>): Promise<Outcome<T>> {
    if (this.#seat === undefined) throw new Error('we are not connected to our relay')
    return this.#seat.ask(question)
  }
}

/** At one connection to our relay. */
class Seat {
  readonly connection: Connection
  readonly relay: PeerId
  readonly #options: OwnMailboxOptions
  #opening: Promise<MailboxStream>
  /** The one that is open. */
  #stream: MailboxStream | undefined
  #attempt: Attempt | undefined
  /** Streams in a row that did not open, or ended without an answer. */
  #failures = 0
  #isLeft = false
  #isNone = false
  #cancelReopening: () => void = () => undefined

  constructor(connection: Connection, relay: PeerId, options: OwnMailboxOptions) {
    this.connection = connection
    this.relay = relay
    this.#options = options
    this.#opening = this.#open()
  }

  get isReady(): boolean {
    return this.#stream !== undefined
  }

  get isNone(): boolean {
    return this.#isNone
  }

  async ask<T>(question: Question<T>): Promise<Outcome<T>> {
    const stream = await this.#opening
    const outcome = await stream.request(question)
    this.#failures = 0
    return outcome
  }

  leave(): void {
    const reason = 'we are not connected to our relay any more'
    this.#isLeft = true
    this.#cancelReopening()
    this.#attempt?.abort(reason)
    const stream = this.#stream
    if (stream === undefined && !this.#isNone) return
    this.#stream = undefined
    this.#isNone = false
    stream?.close(reason)
    this.#options.listener.gone()
  }

  #open(): Promise<MailboxStream> {
    const opening = this.#tryToOpen()
    opening.catch((error: unknown) => {
      if (error instanceof NoMailboxError) this.#tellNone()
      else this.#openAgain('the mailbox did not open', String(error))
    })
    return opening
  }

  #tellNone(): void {
    if (this.#isLeft) return
    const { log, listener } = this.#options
    log.info('no mailbox at this relay')
    this.#isNone = true
    listener.none()
  }

  async #tryToOpen(): Promise<MailboxStream> {
    const { clock, timer, listener } = this.#options
    const attempt = new Attempt(clock, timer)
    this.#attempt = attempt
    const stream = await attempt.within(
      MAILBOX_OPEN_MS,
      (signal) =>
        MailboxStream.open(this.connection, timer, signal, {
          mail: () => listener.arrived(),
          closed: (reason) => {
            if (this.#stream === undefined) return
            this.#stream = undefined
            listener.gone()
            this.#openAgain('the mailbox ended', reason)
          },
        }),
      (late) => late.close('it opened too late'),
    )
    if (!stream.isOpen) throw new Error('the mailbox closed the stream')
    this.#stream = stream
    listener.ready()
    return stream
  }

  #openAgain(event: string, reason: string): void {
    const { log, timer, random } = this.#options
    if (this.#isLeft || this.connection.status !== 'open') return
    this.#failures += 1
    log.info(event, { reason, failures: this.#failures })
    const delay = backoffMs(this.#failures, MAILBOX_BACKOFF, random.fraction())
    this.#cancelReopening = timer.after(delay, () => {
      this.#opening = this.#open()
    })
  }
}
