/** The start of a node: what tells the installations of one identity apart, and which of them is the newest. */
import { type Start, startSignedBytes } from '../protocol/frames.ts'
import { nextStart, requireInstallation } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { Crypto } from './ports.ts'

/** Begins a start that is newer than any that this installation knows of. */
export async function beginStart(
  db: GigiDatabase,
  epoch: number,
  crypto: Crypto,
  now: number,
): Promise<Start> {
  const { id: installation } = await requireInstallation(db)
  const started = await nextStart(db, epoch, now)
  const signature = await crypto.sign(startSignedBytes({ installation, started }))
  return { installation, started, signature }
}
