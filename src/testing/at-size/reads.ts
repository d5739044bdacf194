/** Watches what a store is asked for, at the border to IndexedDB. */
import type { DBCoreTable } from 'dexie'
import type { GigiDatabase } from '../../store/schema.ts'

export interface Reads {
  /** Rows or keys of each table that were handed over. */
  readonly rows: Map<string, number>
  /** Questions that were asked of any table. */
  requests: number
  /** Keys of messages that were told to go. */
  readonly gone: unknown[]
  clear(): void
}

/** From now on; closes the database and opens it again. */
export async function watchReads(db: GigiDatabase): Promise<Reads> {
  const reads: Reads = {
    rows: new Map(),
    requests: 0,
    gone: [],
    clear() {
      this.rows.clear()
      this.requests = 0
      this.gone.length = 0
    },
  }
  const read = (table: string, rows: number): void => {
    reads.rows.set(table, (reads.rows.get(table) ?? 0) + rows)
  }
  const watched = (table: DBCoreTable): DBCoreTable => ({
    ...table,
    async get(request) {
      reads.requests += 1
      read(table.name, 1)
      return table.get(request) as Promise<unknown>
    },
    async getMany(request) {
      reads.requests += 1
      read(table.name, request.keys.length)
      return table.getMany(request)
    },
    async query(request) {
      reads.requests += 1
      const answer = await table.query(request)
      read(table.name, answer.result.length)
      return answer
    },
    async openCursor(request) {
      reads.requests += 1
      const cursor = await table.openCursor(request)
      if (cursor === null) return null
      const start = cursor.start.bind(cursor)
      cursor.start = (onNext) =>
        start(() => {
          read(table.name, 1)
          onNext()
        })
      return cursor
    },
    async mutate(request) {
      if (table.name === 'messages' && request.type === 'delete')
        for (const key of request.keys as readonly unknown[]) reads.gone.push(key)
      return table.mutate(request)
    },
  })
  db.close()
  db.use({
    stack: 'dbcore',
    name: 'reads',
    // Next to IndexedDB.
    level: -10,
    create: (core) => ({ ...core, table: (name) => watched(core.table(name)) }),
  })
  await db.open()
  return reads
}
