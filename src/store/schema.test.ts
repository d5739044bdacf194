import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { expect, test } from 'vitest'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact } from './contacts.ts'
import { sendMessage } from './outbox.ts'
import { GigiDatabase } from './schema.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const now = 1_700_000_000_000
const conversation = directConversationId(alice.peerId, bob.peerId)

test('a text that was under way when the app was updated from version 2 is not sent twice', async () => {
  const db = await databaseOf(alice, now)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, now)
  const rows = { conversations: await db.conversations.toArray(), contacts: await db.contacts.toArray() }
  const identity = await db.identity.toArray()
  const installation = await db.installation.toArray()
  const { name } = db
  await db.delete()

  const old = new Dexie(name)
  old
    .version(2)
    .stores({ identity: 'id', installation: 'key', contacts: 'peer_id, state', conversations: 'id' })
  await old.table('identity').bulkAdd(identity)
  await old.table('installation').bulkAdd(installation)
  await old.table('contacts').bulkAdd(rows.contacts)
  await old
    .table('conversations')
    .bulkAdd(
      rows.conversations.map((row) => ({ ...row, sent_tokens: [{ token: 'noted', id: 'the first' }] })),
    )
  old.close()

  const updated = new GigiDatabase(name)
  const content = { type: 'Text', text: 'x' } as const
  expect(await sendMessage(updated, conversation, content, now, alice.random.bytes, 'noted')).toBe(
    'the first',
  )
  expect(await updated.conversations.get(conversation)).not.toHaveProperty('sent_tokens')
  updated.close()
})
