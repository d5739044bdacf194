/** The mailbox store on SQLite: one file in one process, and commits that survive loss of power. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { PeerId } from '../../src/domain/ids.ts'
import type { GrantId } from '../../src/protocol/grant.ts'
import { fromBase64url, keyOfPeerId, toBase64url } from '../../src/protocol/identifiers.ts'
import { FETCH_BYTES, MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import type { Fetched, HeldItem, ItemId, Revocation } from '../../src/protocol/mailbox.ts'
import { MAILBOX_ROW_BYTES, MAILBOX_SWEEP_ITEMS } from '../limits.ts'
import { GroupCommit } from './group-commit.ts'
import { KEPT, prepare } from './sqlite-schema.ts'
import type { Deposit, Deposited, MailboxStore, Room } from './store.ts'

const SQL = {
  owner: 'SELECT owner, last, items, bytes FROM owners WHERE key = ?',
  addOwner: 'INSERT INTO owners (key) VALUES (?) RETURNING owner',
  grant: 'SELECT items, bytes FROM grants WHERE owner = ? AND grant_id = ?',
  total: 'SELECT bytes FROM total',
  grantOfItem: 'SELECT grant_id FROM items WHERE owner = ? AND id = ?',
  addItem: 'INSERT INTO items (owner, position, grant_id, id, at, size, item) VALUES (?, ?, ?, ?, ?, ?, ?)',
  behind: 'SELECT position, id, item FROM items WHERE owner = ? AND position > ? ORDER BY position',
  removeItem: 'DELETE FROM items WHERE owner = ? AND id = ?',
  sweepItems: `DELETE FROM items WHERE n IN (SELECT n FROM items WHERE at <= ? LIMIT ${MAILBOX_SWEEP_ITEMS})`,
  kept: 'SELECT content FROM kept WHERE owner = ? AND kind = ?',
  keptSize: 'SELECT size FROM kept WHERE owner = ? AND kind = ?',
  addKept: 'INSERT INTO kept (size, content, owner, kind) VALUES (?, ?, ?, ?)',
  changeKept: 'UPDATE kept SET size = ?, content = ? WHERE owner = ? AND kind = ?',
  revoked: 'SELECT 1 FROM revoked WHERE owner = ? AND grant_id = ?',
  countRevoked: 'SELECT count(*) AS count FROM revoked WHERE owner = ?',
  revoke: 'INSERT INTO revoked VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ends = max(ends, excluded.ends)',
  sweepRevoked: 'DELETE FROM revoked WHERE ends <= ?',
} as const

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>
type Row = Readonly<Record<string, SQLOutputValue>>
interface Owner {
  /** Null: there is nothing of this owner. */
  readonly row: number | null
  readonly last: number
  readonly items: number
  readonly bytes: number
}

export class SqliteMailboxStore implements MailboxStore {
  readonly #database: DatabaseSync
  readonly #room: Room
  readonly #commits: GroupCommit
  readonly #statements: Statements

  /** Takes the database over, empty or as it was left. Throws the engine's errors: no database, in use, not to be written. */
  constructor(database: DatabaseSync, room: Room) {
    this.#database = database
    this.#room = room
    try {
      prepare(this.#database)
      const entries = Object.entries(SQL).map(([name, sql]) => [name, this.#database.prepare(sql)])
      this.#statements = Object.fromEntries(entries) as Statements
    } catch (error) {
      this.#database.close()
      throw error
    }
    this.#commits = new GroupCommit(this.#database)
  }

  deposit({ owner, grant, open, id, item, at }: Deposit): Promise<Deposited> {
    const [key, grantBytes, idBytes] = [keyOfPeerId(owner), fromBase64url(grant), fromBase64url(id)]
    return this.#commits.run(() => {
      const box = this.#owner(key)
      if (box.row !== null) {
        if (this.#has('revoked', box.row, grantBytes)) return 'denied'
        const held = this.#get('grantOfItem', box.row, idBytes)
        if (held !== undefined) return toBase64url(blob(held, 'grant_id')) === grant ? 'known' : 'denied'
      }
      const under = box.row === null ? undefined : this.#get('grant', box.row, grantBytes)
      const room = this.#room
      const full =
        box.items >= room.ownerItems ||
        box.bytes + item.length > room.ownerBytes ||
        integer(under, 'items') >= (open ? room.openItems : room.grantItems) ||
        integer(under, 'bytes') + item.length > (open ? room.openBytes : room.grantBytes) ||
        !this.#hasRoom(item.length + MAILBOX_ROW_BYTES)
      if (full) return 'full'
      const row = box.row ?? this.#addOwner(key)
      const position = Math.max(box.last + 1, at)
      this.#change('addItem', row, position, grantBytes, idBytes, at, item.length, item)
      return 'stored'
    }, item.length)
  }

  fetch(owner: PeerId, after: number): Promise<Fetched> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#owner(key)
      const items: HeldItem[] = []
      if (row === null) return { items, more: false }
      let bytes = 0
      for (const found of this.#statements.behind.iterate(row, after)) {
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
      const { row } = this.#owner(key)
      if (row !== null) for (const id of ids) this.#change('removeItem', row, fromBase64url(id))
    })
  }

