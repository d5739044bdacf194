import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { LogId, MessageId } from '../domain/ids.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact } from './contacts.ts'
import { readDelivery } from './delivery.ts'
import { raiseEpoch } from './leadership.ts'
import { sendMessage } from './outbox.ts'
import { recordProofs, settle } from './receipts.ts'
import { beginDueAttempts } from './retry.ts'
import type { GigiDatabase } from './schema.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const start = 1_700_000_000_000
let db: GigiDatabase
let epoch: number
let id: MessageId

beforeEach(async () => {
  db = await databaseOf(alice, start)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
  id = await sendMessage(db, conversation, { type: 'Text', text: 'x' }, start, alice.random.bytes)
})

test('of what waits: since when, how often it was tried, and when it is next', async () => {
  const due = (await readDelivery(db, id))?.nextAttempt ?? 0
  expect(due).toBeGreaterThan(start)
  await beginDueAttempts(
    db,
    epoch,
    due,
    100,
    () => 0,
    () => false,
  )
  expect(await readDelivery(db, id)).toEqual({
    queued: start,
    attempts: 1,
    nextAttempt: due + 2 * DEFAULT_CONFIG.retry_interval_seconds * 1000,
    inMailbox: null,
    expires: start + DEFAULT_CONFIG.message_ttl_seconds * 1000,
    delivered: null,
    read: null,
  })
})

test('of what arrived: when it did, and when it was read', async () => {
  const log = (await db.conversations.get(conversation))?.own_log_id ?? ('' as LogId)
  await recordProofs(db, epoch, bob.peerId, [{ conversation, log, accepted: [[1, 2]], read: [] }])
  while (await settle(db, epoch, bob.peerId, 100, start + 1));
  expect(await readDelivery(db, id)).toMatchObject({ queued: null, nextAttempt: null, delivered: start + 1 })
  await recordProofs(db, epoch, bob.peerId, [{ conversation, log, accepted: [[1, 2]], read: [[1, 2]] }])
  while (await settle(db, epoch, bob.peerId, 100, start + 2));
  expect(await readDelivery(db, id)).toMatchObject({ delivered: start + 1, read: start + 2 })
})

test('of what is not ours nothing is known', async () => {
  await db.messages.update(id, { direction: 'Received' })
  expect(await readDelivery(db, id)).toBeNull()
  expect(await readDelivery(db, 'none' as MessageId)).toBeNull()
})
