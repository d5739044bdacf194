/**
 * The index itself: which messages have which keys, in the order of time. Everything here is done at once, on the thread
 * that it is called on.
 */
import type { Database } from '@sqlite.org/sqlite-wasm'
import { keysOf, type Lookup } from '../../domain/search/index-terms.ts'
import type { LogId, MessageId } from '../../domain/ids.ts'
import type { SequenceSet } from '../../domain/sequence-set.ts'
import { uuidBytes, uuidText } from '../../protocol/identifiers.ts'
import type { SearchableMessage } from '../../store/search.ts'
import { expressionOf, nameKey } from './expression.ts'
import { Places } from './places.ts'
import { prepareTables } from './schema.ts'
import { Statements } from './statements.ts'

/** Names of people and conversations that are held at a time. */
const MAX_NAMES = 10_000

/** How far the walk through all messages has come, from the newest on: everything from `before` on is seen. */
export interface Sweep {
  readonly before: MessageId | null
  /** It is the first one: what it has not seen is not in the index. */
  readonly making: boolean
  /** When it began, milliseconds. */
  readonly since: number
}

export interface CandidateFilter {
  /** Conversation and sender, by their ids. */
  readonly names: readonly string[]
  /** Milliseconds: from this time on, and before that one. */
  readonly from: number
  readonly to: number
}

export interface Candidate {
  readonly place: number
  readonly id: MessageId
}

export class MessageIndex {
  readonly #db: Database
  readonly #sql: Statements
  readonly #done = new Map<LogId, SequenceSet>()
  readonly #places: Places
  readonly #names = new Map<string, number>()
  /** Counted when it is first asked for: that takes as long as there are many. */
  #size: number | null = null

