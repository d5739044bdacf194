/** The mailbox store on SQLite: one file in one process, and commits that survive loss of power. */
import type { DatabaseSync } from 'node:sqlite'
import type { PeerId } from '../../src/domain/ids.ts'
import type { GrantId } from '../../src/protocol/grant.ts'
import { fromBase64url, keyOfPeerId, toBase64url } from '../../src/protocol/identifiers.ts'
import { FETCH_BYTES, MAX_ITEM_BYTES, MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import type { Fetched, HeldItem, ItemId, Revocation } from '../../src/protocol/mailbox.ts'
import { MAILBOX_ROW_BYTES, MAILBOX_SWEEP_ITEMS } from '../limits.ts'
import { GroupCommit } from './group-commit.ts'
import { KEPT, prepare } from './sqlite-schema.ts'
import { blob, integer, type Row, Tables, text } from './sqlite-tables.ts'
import type { ClockState } from './steady-clock.ts'
import type { Deposit, Deposited, Expired, MailboxStore, Room, Subscription } from './store.ts'

export class SqliteMailboxStore implements MailboxStore {
  readonly #database: DatabaseSync
  readonly #room: Room
  readonly #commits: GroupCommit
  readonly #tables: Tables

  /** Takes the database over, empty or as it was left. Throws the engine's errors: no database, in use, not to be written. */
  constructor(database: DatabaseSync, room: Room) {
    this.#database = database
    this.#room = room
    try {
      prepare(this.#database)
      this.#tables = new Tables(this.#database)
    } catch (error) {
      this.#database.close()
      throw error
    }
    this.#commits = new GroupCommit(this.#database)
  }

  deposit({ owner, grant, open, id, item, at }: Deposit): Promise<Deposited> {
    const [key, grantBytes, idBytes] = [keyOfPeerId(owner), fromBase64url(grant), fromBase64url(id)]
    return this.#commits.run(() => {
      const box = this.#tables.owner(key)
      if (box.row !== null) {
        if (this.#tables.has('revoked', box.row, grantBytes)) return 'denied'
        const held = this.#tables.get('grantOfItem', box.row, idBytes)
        if (held !== undefined) return toBase64url(blob(held, 'grant_id')) === grant ? 'known' : 'denied'
      }
      const under = box.row === null ? undefined : this.#tables.get('grant', box.row, grantBytes)
      const room = this.#room
      const full =
        box.items >= room.ownerItems ||
        box.bytes + item.length > room.ownerBytes ||
        integer(under, 'items') >= (open ? room.openItems : room.grantItems) ||
        integer(under, 'bytes') + item.length > (open ? room.openBytes : room.grantBytes) ||
        !this.#hasRoom(item.length + MAILBOX_ROW_BYTES, this.#room.reservedBytes)
      if (full) return 'full'
      const row = box.row ?? this.#tables.addOwner(key)
      const position = Math.max(box.last + 1, at)
      this.#tables.change('addItem', row, position, grantBytes, idBytes, at, item.length, item)
      return 'stored'
    }, item.length)
  }

  fetch(owner: PeerId, after: number): Promise<Fetched>
  fetch(owner: PeerId, after: number, within?: number): Promise<Fetched | 'large'>
  fetch(owner: PeerId, after: number, within = Infinity): Promise<Fetched | 'large'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      const items: HeldItem[] = []
      if (row === null) return { items, more: false }
      if (this.#isLarge(row, after, within)) return 'large'
      let bytes = 0
      for (const found of this.#tables.each('behind', row, after)) {
        const item = blob(found, 'item')
        const fits = items.length < MAX_ITEMS_PER_FETCH && bytes + item.length <= FETCH_BYTES
        if (items.length > 0 && !fits) return { items, more: true }
        bytes += item.length
        items.push({ position: integer(found, 'position'), id: toBase64url(blob(found, 'id')), item })
      }
      return { items, more: false }
    })
  }

  confirm(owner: PeerId, ids: readonly ItemId[]): Promise<void> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row !== null) for (const id of ids) this.#tables.change('removeItem', row, fromBase64url(id))
    })
  }

  held(owner: PeerId, grant: GrantId, ids: readonly ItemId[]): Promise<readonly ItemId[] | 'denied'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row === null) return []
      if (this.#tables.has('revoked', row, fromBase64url(grant))) return 'denied'
      return ids.filter((id) => {
        const held = this.#tables.get('grantOfItem', row, fromBase64url(id))
        return held !== undefined && toBase64url(blob(held, 'grant_id')) === grant
      })
    })
  }

  publish(owner: PeerId, prekey: Uint8Array): Promise<'done' | 'full'> {
    return this.#replace(owner, KEPT.prekey, prekey)
  }

  prekey(owner: PeerId, grant: GrantId): Promise<Uint8Array | null | 'denied'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row === null) return null
      if (this.#tables.has('revoked', row, fromBase64url(grant))) return 'denied'
      return this.#kept(row, KEPT.prekey)
    })
  }

  revoke(owner: PeerId, grants: readonly Revocation[]): Promise<'done' | 'full'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      if (grants.length === 0) return 'done'
      const { row } = this.#tables.owner(key)
      const before = row === null ? 0 : integer(this.#tables.get('countRevoked', row), 'count')
      const ids = new Set(grants.map(({ id }) => id))
      const added = [...ids].filter(
        (id) => row === null || !this.#tables.has('revoked', row, fromBase64url(id)),
      )
      if (before + added.length > this.#room.revocations) return 'full'
      if (added.length > 0 && !this.#hasRoom(added.length * MAILBOX_ROW_BYTES)) return 'full'
      const owned = row ?? this.#tables.addOwner(key)
      for (const { id, ends } of grants) this.#tables.change('revoke', owned, fromBase64url(id), ends)
      return 'done'
    })
  }

  keep(owner: PeerId, content: Uint8Array): Promise<'done' | 'full'> {
    return this.#replace(owner, KEPT.blob, content)
  }

  recall(owner: PeerId): Promise<Uint8Array | null>
  recall(owner: PeerId, within?: number): Promise<Uint8Array | null | 'large'>
  recall(owner: PeerId, within = Infinity): Promise<Uint8Array | null | 'large'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row === null) return null
      return integer(this.#tables.get('keptSize', row, KEPT.blob), 'size') > within
        ? 'large'
        : this.#kept(row, KEPT.blob)
    })
  }

  subscribe(owner: PeerId, endpoint: string, at: number): Promise<'done' | 'full'> {
    const key = keyOfPeerId(owner)
    const size = Buffer.byteLength(endpoint)
    return this.#commits.run(() => {
      const tables = this.#tables
      const { row } = tables.owner(key)
      if (row !== null && tables.change('subscribeAgain', at, row, endpoint) > 0) return 'done'
      const replaced = row === null ? undefined : this.#replacedSubscription(row)
      const freed = replaced === undefined ? -MAILBOX_ROW_BYTES : integer(replaced, 'size')
      if (!this.#hasRoom(size - freed)) return 'full'
      // Before the other goes: an owner of whom nothing is left is forgotten.
      const owned = row ?? tables.addOwner(key)
      tables.change('subscribe', owned, endpoint, size, at)
      if (replaced !== undefined) tables.change('unsubscribe', owned, text(replaced, 'endpoint'))
      return 'done'
    }, size)
  }

  unsubscribe(owner: PeerId, endpoint: string): Promise<void> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row !== null) this.#tables.change('unsubscribe', row, endpoint)
    })
  }

  subscriptions(owner: PeerId): Promise<readonly Subscription[]> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row === null) return []
      return [...this.#tables.each('subscriptions', row)].map((found) => ({
        endpoint: text(found, 'endpoint'),
        failures: integer(found, 'failures'),
        notBefore: integer(found, 'not_before'),
      }))
    })
  }

  pushed(owner: PeerId, { endpoint, failures, notBefore }: Subscription): Promise<void> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      if (row !== null) this.#tables.change('pushed', failures, notBefore, row, endpoint)
    })
  }

  seen(owner: PeerId, at: number): Promise<void> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => void this.#tables.change('seen', at, key, at))
  }

  clock(): Promise<ClockState | null> {
    return this.#commits.run(() => {
      const found = this.#tables.get('clock')
      return found === undefined ? null : { read: integer(found, 'read'), ahead: integer(found, 'ahead') }
    })
  }

  noteClock({ read, ahead }: ClockState): Promise<void> {
    return this.#commits.run(() => void this.#tables.change('noteClock', read, ahead))
  }

  async sweep({ items, owners }: Expired, now: number): Promise<number> {
    await this.#commits.run(() => this.#tables.change('sweepRevoked', now))
    await this.#sweepParts('sweepKept', owners)
    await this.#sweepParts('sweepSubscriptions', owners)
    const swept = await this.#sweepParts('sweepItems', items)
    await this.#commits.run(() => this.#tables.change('seenFirst', now))
    // The journal has what was confirmed since, and a relay that is idle would not write it over for long.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return swept
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async close(): Promise<void> {
    this.#commits.close()
    if (this.#database.isOpen) this.#database.close()
  }

  /** In parts: deposits and the rest of the relay have their turn between them. */
  async #sweepParts(
    statement: 'sweepKept' | 'sweepSubscriptions' | 'sweepItems',
    before: number,
  ): Promise<number> {
    for (let swept = 0; ;) {
      const part = await this.#commits.run(() => this.#tables.change(statement, before))
      swept += part
      if (part < MAILBOX_SWEEP_ITEMS) return swept
    }
  }

  #replace(owner: PeerId, kind: number, content: Uint8Array): Promise<'done' | 'full'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#tables.owner(key)
      const before = row === null ? undefined : this.#tables.get('keptSize', row, kind)
      const freed = before === undefined ? -MAILBOX_ROW_BYTES : integer(before, 'size')
      const reserved = kind === KEPT.blob ? this.#room.reservedBytes : 0
      if (!this.#hasRoom(content.length - freed, reserved)) return 'full'
      const statement = before === undefined ? 'addKept' : 'changeKept'
      this.#tables.change(statement, content.length, content, row ?? this.#tables.addOwner(key), kind)
      return 'done'
    }, content.length)
  }

  /** Whether a fetch would bring more than so many bytes; it reads no item to know. */
  #isLarge(row: number, after: number, within: number): boolean {
    if (within >= MAX_ITEM_BYTES) return false
    let [count, bytes] = [0, 0]
    for (const found of this.#tables.each('sizesBehind', row, after)) {
      const size = integer(found, 'size')
      if (count > 0 && (count === MAX_ITEMS_PER_FETCH || bytes + size > FETCH_BYTES)) return false
      count += 1
      bytes += size
      if (bytes > within) return true
    }
    return false
  }

  #kept(row: number, kind: number): Uint8Array | null {
    const found = this.#tables.get('kept', row, kind)
    return found === undefined ? null : blob(found, 'content')
  }

  /** The one that makes way for another, where there is no more room. */
  #replacedSubscription(row: number): Row | undefined {
    const count = integer(this.#tables.get('countSubscriptions', row), 'count')
    return count < this.#room.subscriptions ? undefined : this.#tables.get('oldestSubscription', row)
  }

  /** What grows by nothing has room also where there is none: in a relay whose room was made smaller, say. */
  #hasRoom = (bytes: number, reserved = 0): boolean =>
    bytes <= 0 || this.#tables.totalBytes() + bytes <= this.#room.totalBytes - reserved
}
