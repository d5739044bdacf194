/** Reading rows in bulk: one request of a range costs as much as one of a row. */
import type { EntityTable } from 'dexie'
import type { MessageId } from '../domain/ids.ts'

/** Rows of a range that are read for each one that is wanted, before each is looked up instead. */
const SPARSE = 3

/**
 * The rows with these ids, as far as there are any, in the order of their ids. Ids begin with the time: what was written one
 * after the other is found, or found to be absent, by one look at the range that it spans.
 */
export async function rowsWithIds<T extends { id: MessageId }>(
  table: EntityTable<T, 'id'>,
  ids: readonly MessageId[],
): Promise<T[]> {
  const sorted = [...ids].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return []
  const limit = sorted.length * SPARSE
  const near = await table.where(':id').between(first, last, true, true).limit(limit).toArray()
  if (near.length === limit)
    return (await table.bulkGet(sorted as never[])).filter((row) => row !== undefined)
  const wanted = new Set<unknown>(sorted)
  return near.filter((row) => wanted.has(row.id))
}
