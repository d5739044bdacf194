import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, expect, test } from 'vitest'
import { addContact } from '../store/contacts.ts'
import { GigiDatabase } from '../store/schema.ts'
import { beginTelling } from '../store/unread.ts'
import { person, type Person } from '../testing/people.ts'
import { watchArrivals } from './errand.ts'
import { type Tell, tellSince } from './telling.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]

afterEach(() => Dexie.delete('gigi'))

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
  expect(await watching).toMatchObject([{ conversation: atAlice.id, name: 'Alice' }])
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
