/** A mailbox store in memory, for tests and simulations: it passes the contract, and forgets all when it is dropped. */
import type { PeerId } from '../../src/domain/ids.ts'
import type { GrantId } from '../../src/protocol/grant.ts'
import { FETCH_BYTES, MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import type { Fetched, HeldItem, ItemId, Revocation } from '../../src/protocol/mailbox.ts'
import { MAILBOX_ROW_BYTES, OWNER_SEEN_MS } from '../limits.ts'
import type { ClockState } from './steady-clock.ts'
import type { Deposit, Deposited, Expired, MailboxStore, Room, Subscription } from './store.ts'

interface Held extends HeldItem {
  readonly grant: GrantId
  readonly at: number
}

interface Told extends Subscription {
  readonly told: number
}

interface Box {
  /** In the order of their positions. */
  readonly items: Map<ItemId, Held>
  /** When each ends. */
  readonly revoked: Map<GrantId, number>
  /** By their endpoints. */
  readonly subscriptions: Map<string, Told>
  last: number
  /** When its owner was last there; 0: it is not known. */
  seen: number
  prekey: Uint8Array | null
  blob: Uint8Array | null
}

export class MemoryMailboxStore implements MailboxStore {
  readonly #room: Room
  readonly #boxes = new Map<PeerId, Box>()
  #bytes = 0
  #clock: ClockState | null = null
  #closed = false

  constructor(room: Room) {
    this.#room = room
  }

  deposit({ owner, grant, open, id, item, at }: Deposit): Promise<Deposited> {
    return this.#run((): Deposited => {
      const box = this.#boxOf(owner)
      if (box.revoked.has(grant)) return 'denied'
      const known = box.items.get(id)
      if (known !== undefined) return known.grant === grant ? 'known' : 'denied'
      const room = this.#room
      const all = [...box.items.values()]
      const under = all.filter((held) => held.grant === grant)
      const full =
        all.length >= room.ownerItems ||
        bytesOf(all) + item.length > room.ownerBytes ||
        under.length >= (open ? room.openItems : room.grantItems) ||
        bytesOf(under) + item.length > (open ? room.openBytes : room.grantBytes) ||
        !this.#take(item.length + MAILBOX_ROW_BYTES, this.#room.reservedBytes)
      if (full) return 'full'
      box.last = Math.max(box.last + 1, at)
      box.items.set(id, { position: box.last, id, item: Uint8Array.from(item), grant, at })
      return 'stored'
    })
  }

  fetch(owner: PeerId, after: number): Promise<Fetched>
  fetch(owner: PeerId, after: number, within?: number): Promise<Fetched | 'large'>
  fetch(owner: PeerId, after: number, within = Infinity): Promise<Fetched | 'large'> {
    return this.#run(() => {
      const behind = [...this.#boxOf(owner).items.values()].filter(({ position }) => position > after)
      let bytes = 0
      const items = behind
        .slice(0, MAX_ITEMS_PER_FETCH)
        .filter(({ item }, i) => (bytes += item.length) <= FETCH_BYTES || i === 0)
        .map(({ position, id, item }) => ({ position, id, item }))
      if (items.reduce((sum, { item }) => sum + item.length, 0) > within) return 'large'
      return { items, more: items.length < behind.length }
    })
  }

  confirm(owner: PeerId, ids: readonly ItemId[]): Promise<void> {
    return this.#run(() => {
      const box = this.#boxOf(owner)
      for (const id of ids) this.#remove(box.items, id)
      forget(box)
    })
  }

  held(owner: PeerId, grant: GrantId, ids: readonly ItemId[]): Promise<readonly ItemId[] | 'denied'> {
    return this.#run(() => {
      const { items, revoked } = this.#boxOf(owner)
      return revoked.has(grant) ? 'denied' : ids.filter((id) => items.get(id)?.grant === grant)
    })
  }

  publish(owner: PeerId, prekey: Uint8Array): Promise<'done' | 'full'> {
    return this.#run(() => this.#replace(this.#boxOf(owner), 'prekey', prekey))
  }

  prekey(owner: PeerId, grant: GrantId): Promise<Uint8Array | null | 'denied'> {
    return this.#run(() => {
      const { prekey, revoked } = this.#boxOf(owner)
      return revoked.has(grant) ? 'denied' : prekey
    })
  }

  revoke(owner: PeerId, grants: readonly Revocation[]): Promise<'done' | 'full'> {
    return this.#run(() => {
      const { revoked } = this.#boxOf(owner)
      const added = new Set(grants.map(({ id }) => id).filter((id) => !revoked.has(id))).size
      const full =
        revoked.size + added > this.#room.revocations || (added > 0 && !this.#take(added * MAILBOX_ROW_BYTES))
      if (full) return 'full'
      for (const { id, ends } of grants) revoked.set(id, Math.max(ends, revoked.get(id) ?? 0))
      return 'done'
    })
  }

  keep(owner: PeerId, blob: Uint8Array): Promise<'done' | 'full'> {
    return this.#run(() => this.#replace(this.#boxOf(owner), 'blob', blob))
  }

  recall(owner: PeerId): Promise<Uint8Array | null>
  recall(owner: PeerId, within?: number): Promise<Uint8Array | null | 'large'>
  recall(owner: PeerId, within = Infinity): Promise<Uint8Array | null | 'large'> {
    return this.#run(() => {
      const { blob } = this.#boxOf(owner)
      return blob !== null && blob.length > within ? 'large' : blob
    })
  }

  subscribe(owner: PeerId, endpoint: string, at: number): Promise<'done' | 'full'> {
    return this.#run(() => {
      const { subscriptions } = this.#boxOf(owner)
      const known = subscriptions.get(endpoint)
      if (known !== undefined) {
        subscriptions.set(endpoint, { ...known, told: at })
        return 'done'
      }
      const replaced =
        subscriptions.size < this.#room.subscriptions ? undefined : oldest(subscriptions.values())
      const freed = replaced === undefined ? 0 : bytesOfEndpoint(replaced.endpoint)
      if (!this.#take(bytesOfEndpoint(endpoint) - freed)) return 'full'
      if (replaced !== undefined) subscriptions.delete(replaced.endpoint)
      subscriptions.set(endpoint, { endpoint, told: at, failures: 0, notBefore: 0 })
      return 'done'
    })
  }

  unsubscribe(owner: PeerId, endpoint: string): Promise<void> {
    return this.#run(() => {
      const box = this.#boxOf(owner)
      if (box.subscriptions.delete(endpoint)) this.#bytes -= bytesOfEndpoint(endpoint)
      forget(box)
    })
  }

  subscriptions(owner: PeerId): Promise<readonly Subscription[]> {
    return this.#run(() =>
      [...this.#boxOf(owner).subscriptions.values()].map(({ endpoint, failures, notBefore }) => {
        return { endpoint, failures, notBefore }
      }),
    )
  }

  pushed(owner: PeerId, { endpoint, failures, notBefore }: Subscription): Promise<void> {
    return this.#run(() => {
      const { subscriptions } = this.#boxOf(owner)
      const known = subscriptions.get(endpoint)
      if (known !== undefined) subscriptions.set(endpoint, { ...known, failures, notBefore })
    })
  }

  seen(owner: PeerId, at: number): Promise<void> {
    return this.#run(() => {
      const box = this.#boxOf(owner)
      if (!isEmpty(box) && Math.abs(box.seen - at) >= OWNER_SEEN_MS) box.seen = at
    })
  }

  clock(): Promise<ClockState | null> {
    return this.#run(() => this.#clock)
  }

  noteClock(state: ClockState): Promise<void> {
    return this.#run(() => void (this.#clock = state))
  }

  sweep({ items: since, owners }: Expired, now: number): Promise<number> {
    return this.#run(() => {
      let swept = 0
      for (const box of this.#boxes.values()) {
        const { items, revoked } = box
        for (const [id, ends] of revoked)
          if (ends <= now && revoked.delete(id)) this.#bytes -= MAILBOX_ROW_BYTES
        if (box.seen > 0 && box.seen <= owners) this.#leave(box)
        for (const { id, at } of items.values()) if (at <= since && this.#remove(items, id)) swept++
        forget(box)
        if (box.seen === 0 && !isEmpty(box)) box.seen = now
      }
      return swept
    })
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  // A failure is the promise's, as with an engine that is elsewhere.
  // eslint-disable-next-line @typescript-eslint/require-await
  async #run<T>(operation: () => T): Promise<T> {
    if (this.#closed) throw new Error('the mailbox is closed')
    return operation()
  }

  #boxOf(owner: PeerId): Box {
    let box = this.#boxes.get(owner)
    if (box === undefined) {
      const maps = { items: new Map(), revoked: new Map(), subscriptions: new Map() }
      box = { ...maps, last: 0, seen: 0, prekey: null, blob: null }
      this.#boxes.set(owner, box)
    }
    return box
  }

  /** Deletes what is kept of an owner who is away. */
  #leave(box: Box): void {
    for (const content of [box.prekey, box.blob])
      if (content !== null) this.#bytes -= content.length + MAILBOX_ROW_BYTES
    for (const endpoint of box.subscriptions.keys()) this.#bytes -= bytesOfEndpoint(endpoint)
    box.prekey = box.blob = null
    box.subscriptions.clear()
  }

  /** What grows by nothing has room also where there is none: in a relay whose room was made smaller, say. */
  #take(bytes: number, reserved = 0): boolean {
    if (bytes > 0 && this.#bytes + bytes > this.#room.totalBytes - reserved) return false
    this.#bytes += bytes
    return true
  }

  #remove(items: Map<ItemId, Held>, id: ItemId): boolean {
    const held = items.get(id)
    if (held === undefined) return false
    this.#bytes -= held.item.length + MAILBOX_ROW_BYTES
    return items.delete(id)
  }

  #replace(box: Box, what: 'prekey' | 'blob', bytes: Uint8Array): 'done' | 'full' {
    const before = box[what]
    const freed = before === null ? -MAILBOX_ROW_BYTES : before.length
    if (!this.#take(bytes.length - freed, what === 'blob' ? this.#room.reservedBytes : 0)) return 'full'
    box[what] = Uint8Array.from(bytes)
    return 'done'
  }
}

const isEmpty = ({ items, revoked, subscriptions, prekey, blob }: Box): boolean =>
  items.size + revoked.size + subscriptions.size === 0 && prekey === null && blob === null

/** Of an owner of whom there is nothing, it is not known either when it was there. */
function forget(box: Box): void {
  if (isEmpty(box)) box.seen = 0
}

const bytesOfEndpoint = (endpoint: string): number => Buffer.byteLength(endpoint) + MAILBOX_ROW_BYTES

/** The one that was wanted longest ago; of several the first by its endpoint. */
const oldest = (all: Iterable<Told>): Told | undefined =>
  [...all].sort(
    (a, b) => a.told - b.told || Buffer.compare(Buffer.from(a.endpoint), Buffer.from(b.endpoint)),
  )[0]

const bytesOf = (items: readonly Held[]): number => items.reduce((sum, { item }) => sum + item.length, 0)
