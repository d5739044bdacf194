/** The Mailbox port in memory, around the relay's own rules: one office for all who are in a test. */
import { Mailbox as Rules, type Outcome } from '../../relay/mailbox/mailbox.ts'
import { MemoryMailboxStore } from '../../relay/mailbox/memory-store.ts'
import { roomOf } from '../../relay/mailbox/store.ts'
import type { PeerId } from '../domain/ids.ts'
import {
  type MailboxRequest,
  readBlob,
  readFetched,
  readHeld,
  readPrekey,
  type HeldItem,
} from '../protocol/mailbox.ts'
import type { Clock, Crypto, Mailbox, MailboxListener } from '../sync/ports.ts'

const ROOM_BYTES = 1024 ** 3

type Asked = MailboxRequest extends infer R ? (R extends unknown ? Omit<R, 'number'> : never) : never

export class PostOffice {
  readonly #now: () => number
  readonly #verify: Crypto['verify']
  readonly #counters = new Map<PeerId, Counter>()
  #rules: Rules
  /** The relay is down, or cannot be reached: every call rejects. */
  isClosed = false

  constructor(clock: Clock, verify: Crypto['verify']) {
    this.#now = () => clock.now()
    this.#verify = verify
    this.#rules = this.#found()
  }

  /** The relay has lost its disk. */
  burn(): void {
    this.#rules = this.#found()
  }

  /** The port of one client, from when it comes until it goes. */
  open(peer: PeerId): Counter {
    const counter = new Counter(this, peer)
    this.#counters.set(peer, counter)
    return counter
  }

  close(counter: Counter, peer: PeerId): void {
    if (this.#counters.get(peer) === counter) this.#counters.delete(peer)
  }

  async ask(peer: PeerId, asked: Asked): Promise<Outcome> {
    if (this.isClosed) throw new Error('the relay is down')
    const outcome = await this.#rules.answer(peer, { ...asked, number: 1 })
    return outcome
  }

  #found(): Rules {
    return new Rules({
      store: new MemoryMailboxStore(roomOf(ROOM_BYTES)),
      verify: this.#verify,
      now: this.#now,
      deposited: (owner) => this.#counters.get(owner)?.tell(),
      failed: (error) => {
        throw error
      },
    })
  }
}

export class Counter implements Mailbox {
  readonly #office: PostOffice
  readonly #peer: PeerId
  #listener: MailboxListener | undefined

  constructor(office: PostOffice, peer: PeerId) {
    this.#office = office
    this.#peer = peer
  }

  listen(listener: MailboxListener): void {
    this.#listener = listener
    listener.ready()
  }

  /** Nobody stands there any more. */
  leave(): void {
    this.#listener = undefined
    this.#office.close(this, this.#peer)
  }

  tell(): void {
    this.#listener?.arrived()
  }

  /** It can be reached again. */
  reopen(): void {
    this.#listener?.ready()
  }

  async deposit({ grant }: { grant: Uint8Array }, { id, item }: Omit<HeldItem, 'position'>) {
    const { code } = await this.#ask({ type: 'deposit', grant, id, item })
    return code === 'done' || code === 'denied' || code === 'full' ? code : 'later'
  }

  async held({ grant }: { grant: Uint8Array }, ids: readonly string[]) {
    const { code, payload } = await this.#ask({ type: 'status', grant, ids })
    return code === 'done' ? new Set(readHeld(payload)) : null
  }

  async prekey({ grant }: { grant: Uint8Array }) {
    const { code, payload } = await this.#ask({ type: 'prekey', grant })
    return code === 'done' ? readPrekey(payload) : null
  }

  async fetch(after: number) {
    return readFetched((await this.#done({ type: 'fetch', after })).payload, after)
  }

  async confirm(ids: readonly string[]) {
    await this.#done({ type: 'confirm', ids })
  }

  async publish(prekey: Uint8Array) {
    await this.#done({ type: 'publish', prekey })
  }

  async revoke(grants: readonly { id: string; ends: number }[]) {
    await this.#done({ type: 'revoke', grants })
  }

  async keep(blob: Uint8Array) {
    await this.#done({ type: 'keep', blob })
  }

  async recall() {
    return readBlob((await this.#done({ type: 'recall' })).payload)
  }

  #ask(asked: Asked): Promise<Outcome> {
    return this.#office.ask(this.#peer, asked)
  }

  async #done(asked: Asked): Promise<Outcome> {
    const outcome = await this.#ask(asked)
    if (outcome.code !== 'done') throw new Error(`the mailbox says ${outcome.code}`)
    return outcome
  }
}
