/**
 * Mailboxes in memory behind the Mailbox port: the relay's own decisions on its store in memory, without streams. Requests
 * and answers go through their encoding, arrive later, and are lost as tests like it.
 */
import { MemoryMailboxStore } from '../../relay/mailbox/memory-store.ts'
import { Mailbox as RelayMailbox, type Outcome as Answer } from '../../relay/mailbox/mailbox.ts'
import { type MailboxStore, roomOf } from '../../relay/mailbox/store.ts'
import type { PeerId } from '../domain/ids.ts'
import {
  decodeMailboxNews,
  decodeMailboxRequest,
  encodeMailboxNews,
  encodeMailboxRequest,
  type MailboxRequest,
} from '../protocol/mailbox.ts'
import { MailboxCalls, type Outcome, type Question } from '../net/mailbox-calls.ts'
import {
  type Clock,
  type Crypto,
  type MailAddress,
  type MailboxListener,
  NoMailboxError,
} from '../sync/ports.ts'

/** Bytes that each relay's mailbox has room for. */
const ROOM_BYTES = 64 * 1024 * 1024

/** What becomes of a request on its way: it never comes to the mailbox, or its answer never comes back. */
export type MailLoss = 'request' | 'answer' | null

/** What lies between a client and its relay. */
export interface MailLine {
  /** Resolves when what was sent now has come to the relay. */
  there(): Promise<void>
  /** Resolves when what the relay sends now has come back. */
  back(): Promise<void>
  /** Lets the client see what happens at its end. */
  here(run: () => void): void
}

const passing = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const SHORT_LINE: MailLine = {
  there: passing,
  back: passing,
  here: (run) => {
    run()
  },
}

interface RelayInMemory {
  isOpen: boolean
  isNone: boolean
  store: MailboxStore
  mailbox: RelayMailbox
  readonly clients: Set<MemoryMailbox>
}

/** Relays, by name, and the mailboxes that they hold for people. */
export class MemoryPost {
  readonly #clock: Clock
  readonly #verify: Crypto['verify']
  readonly #relays = new Map<string, RelayInMemory>()
  /** Who was left something, and whether it was to wake nobody. */
  readonly left: { readonly owner: PeerId; readonly quiet: boolean }[] = []
  /** Tests replace it. */
  lose: (peer: PeerId, request: MailboxRequest) => MailLoss = () => null
  /** How a relay answers; `honest` does as it should. Simulations replace it. */
  serve: (peer: PeerId, request: MailboxRequest, honest: () => Promise<Answer>) => Promise<Answer> = (
    _peer,
    _request,
    honest,
  ) => honest()

  constructor(clock: Clock, verify: Crypto['verify']) {
    this.#clock = clock
    this.#verify = verify
  }

