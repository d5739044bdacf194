/** Word that a table has changed, in this tab, another tab or the service worker, after the commit. */
import { Dexie, type IntervalTree } from 'dexie'
import type { MessageId } from '../domain/ids.ts'
import type { GigiDatabase } from './schema.ts'

/** Calls `listener` with the tables that have changed since it was last called. Returns how to stop that. */
export function onTablesChanged(
  db: GigiDatabase,
  listener: (tables: ReadonlySet<string>) => void,
): () => void {
  const prefix = `idb://${db.name}/`
  // Dexie tells in the middle of ending the transaction, and what is begun there belongs to it and is told that
  // it "committed too early". A message to ourselves gets out of that, and is not throttled as timers are.
  const { port1: out, port2: back } = new MessageChannel()
  let changed = new Set<string>()
  const heard = (parts: Record<string, unknown>): void => {
    const told = changed.size > 0
    for (const part of Object.keys(parts))
      if (part.startsWith(prefix)) changed.add(part.slice(prefix.length).split('/')[0] ?? '')
    if (!told && changed.size > 0) out.postMessage(null)
  }
  back.onmessage = () => {
    const tables = changed
    changed = new Set()
    listener(tables)
  }
  Dexie.on('storagemutated', heard)
  return () => {
    Dexie.on.storagemutated.unsubscribe(heard)
    back.close()
  }
}

/**
 * Calls `listener` with messages that may have been deleted, in any tab or worker. Not told are whole ranges: where fifty
 * rows and more are written at a time, Dexie says no more than that. Returns how to stop that.
 */
export function onMessagesDeleted(
  db: GigiDatabase,
  listener: (ids: readonly MessageId[]) => void,
): () => void {
  const part = `idb://${db.name}/${db.messages.name}/:dels`
  const heard = (parts: Record<string, IntervalTree>): void => {
    const ids = [...keysOf(parts[part])]
    if (ids.length > 0) listener(ids)
  }
  Dexie.on('storagemutated', heard)
  return () => {
    Dexie.on.storagemutated.unsubscribe(heard)
  }
}

/** The single keys of a set of ranges. From another tab it comes as a bare tree. */
function* keysOf(tree: IntervalTree | null | undefined): Generator<MessageId> {
  if (tree == null || !('from' in tree)) return
  yield* keysOf(tree.l)
  if (tree.from === tree.to && typeof tree.from === 'string') yield tree.from as MessageId
  yield* keysOf(tree.r)
}
