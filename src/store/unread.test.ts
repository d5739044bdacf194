import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person, type Person } from '../testing/people.ts'
import { addContact, setContactState } from './contacts.ts'
import type { ContactState, ConversationRow, GigiDatabase, MessageRow } from './schema.ts'
import { beginTelling, countUnread, endTelling, readUnread, unreadSince } from './unread.ts'

const [bob, alice, carol] = [person('Bob', 1), person('Alice', 2), person('Carol', 3)]
const NOW = 1_000_000

let db: GigiDatabase

beforeEach(async () => {
  db = await databaseOf(bob, NOW)
})
afterEach(() => db.delete())

/** A conversation like that, with someone to whom we stand so. */
async function meet(
  { peerId, nickname }: Person,
  changed: Partial<ConversationRow>,
  state: ContactState = 'accepted',
): Promise<ConversationRow> {
  const row = await addContact(db, bob.peerId, { peerId, nickname, relays: [] }, NOW)
  await setContactState(db, bob.peerId, peerId, state)
  await db.conversations.update(row.id, changed)
  return row
}

const withBob = ({ peerId }: Person) => directConversationId(bob.peerId, peerId)

const since = async (before: { peer: Person; unread: number }[]): Promise<string[]> =>
  (
    await unreadSince(
      db,
      before.map(({ peer, unread }) => ({ conversation: withBob(peer), unread })),
      await readUnread(db, NOW),
    )
  ).map(({ name, unread }) => `${name} ${unread}`)

test('what has more unread than before is found', async () => {
  await meet(alice, { unread: 3 })
  await meet(carol, { unread: 2 })
  expect(await since([])).toEqual(expect.arrayContaining(['Alice 3', 'Carol 2']))
  expect(await since([{ peer: carol, unread: 2 }])).toEqual(['Alice 3'])
  expect(
    await since([
      { peer: carol, unread: 5 },
      { peer: alice, unread: 2 },
    ]),
  ).toEqual(['Alice 3'])
})

test('what is muted is neither found nor counted, until that is over', async () => {
  await meet(alice, { unread: 3, muted_until: NOW + 1 })
  await meet(carol, { unread: 2, muted_until: NOW })
  expect(await since([])).toEqual(['Carol 2'])
  expect(await countUnread(db, NOW)).toBe(2)
  expect(await countUnread(db, NOW + 1)).toBe(5)
})

test('who is blocked is neither found nor counted', async () => {
  await meet(alice, { unread: 3 }, 'blocked')
  expect(await since([])).toEqual([])
  expect(await countUnread(db, NOW)).toBe(0)
})

test('a request is found when it begins, and no more, though its beginning was displayed since', async () => {
  const { id } = await meet(alice, { unread: 1 }, 'request')
  expect(await since([])).toEqual(['Alice 1'])
  await db.conversations.update(id, { unread: 2 })
  expect(await since([{ peer: alice, unread: 1 }])).toEqual([])
  const displayed = {
    ...{ id: 'm', conversation_id: id, order_key: '1', log_id: 'l', seq: 1 },
    ...{ direction: 'Received', content_type: 'Text', read: 1 },
  } as unknown as MessageRow
  await db.messages.add(displayed)
  await db.conversations.update(id, { unread: 1 })
  expect(await since([])).toEqual([])
})

test('what was unread when the telling began is kept until it has ended', async () => {
  const { id } = await meet(alice, { unread: 1 })
  const before = [{ conversation: withBob(alice), unread: 1 }]
  expect(await beginTelling(db)).toEqual(before)
  await db.conversations.update(id, { unread: 2 })
  expect(await beginTelling(db)).toEqual(before)
  await endTelling(db)
  expect(await beginTelling(db)).toEqual([{ conversation: withBob(alice), unread: 2 }])
})
