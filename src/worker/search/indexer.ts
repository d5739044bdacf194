/**
 * Keeps the index in step with the message store, piece by piece: what is new in the logs first, then what is gone, then
 * the walk through all messages, which makes an index and mends it.
 */
import type { LogId, MessageId } from '../../domain/ids.ts'
import {
  count,
  difference,
  firstOf,
  intersection,
  type SequenceSet,
  union,
} from '../../domain/sequence-set.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import {
  lastForgottenAt,
  readIdsBefore,
  readMissing,
  readSearchable,
  readSearchableAt,
  readSearchSource,
  type SearchableMessage,
} from '../../store/search.ts'
import type { MessageIndex, Sweep } from './message-index.ts'

/** Messages that one piece takes in: some 50 ms, which is what someone who types may have to wait for it. */
const PIECE = 200
/** Ids that one piece of a walk compares. */
const STRIDE = 1000
/** An index is compared with the store after this time, milliseconds: a day. */
const SWEEP_EVERY_MS = 24 * 3_600_000

export interface IndexerOptions {
  readonly db: GigiDatabase
  readonly index: MessageIndex
  readonly now: () => number
  /** Most messages that the index may hold: of more, the newest. */
  readonly room: number
}

export class Indexer {
  readonly #db: GigiDatabase
  readonly #index: MessageIndex
  readonly #now: () => number
  readonly #room: number
  /** What the logs have that is not in the index; null: to be read. */
  #lacking: Map<LogId, SequenceSet> | null = null
  #begun = false
  readonly #suspects = new Set<MessageId>()

  constructor({ db, index, now, room }: IndexerOptions) {
    this.#db = db
    this.#index = index
    this.#now = now
    this.#room = room
  }

  /** Whether everything that is stored, or as much as there is room for, is in the index, but for what is new. */
  get complete(): boolean {
    return this.#begun && this.#index.sweep?.making !== true
  }

  /** Whether there was no room for older messages. */
  get full(): boolean {
    return this.#room < Infinity && this.#index.size >= this.#room
  }

  /** The logs may have changed. */
  changed(): void {
    this.#lacking = null
  }

  /** These messages may have been deleted, or brought back. */
  suspect(ids: readonly MessageId[]): void {
    for (const id of ids) this.#suspects.add(id)
  }

  /** Does one piece of what there is to do. False when there was nothing; throws what store and index throw. */
  async step(): Promise<boolean> {
    if (this.#lacking === null) await this.#readSource()
    // Not before there is an identity.
    if (this.#index.installation === null) return false
    return (await this.#checkSuspects()) || (await this.#takeNew()) || this.#walk()
  }

  async #readSource(): Promise<void> {
    const found = new Map<LogId, SequenceSet>()
    // Before it is read: what changes meanwhile has it read once more.
    this.#lacking = found
    const { installation, logs } = await readSearchSource(this.#db)
    const index = this.#index
    if (installation === null) return
    const isOther = index.installation !== installation
    if (isOther)
      index.transaction(() => {
        index.clear(installation)
        for (const { log, accepted } of logs) index.setDone(log, accepted)
        index.sweep = { before: null, making: true, since: this.#now() }
      })
    else if (!this.#begun) await this.#beginSweepIfDue()
    this.#begun = true
    this.#forgetStrays(new Map(logs.map(({ log, accepted }) => [log, accepted])))
    for (const { log, accepted } of logs) {
      const lacking = difference(accepted, index.done(log))
      if (lacking.length > 0) found.set(log, lacking)
    }
  }

  /** What was deleted while nobody listened is found by a walk. */
  async #beginSweepIfDue(): Promise<void> {
    const since = this.#now()
    const due =
      (await lastForgottenAt(this.#db)) >= this.#index.sweptAt || since - this.#index.sweptAt > SWEEP_EVERY_MS
    if (due) this.#beginSweep()
  }

  #beginSweep(): void {
    const index = this.#index
    if (index.sweep !== null) return
    index.transaction(() => {
      index.sweep = { before: null, making: false, since: this.#now() }
    })
  }

  /** A store that lacks what the index has was put back to an earlier state, or has moved messages. */
  #forgetStrays(logs: ReadonlyMap<LogId, SequenceSet>): void {
    const index = this.#index
    const strays = index.logs.filter((log) => difference(index.done(log), logs.get(log) ?? []).length > 0)
    if (strays.length === 0) return
    index.transaction(() => {
      for (const log of strays) {
        const accepted = logs.get(log)
        if (accepted === undefined) index.dropLog(log)
        else index.setDone(log, intersection(index.done(log), accepted))
      }
    })
    this.#beginSweep()
  }

  async #checkSuspects(): Promise<boolean> {
    const ids = [...this.#suspects].slice(0, STRIDE)
    if (ids.length === 0) return false
    const gone = new Set(await readMissing(this.#db, ids))
    const back = await readSearchable(
      this.#db,
      ids.filter((id) => !gone.has(id)),
    )
    const index = this.#index
    index.transaction(() => {
      index.remove([...gone])
      // What is in it already is passed over.
      index.add(back, false)
      if (this.full) index.remove(index.oldest(index.size - this.#room))
    })
    for (const id of ids) this.#suspects.delete(id)
    return true
  }

  /** From all logs together, so that what was said in turn stands in turn. */
  async #takeNew(): Promise<boolean> {
    const lacking = this.#lacking ?? new Map<LogId, SequenceSet>()
    if (lacking.size === 0) return false
    const taken: [LogId, SequenceSet][] = []
    let left = PIECE
    for (const [log, numbers] of lacking) {
      const some = firstOf(numbers, left)
      taken.push([log, some])
      if ((left -= count(some)) === 0) break
    }
    const messages: SearchableMessage[] = []
    for (const [log, numbers] of taken) messages.push(...(await readSearchableAt(this.#db, log, numbers)))
    const index = this.#index
    index.transaction(() => {
      index.add(messages, false)
      for (const [log, numbers] of taken) index.setDone(log, union(index.done(log), numbers))
      if (this.full) index.remove(index.oldest(index.size - this.#room))
    })
    for (const [log, numbers] of taken) {
      const rest = difference(lacking.get(log) ?? [], numbers)
      if (rest.length > 0) lacking.set(log, rest)
      else lacking.delete(log)
    }
    return true
  }

  async #walk(): Promise<boolean> {
    const { sweep } = this.#index
    if (sweep === null) return false
    const stride = sweep.making ? PIECE : STRIDE
    const stored = await readIdsBefore(this.#db, sweep.before, stride)
    const end = stored.length < stride ? null : (stored.at(-1) ?? null)
    const known = new Set(this.#index.idsBetween(end, sweep.before))
    const lacking = stored.filter((id) => !known.has(id)).slice(0, this.full ? 0 : PIECE)
    const messages = lacking.length === 0 ? [] : await readSearchable(this.#db, lacking)
    // What was not taken in yet is come by again.
    const before = lacking.length === PIECE ? (lacking.at(-1) ?? end) : end
    const present = new Set(stored)
    const gone = [...known].filter((id) => !present.has(id) && (before === null || id >= before))
    this.#noteWalk(sweep, before, () => {
      this.#index.remove(gone)
      this.#index.add(messages, sweep.making)
    })
    return true
  }

  #noteWalk(sweep: Sweep, before: MessageId | null, write: () => void): void {
    const index = this.#index
    index.transaction(() => {
      write()
      if (before !== null && !(sweep.making && this.full)) {
        index.sweep = { ...sweep, before }
        return
      }
      index.sweep = null
      index.sweptAt = sweep.since
    })
  }
}
