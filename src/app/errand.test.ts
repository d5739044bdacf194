import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { InstallationId } from '../domain/ids.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { PREKEY_KEPT_MS } from '../protocol/limits.ts'
import { addContact } from '../store/contacts.ts'
import { createIdentity, noteReplacement } from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { savePrekey } from '../store/prekeys.ts'
import { GigiDatabase } from '../store/schema.ts'
import { beginTelling } from '../store/unread.ts'
import { person, type Person } from '../testing/people.ts'
import { runErrand, watchArrivals } from './errand.ts'
import { cleanUntil } from './made-way.ts'
import { type Tell, tellSince } from './telling.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]

afterEach(async () => {
  vi.unstubAllGlobals()
  await Dexie.delete('gigi')
})

test('what a tab fetches while it is watched is found, and what was unread before is not', async () => {
  const db = new GigiDatabase()
  const meet = ({ peerId, nickname }: Person) =>
    addContact(db, bob.peerId, { peerId, nickname, relays: [] }, 0)
  const [atAlice, atCarol] = [await meet(alice), await meet(carol)]
  await db.conversations.update(atCarol.id, { unread: 2 })
  const over = new AbortController()
  const watching = watchArrivals().finally(() => {
    over.abort()
  })
  // Whenever it first looks, something comes after that.
  for (let unread = 1; !over.signal.aborted; unread++) await db.conversations.update(atAlice.id, { unread })
  expect(await watching).toMatchObject([{ peer: alice.peerId, name: 'Alice' }])
  db.close()
})

test('what an errand could not tell any more is told by the next, once', async () => {
  const db = new GigiDatabase()
  const { peerId, nickname } = alice
  const { id } = await addContact(db, bob.peerId, { peerId, nickname, relays: [] }, 0)
  await db.conversations.update(id, { unread: 1 })
  const told: string[] = []
  const tell: Tell = (arrivals) => {
    told.push(...arrivals.map(({ name, unread }) => `${name} ${unread}`))
    return Promise.resolve()
  }
  await beginTelling(db)
  await db.conversations.update(id, { unread: 3 })
  // The browser ends it here, or in the middle of the telling.
  const failing = tellSince(await beginTelling(db), db, () => Promise.reject(new Error('ended')))
  await expect(failing).rejects.toThrow('ended')
  await tellSince(await beginTelling(db), db, tell)
  expect(told).toEqual(['Alice 3'])
  await tellSince(await beginTelling(db), db, tell)
  expect(told).toEqual(['Alice 3'])
  db.close()
})

describe('an installation that made way for another', () => {
  const DAY_MS = 24 * 3_600_000
  const prekey = { id: 'one', sealed: new Uint8Array(), public_key: new Uint8Array(32) }

  /** Its prekey is not published any more since then. */
  async function replacedAt(at: number): Promise<GigiDatabase> {
    const db = new GigiDatabase()
    const installationId = toBase64url(new Uint8Array(16)) as InstallationId
    await createIdentity(db, { ...alice, installationId, now: 0 })
    const epoch = await raiseEpoch(db)
    await savePrekey(db, epoch, { ...prekey, made: at, private_key: new Uint8Array(32).fill(1) })
    await noteReplacement(db, epoch, at, at)
    return db
  }

  test('destroys its prekeys at their time in its errands, which do nothing else', async () => {
    vi.stubGlobal('navigator', {
      locks: { request: (_name: string, _options: object, run: Hold) => run({}) },
    })
    const tell = vi.fn(() => Promise.resolve())
    const db = await replacedAt(Date.now() - PREKEY_KEPT_MS + DAY_MS)
    expect((await runErrand(tell)).end).toBe('nobody')
    expect(await db.prekeys.count()).toBe(1)
    await db.prekeys.update('one', { replaced_at: Date.now() - PREKEY_KEPT_MS })
    expect((await runErrand(tell)).end).toBe('nobody')
    expect(await db.prekeys.count()).toBe(0)
    expect(tell).not.toHaveBeenCalled()
    db.close()
  })

  test('destroys them in a tab that stays open, again and again until it is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const db = await replacedAt(Date.now())
    const over = new AbortController()
    const cleaning = cleanUntil(db, over.signal)
    const pass = async (days: number): Promise<void> => {
      for (let day = 0; day < days; day++) {
        await vi.waitUntil(() => vi.getTimerCount() === 1, { interval: 1 })
        await vi.advanceTimersByTimeAsync(DAY_MS)
      }
    }
    await pass(PREKEY_KEPT_MS / DAY_MS - 1)
    expect(await db.prekeys.count()).toBe(1)
    await pass(3)
    expect(await db.prekeys.count()).toBe(0)
    over.abort()
    await cleaning
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
    db.close()
  })
})

type Hold = (lock: object) => Promise<unknown>
