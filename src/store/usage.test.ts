import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact } from './contacts.ts'
import { sendMessage } from './outbox.ts'
import { largestConversations } from './usage.ts'

const alice = person('Alice', 1)
const others = [person('Bob', 2), person('Carol', 3), person('Dave', 4)]
const now = 1_700_000_000_000

test('the conversations with the most messages come first, and those without any not at all', async () => {
  const db = await databaseOf(alice, now)
  for (const [i, { peerId, nickname }] of others.entries()) {
    await addContact(db, alice.peerId, { peerId, nickname, relays: [] }, now)
    const id = directConversationId(alice.peerId, peerId)
    for (let n = 0; n < i; n++)
      await sendMessage(db, id, { type: 'Text', text: 'x' }, now + n, alice.random.bytes)
  }
  const named = async (limit: number) =>
    (await largestConversations(db, 10, limit)).map(({ row, messages }) => [row.title, messages])
  // An introduction goes before the first.
  expect(await named(5)).toEqual([
    ['Dave', 3],
    ['Carol', 2],
  ])
  expect(await named(1)).toEqual([['Dave', 3]])
})
