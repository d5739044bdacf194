import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { PREKEY_LIFE_MS } from '../protocol/limits.ts'
import { databaseOf, person } from '../testing/people.ts'
import { raiseEpoch } from './leadership.ts'
import { currentPrekey, isPrekeyOver, latestMade, outdatePrekeys, savePrekey } from './prekeys.ts'
import type { GigiDatabase, PrekeyRow } from './schema.ts'

const now = 1_700_000_000_000
const HOUR_MS = 3_600_000
const key = new Uint8Array(32)
const prekey = (made: number, more: Partial<PrekeyRow> = {}): PrekeyRow => ({
  id: `made ${String(made)}`,
  made,
  sealed: key,
  public_key: key,
  private_key: key,
  ...more,
})

let db: GigiDatabase

beforeEach(async () => {
  db = await databaseOf(person('Alice', 1), now)
  const epoch = await raiseEpoch(db)
  for (const made of [now, now + 1]) await savePrekey(db, epoch, prekey(made))
})

const outdate = (made?: number) =>
  db.transaction('rw', db.meta, db.prekeys, async () => {
    await outdatePrekeys(db, made)
  })

test('a prekey has its time, and no more when a clock was ahead (SPEC 18.6)', () => {
  expect(isPrekeyOver(prekey(now), now + PREKEY_LIFE_MS - 1)).toBe(false)
  expect(isPrekeyOver(prekey(now), now + PREKEY_LIFE_MS)).toBe(true)
  expect(isPrekeyOver(prekey(now + 23 * HOUR_MS), now)).toBe(false)
  expect(isPrekeyOver(prekey(now + 25 * HOUR_MS), now)).toBe(true)
  // What followed that one had to be said to be later still; it has its own time all the same.
  expect(isPrekeyOver(prekey(now + 26 * HOUR_MS, { minted_at: now }), now)).toBe(false)
  expect(isPrekeyOver(prekey(now + 26 * HOUR_MS, { minted_at: now }), now + PREKEY_LIFE_MS)).toBe(true)
})

test('when a later one was published, or may have been, there is none any more (SPEC 20.7)', async () => {
  expect((await currentPrekey(db))?.made).toBe(now + 1)
  await outdate(now + 1)
  expect((await currentPrekey(db))?.made).toBe(now + 1)
  await outdate(now + 2)
  expect(await currentPrekey(db)).toBeUndefined()
  expect(await latestMade(db)).toBe(now + 2)
  await outdate(now)
  expect(await latestMade(db)).toBe(now + 2)
})

test('after a rewind there is none any more, and the next one is later than any that is known', async () => {
  await outdate()
  expect(await currentPrekey(db)).toBeUndefined()
  expect(await latestMade(db)).toBe(now + 1)
})
