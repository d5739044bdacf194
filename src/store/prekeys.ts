/** Our prekeys (SPEC 18.6): one that is published, and those before it that can still open mail. */
import { PREKEY_KEPT_MS, PREKEY_LIFE_MS } from '../protocol/limits.ts'
import type { PrekeyId } from '../protocol/letter.ts'
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase, PrekeyRow } from './schema.ts'

/** A clock that is put back by less than this does not make a prekey look as if it came from the future, milliseconds. */
const CLOCK_MARGIN_MS = 24 * 3_600_000

/** The prekey that mail is sealed to by now; undefined before the first, and when that is outdated. */
export async function currentPrekey(db: GigiDatabase): Promise<PrekeyRow | undefined> {
  const outdated = await outdatedUntil(db)
  return (await db.prekeys.toArray())
    .filter((row) => row.replaced_at === undefined && row.made > outdated)
    .sort((a, b) => b.made - a.made)[0]
}

/** Whether a prekey has had its time, by a clock that may have been put back since it was made. */
export function isPrekeyOver({ made, minted_at: minted = made }: PrekeyRow, now: number): boolean {
  return now - minted >= PREKEY_LIFE_MS || minted > now + CLOCK_MARGIN_MS
}

/** When the newest prekey of this identity was made that is known here; 0 where there is none. */
export async function latestMade(db: GigiDatabase): Promise<number> {
  const made = (await db.prekeys.toArray()).map((row) => row.made)
  return Math.max(await outdatedUntil(db), ...made)
}

/**
 * Within a transaction over `meta` and `prekeys`: there is, or may be, one that was published after ours, `made` then if
 * that is known. Depositors take none that is older, so a new one has to be made.
 */
export async function outdatePrekeys(db: GigiDatabase, made?: number): Promise<void> {
  const latest = await latestMade(db)
  if (made === undefined || made > latest) await db.meta.put({ key: 'prekey', outdated: made ?? latest })
}

async function outdatedUntil(db: GigiDatabase): Promise<number> {
  const row = await db.meta.get('prekey')
  return row?.key === 'prekey' ? row.outdated : 0
}

export const readPrekey = (db: GigiDatabase, id: PrekeyId): Promise<PrekeyRow | undefined> =>
  db.prekeys.get(id)

/** Keeps a prekey; durable before it is published, so that whatever is sealed to it can be opened. */
export function savePrekey(db: GigiDatabase, epoch: number, prekey: PrekeyRow): Promise<void> {
  return db.transaction('rw', db.meta, db.prekeys, async () => {
    await checkEpoch(db, epoch)
    await db.prekeys.add(prekey)
  })
}

/** `prekey` is published: those before it open mail for PREKEY_KEPT_MS more. */
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
    }
  })
}

/** Within a transaction over `prekeys`: none of them is published any more. They open mail for PREKEY_KEPT_MS yet. */
export async function retirePrekeys(db: GigiDatabase, now: number): Promise<void> {
  await db.prekeys.filter((row) => row.replaced_at === undefined).modify({ replaced_at: now })
}

/** Destroys what was replaced PREKEY_KEPT_MS ago. What seems to be replaced later than now has its time from now on. */
export function destroyPrekeys(db: GigiDatabase, epoch: number, now: number): Promise<void> {
  return db.transaction('rw', db.meta, db.prekeys, async () => {
    await checkEpoch(db, epoch)
    for (const { id, replaced_at: replaced } of await db.prekeys.toArray()) {
      if (replaced === undefined) continue
      if (replaced + PREKEY_KEPT_MS <= now) await db.prekeys.delete(id)
      // The clock was ahead: by its word the key would be kept for years.
      else if (replaced > now) await db.prekeys.update(id, { replaced_at: now })
    }
  })
}
