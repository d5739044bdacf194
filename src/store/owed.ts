/** Who is to hear what was accepted and read here, by letter if they do not hear it in a session. */
import type { PeerId } from '../domain/ids.ts'
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase, OwedRow } from './schema.ts'

/** Within a transaction over `owed`. */
export async function oweProof(db: GigiDatabase, peer: PeerId, now: number): Promise<void> {
  const at = Math.max(now, ((await db.owed.get(peer))?.at ?? 0) + 1)
  await db.owed.put({ peer_id: peer, at })
}

/**
 * Within a transaction over `contacts` and `owed`: a letter that told them is in no mailbox any more, and nothing proves that
 * they have it. What they are owed since stands for it.
 */
export async function oweAgain(db: GigiDatabase, peer: PeerId, at: number): Promise<void> {
  const state = (await db.contacts.get(peer))?.state
  if (state === undefined || state === 'blocked' || (await db.owed.get(peer)) !== undefined) return
  await db.owed.put({ peer_id: peer, at, again: 1 })
}

/** What came by mail was accepted: its sender is to hear of it, also one who asks to be a contact; of them there are few enough. */
export function oweForMail(db: GigiDatabase, epoch: number, peer: PeerId, now: number): Promise<void> {
  return db.transaction('rw', db.meta, db.contacts, db.owed, async () => {
    await checkEpoch(db, epoch)
    const state = (await db.contacts.get(peer))?.state
    if (state === 'accepted' || state === 'request') await oweProof(db, peer, now)
  })
}

/** Those to whom something is owed, at most `limit`. */
export const readOwed = (db: GigiDatabase, limit: number): Promise<OwedRow[]> =>
  db.owed.limit(limit).toArray()

/** They have heard what was owed then; what came to be owed since stays so. */
export function notePaid(db: GigiDatabase, epoch: number, { peer_id, at }: OwedRow): Promise<void> {
  return db.transaction('rw', db.meta, db.owed, async () => {
    await checkEpoch(db, epoch)
    if ((await db.owed.get(peer_id))?.at === at) await db.owed.delete(peer_id)
  })
}