  /** Throws OtherVersionError, or what SQLite says of a file that is broken. */
  constructor(db: Database) {
    this.#db = db
    prepareTables(db)
    this.#sql = new Statements(db)
    for (const [log, done] of db.selectArrays('SELECT log, done FROM logs'))
      this.#done.set(log as LogId, JSON.parse(textOf(done)) as SequenceSet)
    this.#places = new Places(
      (place) => this.#sql.value('SELECT 1 FROM docs WHERE place = ?', place) !== undefined,
    )
    this.#places.ahead = Number(this.#about('ahead') ?? 0)
    this.#places.behind = Number(this.#about('behind') ?? 0)
  }

  /** How many messages are in it. */
  get size(): number {
    return (this.#size ??= Number(this.#db.selectValue('SELECT count(*) FROM docs')))
  }

  /** Of which database this is the index; null when it is of none yet. */
  get installation(): string | null {
    const value = this.#about('installation')
    return value === undefined ? null : textOf(value)
  }

  /** Null when no walk is under way. */
  get sweep(): Sweep | null {
    const value = this.#about('sweep')
    return value === undefined ? null : (JSON.parse(textOf(value)) as Sweep)
  }

  set sweep(sweep: Sweep | null) {
    this.#setAbout('sweep', sweep === null ? null : JSON.stringify(sweep))
  }

  /** When the last walk that came to its end had begun, milliseconds; 0 before the first. */
  get sweptAt(): number {
    return Number(this.#about('swept') ?? 0)
  }

  set sweptAt(at: number) {
    this.#setAbout('swept', at)
  }

  /** The numbers of a log that are in the index as far as they are anywhere, or that a walk will come by. */
  done(log: LogId): SequenceSet {
    return this.#done.get(log) ?? []
  }

  get logs(): LogId[] {
    return [...this.#done.keys()]
  }

  setDone(log: LogId, done: SequenceSet): void {
    this.#done.set(log, done)
    this.#sql.run('INSERT OR REPLACE INTO logs VALUES (?, ?)', log, JSON.stringify(done))
  }

  dropLog(log: LogId): void {
    this.#done.delete(log)
    this.#sql.run('DELETE FROM logs WHERE log = ?', log)
  }

  /** All that `write` does is done, or nothing. After it throws the index must be opened anew. */
  transaction(write: () => void): void {
    this.#db.transaction(write)
  }

  /** Begins anew, for another database. Within a transaction. */
  clear(installation: string): void {
    for (const table of ['about', 'logs', 'names', 'docs']) this.#db.exec(`DELETE FROM ${table}`)
    this.#db.exec(`INSERT INTO terms (terms) VALUES ('delete-all')`)
    this.#done.clear()
    this.#names.clear()
    this.#places.free()
    this.#places.ahead = this.#places.behind = 0
    this.#size = 0
    this.#setAbout('installation', installation)
  }

  /**
   * Takes messages in that are not in it, and gives those a new place whose time has changed. `older`: they are older
   * than all that is in it, as in a walk. Within a transaction.
   */
  add(messages: readonly SearchableMessage[], older: boolean): void {
    const sorted = messages.toSorted((a, b) =>
      older ? b.timestamp - a.timestamp : a.timestamp - b.timestamp,
    )
    for (const message of sorted) {
      const id = uuidBytes(message.id)
      const at = this.#sql.value('SELECT at FROM docs WHERE id = ?', id)
      if (at === message.timestamp) continue
      if (at !== undefined) this.remove([message.id])
      const place = this.#places.take(message.timestamp, older ? -1 : 1)
      const keys = [
        ...keysOf(message.text),
        this.#nameKey(message.conversation),
        this.#nameKey(message.author),
      ]
      this.#sql.run('INSERT INTO docs VALUES (?, ?, ?)', place, id, message.timestamp)
      this.#sql.run('INSERT INTO terms (rowid, keys) VALUES (?, ?)', place, keys.join(' '))
      if (this.#size !== null) this.#size += 1
    }
    if (!this.#places.moved) return
    this.#places.moved = false
    this.#setAbout('ahead', this.#places.ahead)
    this.#setAbout('behind', this.#places.behind)
  }

  /** Within a transaction. What is not in it is passed over. */
  remove(ids: readonly MessageId[]): void {
    for (const id of ids) {
      const place = this.#sql.value('SELECT place FROM docs WHERE id = ?', uuidBytes(id))
      if (place === undefined) continue
      this.#sql.run('DELETE FROM terms WHERE rowid = ?', place)
      this.#sql.run('DELETE FROM docs WHERE place = ?', place)
      this.#places.free()
      if (this.#size !== null) this.#size -= 1
    }
  }

  /** The ids in the index from `from` (null: the first) on and before `before` (null: to the last). */
  idsBetween(from: MessageId | null, before: MessageId | null): MessageId[] {
    const low = from === null ? new Uint8Array(0) : uuidBytes(from)
    const high = before === null ? new Uint8Array(17).fill(255) : uuidBytes(before)
    return this.#db
      .selectValues('SELECT id FROM docs WHERE id >= ? AND id < ? ORDER BY id', [low, high])
      .map((id) => uuidText(id as Uint8Array))
  }

  /** The oldest `limit` messages in it. */
  oldest(limit: number): MessageId[] {
    const ids = this.#db.selectValues('SELECT id FROM docs ORDER BY place LIMIT ?', [limit])
    return ids.map((id) => uuidText(id as Uint8Array))
  }

  /** At most `limit` messages that may answer a query, the newest first, from before the place `before` (null: the end). */
  candidates(
    lookups: readonly Lookup[],
    { names, from, to }: CandidateFilter,
    before: number | null,
    limit: number,
  ): Candidate[] {
    const numbers = names.flatMap((name) => this.#numberOf(name) ?? [])
    if (numbers.length < names.length) return []
    const [first, last] = this.#places.range(from, to)
    const rows = this.#db.selectArrays(
      `SELECT docs.place, docs.id FROM terms CROSS JOIN docs ON docs.place = terms.rowid
       WHERE terms MATCH ?1 AND terms.rowid >= ?2 AND terms.rowid <= ?3 AND docs.at >= ?4 AND docs.at < ?5
       ORDER BY terms.rowid DESC LIMIT ?6`,
      [
        expressionOf(lookups, numbers),
        first,
        Math.min(last, before === null ? last : before - 1),
        from,
        to,
        limit,
      ],
    )
    return rows.map(([place, id]) => ({ place: Number(place), id: uuidText(id as Uint8Array) }))
  }

  #nameKey(name: string): string {
    const number =
      this.#numberOf(name) ??
      Number(this.#sql.value('INSERT INTO names (name) VALUES (?) RETURNING number', name))
    return nameKey(number)
  }

  #numberOf(name: string): number | undefined {
    const held = this.#names.get(name)
    if (held !== undefined) return held
    const stored = this.#sql.value('SELECT number FROM names WHERE name = ?', name)
    if (stored === undefined) return undefined
    if (this.#names.size >= MAX_NAMES) this.#names.clear()
    this.#names.set(name, Number(stored))
    return Number(stored)
  }

  #about(key: string): unknown {
    return this.#sql.value('SELECT value FROM about WHERE key = ?', key)
  }

  #setAbout(key: string, value: string | number | null): void {
    if (value === null) this.#sql.run('DELETE FROM about WHERE key = ?', key)
    else this.#sql.run('INSERT OR REPLACE INTO about VALUES (?, ?)', key, value)
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
