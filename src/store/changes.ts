/** Word that a table has changed, in this tab, another tab or the service worker, after the commit. */
import { Dexie } from 'dexie'
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
