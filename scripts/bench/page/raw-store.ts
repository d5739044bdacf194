/** The raw platform: one IndexedDB store with the indexes that Gigi's messages have, written strictly, without a library. */
import type { MessageRow } from '../../../src/store/schema.ts'

/** A row as Gigi stores it. */
export type Row = MessageRow

const NAME = 'raw'

let opened: Promise<IDBDatabase> | undefined

/** The database, empty the first time that a profile opens it. */
export const rawDatabase = (): Promise<IDBDatabase> =>
  (opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1)
    opening.onupgradeneeded = () => {
      const messages = opening.result.createObjectStore('messages', { keyPath: 'id' })
      messages.createIndex('order', ['conversation_id', 'order_key'])
      messages.createIndex('place', ['log_id', 'seq'])
      opening.result.createObjectStore('marks', { keyPath: 'key' })
    }
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error ?? new Error('the raw database cannot be opened'))
  }))

/** Resolves when what `write` asks for is durable. */
export async function strictly(
  stores: readonly string[],
  write: (transaction: IDBTransaction) => void,
): Promise<void> {
  const db = await rawDatabase()
  await new Promise<void>((resolve, reject) => {
    const transaction = db.transaction([...stores], 'readwrite', { durability: 'strict' })
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('a raw transaction was aborted'))
    write(transaction)
  })
}

/** Adds rows in one transaction. */
export const insert = (rows: readonly Row[]): Promise<void> =>
  strictly(['messages'], (transaction) => {
    const messages = transaction.objectStore('messages')
    for (const row of rows) messages.add(row)
  })

/** Sets one small row, as a watermark is set. */
export const mark = (key: string, value: unknown): Promise<void> =>
  strictly(['marks'], (transaction) => {
    transaction.objectStore('marks').put({ key, value })
  })

export const clear = (): Promise<void> =>
  strictly(['messages', 'marks'], (transaction) => {
    transaction.objectStore('messages').clear()
    transaction.objectStore('marks').clear()
  })

/** At most `limit` rows after a key, in the order of their keys. */
export async function rowsAfter(after: string | null, limit: number): Promise<Row[]> {
  const db = await rawDatabase()
  return new Promise((resolve, reject) => {
    const range = after === null ? null : IDBKeyRange.lowerBound(after, true)
    const reading = db.transaction('messages').objectStore('messages').getAll(range, limit)
    reading.onsuccess = () => resolve(reading.result as Row[])
    reading.onerror = () => reject(reading.error ?? new Error('the raw rows cannot be read'))
  })
}
