/**
 * Databases in memory whose every step is watched: before each operation and each commit of a transaction something may
 * happen to it, and what was committed is told at that very moment, before anyone who waits for it knows.
 */
import type { DBCore, DBCoreMutateRequest, DBCoreTable } from 'dexie'
import { GigiDatabase } from '../../store/schema.ts'

/** A transaction of fake-indexeddb, with what the simulation needs of its inside. */
interface RawTransaction {
  readonly db: IDBDatabase
  readonly mode: IDBTransactionMode
  readonly objectStoreNames: DOMStringList
  readonly _state: 'active' | 'inactive' | 'committing' | 'finished'
  readonly _requests: readonly { readonly request: IDBRequest }[]
  _start(): void
  _abort(name: string): void
}

export interface Change {
  readonly table: string
  /** Rows that were written, in full. */
  readonly put: readonly unknown[]
}

export interface Step {
  /** What comes next is the commit. */
  readonly committing: boolean
  readonly writes: boolean
  /** Of those that write: messages may be among it. */
  readonly ofMessages: boolean
  /** Ends the transaction as the storage does when it fails. */
  abort(name: 'QuotaExceededError' | 'UnknownError'): void
}

export interface StoreWatcher {
  step(step: Step): void
  committed(changes: readonly Change[]): void
}

const watchers = new WeakMap<IDBDatabase, StoreWatcher>()
const changesOf = new WeakMap<object, Change[]>()

const prototype = IDBTransaction.prototype as unknown as RawTransaction
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its transaction below
const start = prototype._start
if (typeof start !== 'function') throw new Error('fake-indexeddb runs its transactions in another way now')

prototype._start = function (this: RawTransaction): void {
  const watcher = watchers.get(this.db)
  if (watcher === undefined || this._state === 'finished') {
    start.call(this)
    return
  }
  const committing = this._requests.every(({ request }) => request.readyState === 'done')
  watcher.step({
    committing,
    writes: this.mode === 'readwrite',
    ofMessages: this.mode === 'readwrite' && this.objectStoreNames.contains('messages'),
    abort: (name) => {
      this._abort(name)
    },
  })
  if (isFinished(this)) return
  start.call(this)
  if (committing && isFinished(this)) watcher.committed(changesOf.get(this) ?? [])
}

// Asked anew each time: what happens in between ends transactions.
const isFinished = (transaction: RawTransaction): boolean => transaction._state === 'finished'

/** Opens a database whose steps `watcher` is told of. */
export async function openWatched(name: string, watcher: StoreWatcher): Promise<GigiDatabase> {
  const db = new GigiDatabase(name)
  db.use({ stack: 'dbcore', name: 'watched', create: watched })
  await db.open()
  watchers.set(db.backendDB(), watcher)
  return db
}

const watched = (core: DBCore): DBCore => ({
  ...core,
  table(name) {
    const table = core.table(name)
    return { ...table, mutate: (request) => noted(table, request) } satisfies DBCoreTable
  },
})

function noted(table: DBCoreTable, request: DBCoreMutateRequest): ReturnType<DBCoreTable['mutate']> {
  if (request.type === 'add' || request.type === 'put') {
    const changes = changesOf.get(request.trans) ?? []
    changes.push({ table: table.name, put: request.values as readonly unknown[] })
    changesOf.set(request.trans, changes)
  }
  return table.mutate(request)
}

/** Ends a handle as the death of its tab does: what was not committed never happens, and nothing more does. */
export function killHandle(db: GigiDatabase): void {
  if (!db.isOpen()) return
  const connection = db.backendDB() as IDBDatabase & { _rawDatabase: { transactions: RawTransaction[] } }
  for (const transaction of [...connection._rawDatabase.transactions])
    if (transaction.db === connection && transaction._state !== 'finished') transaction._abort('AbortError')
  db.close()
}
