/** A whole cleanup, in pieces between which everything else goes on. */
import {
  cleanAcknowledgments,
  cleanHistory,
  cleanTokens,
  type HistoryPlace,
  noteCleanup,
} from '../store/cleanup.ts'
import { resumeClearing } from '../store/clearing.ts'
import { destroyPrekeys } from '../store/prekeys.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { CLEANUP_ROWS } from './limits.ts'
import type { Clock } from './ports.ts'

/** Runs a whole cleanup as the leader of an epoch (`cleanUp`), wherever it holds up nobody. */
export type Clean = (epoch: number, signal: AbortSignal) => Promise<void>

/** Resolves at the end, or soon after it is called off. Rejects with what the store throws. */
export async function cleanUp(
  db: GigiDatabase,
  epoch: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  // First, and whether or not a mailbox can be reached: it is to be gone at its time.
  await destroyPrekeys(db, epoch, clock.now())
  // What the user deleted, and the tab that did it died over.
  while (!signal.aborted && (await resumeClearing(db, epoch, CLEANUP_ROWS, clock.now())));
  let cursor: string | null = null
  do cursor = await cleanAcknowledgments(db, epoch, cursor, CLEANUP_ROWS, clock.now())
  while (cursor !== null && !signal.aborted)
  while (!signal.aborted && (await cleanTokens(db, epoch, CLEANUP_ROWS, clock.now())));
  let place: HistoryPlace | null = null
  do place = await cleanHistory(db, epoch, place, CLEANUP_ROWS, clock.now())
  while (place !== null && !signal.aborted)
  if (place === null) await noteCleanup(db, epoch, clock.now())
}
