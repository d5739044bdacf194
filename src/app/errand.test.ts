import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, expect, test } from 'vitest'
import { addContact } from '../store/contacts.ts'
import { GigiDatabase } from '../store/schema.ts'
import { person, type Person } from '../testing/people.ts'
import { watchArrivals } from './errand.ts'

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
  expect(await watching).toMatchObject([{ peer: alice.peerId, name: 'Alice' }])
  db.close()
})
