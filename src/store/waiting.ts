/** Who waits for a letter, and since when: read at once, since it is looked at after every change. */
import type { PeerId } from '../domain/ids.ts'
import { unheardSince, unpostedSince } from './deposits.ts'
import { queuedPeers } from './outbox.ts'
import { readOwed } from './owed.ts'
import type { ContactRow, GigiDatabase, OwedRow } from './schema.ts'

export interface WaitingPeer {
  readonly peer: PeerId
  readonly contact: ContactRow | undefined
  /**
   * When the oldest message was queued that is in no letter, or the letter was begun of which it is not known whether it
   * arrived; null: there is neither. Milliseconds since the epoch, by a clock that may have been put back since.
   */
  readonly unpostedSince: number | null
  /** What they are to hear of our having accepted and read. */
  readonly owed: OwedRow | undefined
}

/** Whom something waits for, of each kind at most `limit`. */
export function readWaiting(db: GigiDatabase, limit: number): Promise<WaitingPeer[]> {
  return db.transaction('r', db.owed, db.deposits, db.offline_queue, db.contacts, async () => {
    const owed = new Map((await readOwed(db, limit)).map((row) => [row.peer_id, row]))
    const unheard = await unheardSince(db)
    const queued = new Set(await queuedPeers(db, limit))
    const waiting: WaitingPeer[] = []
    for (const peer of new Set([...queued, ...owed.keys(), ...unheard.keys()]))
      waiting.push({
        peer,
        contact: await db.contacts.get(peer),
        unpostedSince: (queued.has(peer) ? await unpostedSince(db, peer) : null) ?? unheard.get(peer) ?? null,
        owed: owed.get(peer),
      })
    return waiting
  })
}
