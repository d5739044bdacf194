/**
 * Leases: of all who might push to a peer (a session, a second one, later the mailbox), one does at a time. A
 * lease is for a peer's whole batch; rows under it count as InProgress. It names the leader's epoch, so those
 * of earlier leaders are void at once, and it runs out by itself.
 */
import type { PeerId } from '../domain/ids.ts'
import type { GigiDatabase } from './schema.ts'

/** A holder that has not read on for this long is lost, milliseconds: longer than a window takes to be committed. */
const LEASE_MS = 60_000

/** Within a transaction over `leases`. Takes or renews the lease on `peer`; false when another holder has it. */
export async function takeLease(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  holder: string,
  now: number,
): Promise<boolean> {
  const lease = await db.leases.get(peer)
  const taken = lease !== undefined && lease.holder !== holder && lease.epoch === epoch && lease.until > now
  if (taken) return false
  await db.leases.put({ peer_id: peer, holder, epoch, until: now + LEASE_MS })
  return true
}

/** Whether `holder` has the lease on `peer` for a good while yet. Within a transaction over `leases`, which may be one that reads. */
export async function holdsLease(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  holder: string,
  now: number,
): Promise<boolean> {
  const lease = await db.leases.get(peer)
  return lease?.holder === holder && lease.epoch === epoch && lease.until - now > LEASE_MS / 2
}

/** Gives a lease back; that of another holder stays. */
export function releaseLease(db: GigiDatabase, peer: PeerId, holder: string): Promise<void> {
  return db.transaction('rw', db.leases, async () => {
    if ((await db.leases.get(peer))?.holder === holder) await db.leases.delete(peer)
  })
}
