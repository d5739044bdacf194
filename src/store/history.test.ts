import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, setContactState } from './contacts.ts'
import { cursorOf, getHistory, getHistoryFrom, readConversations } from './history.ts'
import { sendMessage } from './outbox.ts'

const alice = person('Alice', 1)
const now = 1_700_000_000_000

test('pages put together are the whole conversation, each message once, in order', async () => {
  const db = await databaseOf(alice, now)
  const bob = person('Bob', 2)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, now)
  const conversation = directConversationId(alice.peerId, bob.peerId)
  for (let i = 0; i < 23; i++)
    await sendMessage(db, conversation, { type: 'Text', text: String(i) }, now, alice.random.bytes)
  // Rows that share an order key, as those of two installations can, are paged over all the same.
  await db.messages.toCollection().modify((row) => {
    row.order_key = row.order_key.slice(0, 11) + '-' + row.order_key.slice(12)
  })
  const seen: number[] = []
  let before: string | undefined
  for (;;) {
    const page = await getHistory(db, conversation, before ?? null, 5)
    expect(page.rows.length).toBeLessThanOrEqual(5)
    seen.unshift(...page.rows.map((row) => row.seq))
    if (!page.more) break
    before = page.rows[0] === undefined ? undefined : cursorOf(page.rows[0])
  }
  const all = Array.from({ length: 24 }, (_, i) => i + 1)
  expect(seen).toEqual(all)
  const { rows } = await getHistory(db, conversation, null, 24)
  for (const [i, row] of rows.entries()) {
    const page = await getHistoryFrom(db, conversation, cursorOf(row), 5)
    expect(page.rows.map(({ seq }) => seq)).toEqual(all.slice(i, i + 5))
    expect(page.more).toBe(i + 5 < 24)
  }
  // Voids between them are passed over, and a cursor need not be there any more.
  const [first, second] = rows
  if (first === undefined || second === undefined) throw new Error('no rows')
  await db.messages.delete(first.id)
  await db.messages.bulkUpdate(
    rows.slice(2, 20).map(({ id }) => ({ key: id, changes: { content_type: 'Void' } })),
  )
  const page = await getHistoryFrom(db, conversation, cursorOf(first), 4)
  expect(page).toMatchObject({ rows: [{ seq: 2 }, { seq: 21 }, { seq: 22 }, { seq: 23 }], more: true })
})

test('conversations are listed by latest activity, blocked ones are not', async () => {
  const db = await databaseOf(alice, now)
  const people = [person('a', 11), person('b', 12), person('c', 13)]
  for (const [i, { peerId, nickname }] of people.entries())
    await addContact(db, alice.peerId, { peerId, nickname, relays: [] }, now + i)
  await sendMessage(
    db,
    directConversationId(alice.peerId, people[0]?.peerId ?? alice.peerId),
    { type: 'Text', text: 'x' },
    now + 10,
    alice.random.bytes,
  )
  expect((await readConversations(db, 10)).map((row) => row.title)).toEqual(['a', 'c', 'b'])
  await setContactState(db, alice.peerId, people[2]?.peerId ?? alice.peerId, 'blocked')
  expect((await readConversations(db, 10)).map((row) => row.title)).toEqual(['a', 'b'])
})
