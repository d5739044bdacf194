/** The statements on the mailbox's tables, and what their rows hold. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { MAILBOX_SWEEP_ITEMS, OWNER_SEEN_MS } from '../limits.ts'

const SQL = {
  owner: 'SELECT owner, last, items, bytes FROM owners WHERE key = ?',
  addOwner: 'INSERT INTO owners (key) VALUES (?) RETURNING owner',
  seen: `UPDATE owners SET seen = ? WHERE key = ? AND abs(seen - ?) >= ${OWNER_SEEN_MS}`,
  seenFirst: 'UPDATE owners SET seen = ? WHERE seen = 0',
  grant: 'SELECT items, bytes FROM grants WHERE owner = ? AND grant_id = ?',
  total: 'SELECT bytes FROM total',
  grantOfItem: 'SELECT grant_id FROM items WHERE owner = ? AND id = ?',
  addItem: 'INSERT INTO items (owner, position, grant_id, id, at, size, item) VALUES (?, ?, ?, ?, ?, ?, ?)',
  behind: 'SELECT position, id, item FROM items WHERE owner = ? AND position > ? ORDER BY position',
  sizesBehind: 'SELECT size FROM items WHERE owner = ? AND position > ? ORDER BY position',
  removeItem: 'DELETE FROM items WHERE owner = ? AND id = ?',
  sweepItems: `DELETE FROM items WHERE n IN (SELECT n FROM items WHERE at <= ? LIMIT ${MAILBOX_SWEEP_ITEMS})`,
  kept: 'SELECT content FROM kept WHERE owner = ? AND kind = ?',
  keptSize: 'SELECT size FROM kept WHERE owner = ? AND kind = ?',
  addKept: 'INSERT INTO kept (size, content, owner, kind) VALUES (?, ?, ?, ?)',
  changeKept: 'UPDATE kept SET size = ?, content = ? WHERE owner = ? AND kind = ?',
  sweepKept: `DELETE FROM kept WHERE rowid IN (SELECT kept.rowid FROM owners JOIN kept USING (owner)
    WHERE seen BETWEEN 1 AND ? LIMIT ${MAILBOX_SWEEP_ITEMS})`,
  revoked: 'SELECT 1 FROM revoked WHERE owner = ? AND grant_id = ?',
  countRevoked: 'SELECT count(*) AS count FROM revoked WHERE owner = ?',
  revoke: 'INSERT INTO revoked VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ends = max(ends, excluded.ends)',
  sweepRevoked: 'DELETE FROM revoked WHERE ends <= ?',
  countSubscriptions: 'SELECT count(*) AS count FROM subscriptions WHERE owner = ?',
  oldestSubscription:
    'SELECT endpoint, size FROM subscriptions WHERE owner = ? ORDER BY told, endpoint LIMIT 1',
  subscribe: 'INSERT INTO subscriptions (owner, endpoint, size, told) VALUES (?, ?, ?, ?)',
  subscribeAgain: 'UPDATE subscriptions SET told = ? WHERE owner = ? AND endpoint = ?',
  unsubscribe: 'DELETE FROM subscriptions WHERE owner = ? AND endpoint = ?',
  subscriptions: 'SELECT endpoint, failures, not_before FROM subscriptions WHERE owner = ?',
  sweepSubscriptions: `DELETE FROM subscriptions WHERE (owner, endpoint) IN (SELECT owner, endpoint
    FROM owners JOIN subscriptions USING (owner) WHERE seen BETWEEN 1 AND ? LIMIT ${MAILBOX_SWEEP_ITEMS})`,
  clock: 'SELECT read, ahead FROM clock',
  noteClock:
    'INSERT INTO clock VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET read = excluded.read, ahead = excluded.ahead',
  pushed: 'UPDATE subscriptions SET failures = ?, not_before = ? WHERE owner = ? AND endpoint = ?',
} as const

type StatementName = keyof typeof SQL
export type Row = Readonly<Record<string, SQLOutputValue>>

export interface OwnerRow {
  /** Null: there is nothing of this owner. */
  readonly row: number | null
  readonly last: number
  readonly items: number
  readonly bytes: number
}

export class Tables {
  readonly #statements: Readonly<Record<StatementName, StatementSync>>

  /** The tables are there (`prepare` of the schema). */
  constructor(database: DatabaseSync) {
    const entries = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#statements = Object.fromEntries(entries) as Record<StatementName, StatementSync>
  }

  owner(key: Uint8Array): OwnerRow {
    const found = this.get('owner', key)
    return {
      row: found === undefined ? null : integer(found, 'owner'),
      last: integer(found, 'last'),
      items: integer(found, 'items'),
      bytes: integer(found, 'bytes'),
    }
  }

  addOwner = (key: Uint8Array): number => integer(this.get('addOwner', key), 'owner')

  /** Bytes that all owners have taken. */
  totalBytes = (): number => integer(this.get('total'), 'bytes')

  has = (statement: StatementName, ...values: SQLInputValue[]): boolean =>
    this.get(statement, ...values) !== undefined

  get = (statement: StatementName, ...values: SQLInputValue[]): Row | undefined =>
    this.#statements[statement].get(...values)

  /** Rows one by one, as they are read. */
  each = (statement: StatementName, ...values: SQLInputValue[]): Iterable<Row> =>
    this.#statements[statement].iterate(...values)

  /** How many rows it changed. */
  change = (statement: StatementName, ...values: SQLInputValue[]): number =>
    Number(this.#statements[statement].run(...values).changes)
}

/** A whole number of a row; 0 where there is no row. */
export function integer(row: Row | undefined, column: string): number {
  const value = row === undefined ? 0 : row[column]
  if (typeof value !== 'number') throw new Error(`the mailbox's ${column} is no number`)
  return value
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new Error(`the mailbox's ${column} is no bytes`)
  return value
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new Error(`the mailbox's ${column} is no text`)
  return value
}
