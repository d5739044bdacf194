/** The start of a node: what tells the installations of one identity apart, and which of them is the newest. */
import { type Start, startSignedBytes } from '../protocol/frames.ts'
import { lastStart, nextStart, requireInstallation } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { Crypto } from './ports.ts'

/**
 * The start that this installation had last: whatever runs without its user must not take the identity from another
 * installation. Null before the first one.
 */
export async function sameStart(db: GigiDatabase, crypto: Crypto): Promise<Start | null> {
  const { id: installation } = await requireInstallation(db)
  const started = await lastStart(db)
  if (started === null) return null
  const signature = await crypto.sign(startSignedBytes({ installation, started }))
  return { installation, started, signature }
}

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