  held(owner: PeerId, grant: GrantId, ids: readonly ItemId[]): Promise<readonly ItemId[] | 'denied'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#owner(key)
      if (row === null) return []
      if (this.#has('revoked', row, fromBase64url(grant))) return 'denied'
      return ids.filter((id) => {
        const held = this.#get('grantOfItem', row, fromBase64url(id))
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
      const { row } = this.#owner(key)
      if (row === null) return null
      if (this.#has('revoked', row, fromBase64url(grant))) return 'denied'
      return this.#kept(row, KEPT.prekey)
    })
  }

  revoke(owner: PeerId, grants: readonly Revocation[]): Promise<'done' | 'full'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      if (grants.length === 0) return 'done'
      const { row } = this.#owner(key)
      const before = row === null ? 0 : integer(this.#get('countRevoked', row), 'count')
      const ids = new Set(grants.map(({ id }) => id))
      const added = [...ids].filter((id) => row === null || !this.#has('revoked', row, fromBase64url(id)))
      if (before + added.length > this.#room.revocations) return 'full'
      if (added.length > 0 && !this.#hasRoom(added.length * MAILBOX_ROW_BYTES)) return 'full'
      const owned = row ?? this.#addOwner(key)
      for (const { id, ends } of grants) this.#change('revoke', owned, fromBase64url(id), ends)
      return 'done'
    })
  }

  keep(owner: PeerId, content: Uint8Array): Promise<'done' | 'full'> {
    return this.#replace(owner, KEPT.blob, content)
  }

  recall(owner: PeerId): Promise<Uint8Array | null> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#owner(key)
      return row === null ? null : this.#kept(row, KEPT.blob)
    })
  }

  async sweep(since: number, now: number): Promise<number> {
    await this.#commits.run(() => this.#change('sweepRevoked', now))
    // In parts: deposits and the rest of the relay have their turn between them.
    for (let swept = 0; ;) {
      const part = await this.#commits.run(() => this.#change('sweepItems', since))
      swept += part
      if (part < MAILBOX_SWEEP_ITEMS) return swept
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async close(): Promise<void> {
    this.#commits.close()
    if (this.#database.isOpen) this.#database.close()
  }

  #replace(owner: PeerId, kind: number, content: Uint8Array): Promise<'done' | 'full'> {
    const key = keyOfPeerId(owner)
    return this.#commits.run(() => {
      const { row } = this.#owner(key)
      const before = row === null ? undefined : this.#get('keptSize', row, kind)
      const freed = before === undefined ? -MAILBOX_ROW_BYTES : integer(before, 'size')
      if (!this.#hasRoom(content.length - freed)) return 'full'
      const statement = before === undefined ? 'addKept' : 'changeKept'
      this.#change(statement, content.length, content, row ?? this.#addOwner(key), kind)
      return 'done'
    }, content.length)
  }

  #owner(key: Uint8Array): Owner {
    const found = this.#get('owner', key)
    return {
      row: found === undefined ? null : integer(found, 'owner'),
      last: integer(found, 'last'),
      items: integer(found, 'items'),
      bytes: integer(found, 'bytes'),
    }
  }

  #addOwner = (key: Uint8Array): number => integer(this.#get('addOwner', key), 'owner')

  #kept(row: number, kind: number): Uint8Array | null {
    const found = this.#get('kept', row, kind)
    return found === undefined ? null : blob(found, 'content')
  }

  #hasRoom = (bytes: number): boolean => integer(this.#get('total'), 'bytes') + bytes <= this.#room.totalBytes

  #has = (statement: keyof typeof SQL, ...values: SQLInputValue[]): boolean =>
    this.#get(statement, ...values) !== undefined

  #get = (statement: keyof typeof SQL, ...values: SQLInputValue[]): Row | undefined =>
    this.#statements[statement].get(...values)

  /** How many rows it changed. */
  #change = (statement: keyof typeof SQL, ...values: SQLInputValue[]): number =>
    Number(this.#statements[statement].run(...values).changes)
}

/** A whole number of a row; 0 where there is no row. */
function integer(row: Row | undefined, column: string): number {
  const value = row === undefined ? 0 : row[column]
  if (typeof value !== 'number') throw new Error(`the mailbox's ${column} is no number`)
  return value
}

function blob(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new Error(`the mailbox's ${column} is no bytes`)
  return value
}
