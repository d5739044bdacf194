/** What a relay does to mail that forgets, repeats, hides and lies. It reads no letter: those are sealed. */
import { type Outcome } from '../../../relay/mailbox/mailbox.ts'
import type { Deposit } from '../../../relay/mailbox/store.ts'
import type { PeerId } from '../../domain/ids.ts'
import { openGrant } from '../../protocol/grant.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import {
  fetchedPayload,
  heldPayload,
  type ItemId,
  type MailboxRequest,
  readFetched,
  readHeld,
} from '../../protocol/mailbox.ts'
import type { MailLoss } from '../memory-mailbox.ts'
import type { Chance } from './chance.ts'
import type { FaultName } from './fault-names.ts'
import { forgeSummary } from './forger.ts'
import type { World } from './world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const FULL: Outcome = { code: 'full', payload: null }
const done = (payload: Outcome['payload']): Outcome => ({ code: 'done', payload })

type DepositRequest = Extract<MailboxRequest, { type: 'deposit' }>

export class MailFaults {
  readonly #world: World
  readonly #chance: Chance
  readonly #names: Set<FaultName>
  /** Items that their owner is not given before this time. */
  readonly #withheld = new Map<ItemId, number>()
  /** Items that were thrown away, and are said to be there until this time. */
  readonly #claimed = new Map<ItemId, number>()
  /** Items that come once more when they were confirmed. */
  readonly #repeated = new Map<ItemId, Deposit>()
  #isFull = false
  /** How often each fault has struck. */
  readonly struck = new Map<FaultName, number>()

  constructor(world: World, chance: Chance, names: ReadonlySet<FaultName>) {
    this.#world = world
    this.#chance = chance
    this.#names = new Set(names)
  }

  /** From now on nothing new happens; what is withheld or claimed stays so. */
  stop(): void {
    this.#names.clear()
    this.#isFull = false
  }

  /** Gives out what was withheld, and claims nothing any more. */
  confess(): void {
    this.#withheld.clear()
    this.#claimed.clear()
  }

  setFull(full: boolean): void {
    this.#isFull = full
  }

  readonly lose = (): MailLoss => {
    if (!this.#strikes('mail-unanswered', 0.04)) return null
    return this.#chance.pick(['request', 'answer', 'answer'])
  }

  readonly serve = async (
    _peer: PeerId,
    request: MailboxRequest,
    honest: () => Promise<Outcome>,
  ): Promise<Outcome> => {
    switch (request.type) {
      case 'deposit':
        return this.#deposit(request, honest)
      case 'fetch':
        return this.#fetched(await honest(), request.after)
      case 'confirm':
        for (const id of request.ids) this.#repeatLater(id)
        return honest()
      case 'status':
        return this.#status(request.ids, await honest())
      case 'prekey':
        return this.#strikes('mail-garbage', 0.03) ? done(this.#chance.bytes(100)) : honest()
      case 'recall':
        return this.#strikes('mail-garbage', 0.2) ? done(this.#chance.bytes(100)) : honest()
      case 'publish':
      case 'keep':
      case 'revoke':
      case 'subscribe':
      case 'unsubscribe':
        return this.#isFull ? FULL : honest()
    }
  }

  get #now(): number {
    return Math.floor(this.#world.schedule.now)
  }

  #strikes(name: FaultName, probability: number): boolean {
    if (!this.#names.has(name) || !this.#chance.happens(probability)) return false
    this.#count(name)
    return true
  }

  #count(name: FaultName): void {
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1)
  }

  /** Until when something lasts: for a while, or for good. */
  #until(): number {
    const chance = this.#chance
    return chance.happens(0.15) ? Infinity : this.#now + chance.spread(MINUTE, 12 * HOUR)
  }

  async #deposit(request: DepositRequest, honest: () => Promise<Outcome>): Promise<Outcome> {
    const { oracle } = this.#world
    const { id } = request
    if (this.#isFull) {
      this.#count('mail-full')
      return FULL
    }
    if (this.#strikes('mail-lies', 0.08)) {
      if (this.#chance.happens(0.5)) this.#claimed.set(id, this.#until())
      oracle.promised(id)
      return done(null)
    }
    const outcome = await honest()
    if (outcome.code !== 'done') return outcome
    oracle.promised(id)
    const { owner, id: grant, holder } = openGrant(request.grant).grant
    const deposit = { owner, grant, open: holder === null, id, item: request.item, at: this.#now }
    if (this.#strikes('mail-withheld', 0.1)) this.#withheld.set(id, this.#until())
    if (this.#strikes('mail-repeated', 0.2)) this.#repeated.set(id, deposit)
    if (this.#strikes('mail-garbage', 0.2)) await this.#litter(deposit)
    return outcome
  }

  #fetched(outcome: Outcome, after: number): Outcome {
    if (outcome.code !== 'done') return outcome
    const { items, more } = readFetched(outcome.payload, after)
    const given = items.filter(({ id }) => (this.#withheld.get(id) ?? 0) <= this.#now)
    const order = given.map(({ id, item }) => ({ id, item }))
    if (order.length > 1 && this.#strikes('mail-shuffled', 0.5)) this.#shuffle(order)
    const shown = order.map((one, i) => ({ ...one, position: given[i]?.position ?? 0 }))
    return done(fetchedPayload({ items: shown, more: more && shown.length > 0 }))
  }

  #shuffle(things: unknown[]): void {
    for (let i = things.length - 1; i > 0; i--) {
      const j = this.#chance.between(0, i)
      ;[things[i], things[j]] = [things[j], things[i]]
    }
  }

  #repeatLater(id: ItemId): void {
    const deposit = this.#repeated.get(id)
    if (deposit === undefined) return
    if (this.#chance.happens(0.7)) this.#repeated.delete(id)
    const { network, schedule } = this.#world
    schedule.after(this.#chance.spread(SECOND, 3 * HOUR), () => {
      void network.mail.post.store().deposit({ ...deposit, at: this.#now })
    })
  }

  #status(ids: readonly ItemId[], outcome: Outcome): Outcome {
    if (outcome.code !== 'done') return outcome
    const held = new Set(this.#strikes('mail-lies', 0.05) ? [] : readHeld(outcome.payload))
    for (const id of ids)
      if ((this.#claimed.get(id) ?? 0) > this.#now && !held.has(id)) {
        this.#count('mail-lies')
        held.add(id)
      }
    for (const id of held) this.#world.oracle.promised(id)
    return done(heldPayload([...held]))
  }

  /** Puts something into a mailbox that is no letter for its owner. */
  async #litter({ owner, id, item, open, at }: Deposit): Promise<void> {
    const { devices, network } = this.#world
    const chance = this.#chance
    const fresh = (): string => toBase64url(chance.bytes(16))
    const other = chance.pick(devices).who.peerId
    const litter = chance.pick([
      { owner, id: fresh(), item: chance.bytes(chance.between(0, 300)) },
      // Another's, and one of their own under another name.
      { owner: other, id: other === owner ? fresh() : id, item },
      await forgeSummary(this.#world, owner, fresh(), chance),
    ])
    await network.mail.post.store().deposit({ grant: fresh(), open, at, ...litter })
  }
}