  /** Someone's client, not connected, whose own mailbox is at the relay of that name, which is its address. */
  mailbox(self: PeerId, relay = 'relay', line = SHORT_LINE): MemoryMailbox {
    if (!this.#relays.has(relay)) this.open(relay)
    return new MemoryMailbox(this, self, relay, line)
  }

  /** What a relay keeps mail in. */
  store(relay = 'relay'): MailboxStore {
    return this.#at(relay).store
  }

  /** The relay is there, for the first time or again; its clients connect when they like. */
  open(relay = 'relay'): void {
    const known = this.#relays.get(relay)
    if (known !== undefined) Object.assign(known, { isOpen: true, isNone: false })
    else this.#relays.set(relay, { isOpen: true, isNone: false, ...this.#empty(relay), clients: new Set() })
  }

  /** The relay is there from now on, and has no mailbox. */
  openWithout(relay = 'relay'): void {
    this.open(relay)
    this.#at(relay).isNone = true
  }

  /** The relay goes away; what it holds is there again when it opens. */
  close(relay = 'relay'): void {
    const closing = this.#at(relay)
    closing.isOpen = false
    for (const client of [...closing.clients]) client.disconnect()
  }

  /** The relay loses all that it holds, and stays. */
  wipe(relay = 'relay'): void {
    Object.assign(this.#at(relay), this.#empty(relay))
  }

  join(relay: string, client: MemoryMailbox): void {
    this.#at(relay).clients.add(client)
  }

  leave(relay: string, client: MemoryMailbox): void {
    this.#relays.get(relay)?.clients.delete(client)
  }

  isOpen(relay: string): boolean {
    return this.#relays.get(relay)?.isOpen ?? false
  }

  /** Whether a relay has no mailbox. */
  isNone(relay: string): boolean {
    return this.#at(relay).isNone
  }

  /** What the mailbox at a relay says to `peer`. Rejects when there is no answer. */
  async ask<T>(relay: string, peer: PeerId, line: MailLine, { ask, read }: Question<T>): Promise<Outcome<T>> {
    const request = decodeMailboxRequest(encodeMailboxRequest(ask(1)))
    if (request === null) throw new Error('a request of no kind')
    const loss = this.lose(peer, request)
    await line.there()
    const answered = loss !== 'request' && this.isOpen(relay)
    const outcome = answered
      ? await this.serve(peer, request, () => this.#at(relay).mailbox.answer(peer, request))
      : null
    await line.back()
    if (outcome === null) throw new Error(`the request was lost, or the relay ${relay} is not there`)
    if (loss === 'answer') throw new Error('the answer was lost')
    const answer = decodeMailboxNews(encodeMailboxNews({ type: 'answer', number: 1, ...outcome }))
    if (answer?.type !== 'answer') throw new Error('an answer of no kind')
    return answer.code === 'done' ? { code: 'done', value: read(answer.payload) } : { code: answer.code }
  }

  #at(relay: string): RelayInMemory {
    const found = this.#relays.get(relay)
    if (found === undefined) throw new Error(`there is no relay ${relay}`)
    return found
  }

  #empty(relay: string): Pick<RelayInMemory, 'store' | 'mailbox'> {
    const store = new MemoryMailboxStore(roomOf(ROOM_BYTES))
    const mailbox = new RelayMailbox({
      store,
      verify: this.#verify,
      now: () => this.#clock.now(),
      accepts: (endpoint) => endpoint.startsWith('https:'),
      deposited: (owner, news) => {
        this.left.push({ owner, quiet: news === 'nobody' })
        for (const client of this.#relays.get(relay)?.clients ?? []) if (client.self === owner) client.tell()
      },
      failed: (error) => {
        throw error
      },
    })
    return { store, mailbox }
  }
}

export class MemoryMailbox extends MailboxCalls {
  readonly self: PeerId
  readonly #post: MemoryPost
  readonly #relay: string
  readonly #line: MailLine
  #listener: MailboxListener | undefined
  /** Counts connections; what was sent to an earlier one does not come. */
  #connections = 0
  #isConnected = false
  /** There was news, and nothing fetched since. */
  #isTold = false
  /** Ends what waits for an answer. */
  readonly #ends = new Set<(error: Error) => void>()

  constructor(post: MemoryPost, self: PeerId, relay: string, line: MailLine) {
    super()
    this.#post = post
    this.self = self
    this.#relay = relay
    this.#line = line
  }

  /** We are on a network from now on; our own mailbox is ready if its relay is there. */
  connect(): void {
    if (this.#isConnected || !this.#post.isOpen(this.#relay)) return
    this.#isConnected = true
    this.#isTold = false
    this.#post.join(this.#relay, this)
    this.#line.here(() => {
      this.#tellState()
    })
  }

  /** Whether something was asked and is not answered. */
  get isWaiting(): boolean {
    return this.#ends.size > 0
  }

  disconnect(): void {
    if (!this.#leave()) return
    const ends = [...this.#ends]
    this.#line.here(() => {
      for (const end of ends) end(new Error('the stream to the mailbox ended'))
      this.#listener?.gone()
    })
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.#listener = undefined
    this.#leave()
    for (const end of this.#ends) end(new Error('we have left'))
  }

  listen(listener: MailboxListener): void {
    this.#listener = listener
    if (this.#isConnected) this.#tellState()
  }

  #tellState(): void {
    if (this.#post.isNone(this.#relay)) this.#listener?.none()
    else this.#listener?.ready()
  }

  /** There is news, as the relay says it: once, until something is fetched. */
  tell(): void {
    if (this.#isTold) return
    this.#isTold = true
    const connection = this.#connections
    void this.#line.back().then(() => {
      if (connection === this.#connections) this.#listener?.arrived()
    })
  }

  protected ours<T>(question: Question<T>): Promise<Outcome<T>> {
    if (this.#post.isNone(this.#relay)) return Promise.reject(new NoMailboxError('our relay has no mailbox'))
    if (question.ask(1).type === 'fetch') this.#isTold = false
    return this.#ask(this.#relay, question)
  }

  protected async theirs<T>({ relays }: MailAddress, question: Question<T>): Promise<Outcome<T>> {
    const relay = relays.length === 0 ? this.#relay : relays.find((name) => this.#post.isOpen(name))
    if (relay === undefined) throw new Error('none of their relays has answered')
    if (this.#post.isNone(relay)) throw new NoMailboxError('their relay has no mailbox')
    return this.#ask(relay, question)
  }

  async #ask<T>(relay: string, question: Question<T>): Promise<Outcome<T>> {
    if (!this.#isConnected) throw new Error('we are not connected to our relay')
    const ended = Promise.withResolvers<never>()
    this.#ends.add(ended.reject)
    try {
      return await Promise.race([ended.promise, this.#post.ask(relay, this.self, this.#line, question)])
    } finally {
      this.#ends.delete(ended.reject)
    }
  }

  /** Whether there was a connection to leave. */
  #leave(): boolean {
    if (!this.#isConnected) return false
    this.#isConnected = false
    this.#connections += 1
    this.#post.leave(this.#relay, this)
    return true
  }
}
