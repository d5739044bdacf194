/** What contacts say of themselves, by letter and in sessions, in whatever order it comes (SPEC 19.5). */
import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import type { InstallationId } from '../domain/ids.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, takeCard, updateContact } from './contacts.ts'
import { raiseEpoch } from './leadership.ts'
import { readContact } from './people.ts'
import type { GigiDatabase } from './schema.ts'

const DAY = 86_400_000
const [monday, tuesday, wednesday, thursday] = [1, 2, 3, 4].map((day) => day * DAY) as [
  number,
  number,
  number,
  number,
]
const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const OLD = { nickname: 'Bob', relays: ['one'] }
const NEW = { nickname: 'Bobby', relays: ['two'] }

let db: GigiDatabase
let epoch: number

beforeEach(async () => {
  db = await databaseOf(alice, monday)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, ...OLD }, monday)
})

/** In a session then, with a tab that is open since Monday. */
const hear = (said: typeof OLD, now: number) => {
  const start = { installation: 'i' as InstallationId, started: monday, signature: new Uint8Array(64) }
  return updateContact(db, epoch, alice.peerId, bob.peerId, { ...start, ...said }, now)
}
const read = (said: typeof OLD, written: number) =>
  takeCard(db, epoch, alice.peerId, bob.peerId, said, written)
const known = async () => {
  const { nickname, relays } = (await readContact(db, bob.peerId)) ?? {}
  return { nickname, relays }
}

test('an old letter does not undo what a later session said, and a later letter does', async () => {
  await hear(NEW, wednesday)
  await read(OLD, tuesday)
  expect(await known()).toEqual(NEW)
  await read(OLD, thursday)
  expect(await known()).toEqual(OLD)
})

test('nor where the session said what was known before', async () => {
  await hear(NEW, monday)
  await hear(NEW, wednesday)
  await read(OLD, tuesday)
  expect(await known()).toEqual(NEW)
})
