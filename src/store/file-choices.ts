/** What the user decides about files: each is one transaction, from whichever tab, and whoever transfers follows. */
import type { MessageId } from '../domain/ids.ts'
import type { DoomedBlobRow, FileRow, GigiDatabase } from './schema.ts'

/** Where something was decided meanwhile that leaves nothing to decide, nothing changes. */
function change(
  db: GigiDatabase,
  message: MessageId,
  changed: (row: FileRow) => FileRow | null,
): Promise<void> {
  return db.transaction('rw', db.files, async () => {
    const row = await db.files.get(message)
    const next = row === undefined ? null : changed(row)
    if (next !== null) await db.files.put(next)
  })
}

const withoutProblem = (row: FileRow): FileRow => {
  const rest = { ...row }
  delete rest.problem
  return rest
}

/** Has a file fetched, or fetched on, or tried again. */
export const wantFile = (db: GigiDatabase, message: MessageId): Promise<void> =>
  change(db, message, (row) =>
    row.state === 'complete' || row.problem === 'too-large'
      ? null
      : { ...withoutProblem(row), state: 'wanted' },
  )

/** Has the fetching of a file rest; what is kept of it stays. */
export const pauseFile = (db: GigiDatabase, message: MessageId): Promise<void> =>
  change(db, message, (row) => (row.state === 'wanted' ? { ...row, state: 'paused' } : null))

/** Gives the fetching of a file up, and what is kept of it: it can be begun anew. */
export function cancelFile(db: GigiDatabase, message: MessageId, now: number): Promise<void> {
  return db.transaction('rw', db.files, db.doomed_blobs, async () => {
    const row = await db.files.get(message)
    if (row === undefined || row.state === 'complete' || row.problem === 'too-large') return
    // Its bytes go under the name that they have; what is begun anew has another.
    const blob = `${message}.${now.toString(36)}`
    await db.doomed_blobs.put({ blob: row.blob, at: now })
    await db.files.put({ ...withoutProblem(row), state: 'offered', held: [], blob })
  })
}

/** Whether others get a file from here: `paused` for now, `ended` for good, null as they ask. */
export const setSharing = (
  db: GigiDatabase,
  message: MessageId,
  sharing: 'paused' | 'ended' | null,
): Promise<void> =>
  change(db, message, (row) => {
    if (row.sharing === 'ended') return null
    const next = { ...row }
    delete next.sharing
    return sharing === null ? next : { ...next, sharing }
  })

/** Bytes that were doomed before a time, at most `limit`. */
export const readDoomed = (db: GigiDatabase, before: number, limit: number): Promise<DoomedBlobRow[]> =>
  db.doomed_blobs.where('at').below(before).limit(limit).toArray()

/** When the first bytes were doomed that are not gone; null where there are none. */
export const firstDoomedAt = async (db: GigiDatabase): Promise<number | null> =>
  (await db.doomed_blobs.orderBy('at').first())?.at ?? null

export const forgetDoomed = (db: GigiDatabase, blobs: readonly string[]): Promise<void> =>
  db.doomed_blobs.bulkDelete([...blobs])

/** Which of these names stand for bytes that nothing here speaks of. */
export function readOrphans(db: GigiDatabase, blobs: readonly string[]): Promise<string[]> {
  return db.transaction('r', db.files, db.doomed_blobs, async () => {
    const known = await db.files.where('blob').anyOf(blobs).toArray()
    const doomed = await db.doomed_blobs.bulkGet([...blobs])
    const spoken = new Set([...known.map(({ blob }) => blob), ...doomed.flatMap((row) => row?.blob ?? [])])
    return blobs.filter((blob) => !spoken.has(blob))
  })
}

/** Brings a file back with its message: whole where its bytes are still here. Within a transaction over `files` and `doomed_blobs`. */
export async function restoreFile(db: GigiDatabase, row: FileRow): Promise<void> {
  const isHere = (await db.doomed_blobs.get(row.blob)) !== undefined
  if (isHere) await db.doomed_blobs.delete(row.blob)
  if (isHere || row.held.length === 0) await db.files.put(row)
  else if (row.state === 'complete') await db.files.put({ ...row, state: 'failed', problem: 'lost' })
  else await db.files.put({ ...row, held: [] })
}
