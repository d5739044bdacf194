/** Our prekeys (SPEC 18.6): one that is published, and those before it that can still open mail. */
import { PREKEY_KEPT_MS } from '../protocol/limits.ts'
import type { PrekeyId } from '../protocol/letter.ts'
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase, PrekeyRow } from './schema.ts'

/** The prekey that mail is sealed to by now; undefined before the first. */
export const currentPrekey = async (db: GigiDatabase): Promise<PrekeyRow | undefined> =>
  (await db.prekeys.toArray())
    .filter((row) => row.replaced_at === undefined)
    .sort((a, b) => b.made - a.made)[0]

export const readPrekey = (db: GigiDatabase, id: PrekeyId): Promise<PrekeyRow | undefined> =>
  db.prekeys.get(id)

/** Keeps a prekey; durable before it is published, so that whatever is sealed to it can be opened. */
export function savePrekey(db: GigiDatabase, epoch: number, prekey: PrekeyRow): Promise<void> {
  return db.transaction('rw', db.meta, db.prekeys, async () => {
    await checkEpoch(db, epoch)
    await db.prekeys.add(prekey)
  })
}

/** `prekey` is published: those before it open mail for PREKEY_KEPT_MS more, and what has had that time is destroyed. */
export function notePublished(
  db: GigiDatabase,
  epoch: number,
  prekey: PrekeyRow,
  now: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.prekeys, async () => {
    await checkEpoch(db, epoch)
    for (const row of await db.prekeys.toArray()) {
      if (row.replaced_at === undefined && row.made < prekey.made)
        await db.prekeys.update(row.id, { replaced_at: now })
      if (row.replaced_at !== undefined && row.replaced_at + PREKEY_KEPT_MS <= now)
        await db.prekeys.delete(row.id)
    }
  })
}
