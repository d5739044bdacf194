/** Clears away bytes that no message speaks of, in pieces. */
import { forgetDoomed, readDoomed, readOrphans } from '../../store/file-choices.ts'
import type { FileContext } from './context.ts'
import { DOOMED_MS, ORPHAN_MS, SWEEP_NAMES } from './limits.ts'

/** Those of deleted messages, when the deletion cannot be taken back any more. */
export async function removeDoomed({ db, room, log }: FileContext, now: number): Promise<void> {
  for (;;) {
    const doomed = await readDoomed(db, now - DOOMED_MS + 1, SWEEP_NAMES)
    for (const { blob } of doomed)
      try {
        await room.remove(blob)
      } catch (error) {
        // It is in use: what is left is an orphan, and is found when these are looked for.
        log.info('a file could not be removed', { reason: String(error) })
      }
    if (doomed.length > 0)
      await forgetDoomed(
        db,
        doomed.map(({ blob }) => blob),
      )
    if (doomed.length < SWEEP_NAMES) return
  }
}

/** Those that a tab left that died over attaching them, and those of a database that is no more. */
export async function removeOrphans({ db, room, log }: FileContext, now: number): Promise<void> {
  const names = await room.list()
  for (let i = 0; i < names.length; i += SWEEP_NAMES) {
    const orphans = await readOrphans(db, names.slice(i, i + SWEEP_NAMES))
    for (const blob of orphans.filter((name) => !isFresh(name, now)))
      try {
        await room.remove(blob)
      } catch (error) {
        log.info('a file that belongs to nothing could not be removed', { reason: String(error) })
      }
  }
}

const ATTACHED = /^own-([0-9a-z]+)-/

/** The name of a file that is attached at `now` (milliseconds): it says when, since no message does yet. */
export const attachedName = (now: number, unique: string): string => `own-${now.toString(36)}-${unique}`

/** Whether it may be just being attached. */
function isFresh(blob: string, now: number): boolean {
  const [, at] = ATTACHED.exec(blob) ?? []
  return at !== undefined && Math.abs(now - parseInt(at, 36)) < ORPHAN_MS
}
