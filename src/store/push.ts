/** Where this browser is woken when mail comes for it (SPEC 18.15): what it subscribed to, and what the relay is to hear. */
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase, MetaRow } from './schema.ts'

export type PushRow = MetaRow & { readonly key: 'push' }

/** Null: there is no subscription, and nothing to be said of one. */
export async function readPush(db: GigiDatabase): Promise<PushRow | null> {
  const row = await db.meta.get('push')
  return row?.key === 'push' ? row : null
}

/** This browser has subscribed, with that key of the relay. The subscription before it is dead. */
export function savePush(db: GigiDatabase, endpoint: string, vapid: string): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    const before = await readPush(db)
    // What changes nothing is not told to those who watch.
    if (before?.wanted === 1 && before.endpoint === endpoint && before.vapid === vapid) return
    const isKnown = before?.endpoint === endpoint && before.vapid === vapid
    // What the relay has said of it holds until it says something else.
    await db.meta.put({ ...(isKnown ? before : { key: 'push', endpoint, vapid }), wanted: 1 })
  })
}

/** What the relay has said to that subscription: whether it goes there. */
export function noteWaking(
  db: GigiDatabase,
  epoch: number,
  endpoint: string,
  outcome: 'done' | 'refused',
): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    await checkEpoch(db, epoch)
    const before = await readPush(db)
    const refused = outcome === 'refused' ? 1 : 0
    if (before?.endpoint === endpoint && (before.refused ?? 0) !== refused)
      await db.meta.put({ ...before, refused })
  })
}

/** This browser is not to be woken any more; the relay is still to hear of it. */
export function endPush(db: GigiDatabase): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    const before = await readPush(db)
    if (before?.wanted === 1) await db.meta.put({ ...before, wanted: 0 })
  })
}

/** The relay has heard that it is not to wake us there; unless that is wanted again. */
export function forgetPush(db: GigiDatabase, epoch: number, endpoint: string): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    await checkEpoch(db, epoch)
    const before = await readPush(db)
    if (before?.wanted === 0 && before.endpoint === endpoint) await db.meta.delete('push')
  })
}
