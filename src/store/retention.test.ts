import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { LogId, MessageId } from '../domain/ids.ts'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { cleanHistory, type HistoryPlace } from './cleanup.ts'
import { addContact } from './contacts.ts'
import { acceptMessages } from './inbox.ts'
import { FencedError, raiseEpoch } from './leadership.ts'
import { KEPT } from './messages.ts'
import { sendMessage, getPendingMessages, recordRefusal } from './outbox.ts'
import { recordProofs, settle } from './receipts.ts'
import { retentionOf, setRetention } from './retention.ts'
import { expireDue, sendAgain } from './retry.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const HOUR = 3_600_000
const start = 1_700_000_000_000
let db: GigiDatabase
let bobs: GigiDatabase
let epoch: number

beforeEach(async () => {
  db = await databaseOf(alice, start)
  bobs = await databaseOf(bob, start)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
  await addContact(bobs, bob.peerId, { peerId: alice.peerId, nickname: 'Alice', relays: [] }, start)
  // Alice's introduction is delivered, and out of the way.
  await send('', start)
  await prove(1, 2)
  await db.messages.clear()
  await db.message_acknowledgments.clear()
})

const send = (text: string, now: number) =>
  sendMessage(db, conversation, { type: 'Text', text }, now, alice.random.bytes)

/** Bob proves that he has a range of Alice's log. */
async function prove(first: number, last: number, now = start): Promise<void> {
  const log = (await row()).own_log_id ?? ('' as LogId)
  await recordProofs(db, epoch, bob.peerId, [{ conversation, log, accepted: [[first, last]], read: [] }])
  while (await settle(db, epoch, bob.peerId, 100, now));
}

/** All that Bob ever wrote arrives at Alice's. */
async function receive(now: number): Promise<void> {
  const bobsEpoch = await raiseEpoch(bobs)
  const { messages } = await getPendingMessages(bobs, bobsEpoch, alice.peerId, 'test', null, 1000, now)
  const pushed = messages.map((message) => ({ message, signature: new Uint8Array(64), bytes: 100 }))
  const { refused } = await acceptMessages(
    db,
    epoch,
    bob.peerId,
    { nickname: 'Bob', relays: [] },
    pushed,
    'push',
    now,
  )
  expect(refused).toEqual([])
}

const bobWrites = (text: string, now: number) =>
  sendMessage(bobs, conversation, { type: 'Text', text }, now, bob.random.bytes)

async function row(): Promise<ConversationRow> {
  const found = await db.conversations.get(conversation)
  if (found === undefined) throw new Error('no conversation')
  return found
}

async function texts(): Promise<string[]> {
  const rows = await db.messages.where({ conversation_id: conversation }).sortBy('order_key')
  return rows.flatMap(({ content_type, content_json }) =>
    content_type === 'Text' ? [(JSON.parse(content_json) as { text: string }).text] : [],
  )
}

/** A whole cleanup in pieces; returns how many it took. */
async function clean(now: number, limit = 100): Promise<number> {
  let place: HistoryPlace | null = null
  let pieces = 0
  do {
    place = await cleanHistory(db, epoch, place, limit, now)
    pieces += 1
  } while (place !== null)
  return pieces
}

describe('a retention period', () => {
  test('is off at first: everything is kept, however old', async () => {
    await bobWrites('old', start)
    await receive(start)
    await clean(start + 10 * 365 * 24 * HOUR)
    expect(await texts()).toEqual(['old'])
    expect(retentionOf(await row())).toBeNull()
  })

  test('what it deleted does not come again, though its author never learned that it had come', async () => {
    const id = await bobWrites('once', start)
    await receive(start)
    await setRetention(db, conversation, 3600)
    await clean(start + HOUR)
    expect(await texts()).toEqual([])
    const later = start + 30 * 24 * HOUR
    await expireDue(bobs, await raiseEpoch(bobs), later, 10)
    await sendAgain(bobs, id, later, bob.random.bytes)
    await receive(later)
    expect(await texts()).toEqual([])
    expect(await row()).toMatchObject({ unread: 0 })
  })

  test('deletes what was received or delivered so long ago, not by the clock of its author', async () => {
    await bobWrites('from a slow clock', start - 100 * HOUR)
    await receive(start)
    await send('delivered late', start)
    await prove(3, 3, start + 2 * HOUR)
    await setRetention(db, conversation, 3600)
    await clean(start + HOUR - 1)
    expect(await texts()).toEqual(['from a slow clock', 'delivered late'])
    await clean(start + HOUR)
    expect(await texts()).toEqual(['delivered late'])
    await clean(start + 3 * HOUR)
    expect(await texts()).toEqual([])
  })

  test('goes with a message’s queue row and acknowledgements, and leaves those of others', async () => {
    const gone = await send('gone', start)
    const kept = await send('kept', start + HOUR)
    const queued = (await db.offline_queue.get([bob.peerId, gone])) ?? expect.fail('no queue row')
    await prove(3, 3, start)
    await prove(4, 4, start + HOUR)
    // As a crash between proof and settling may leave it.
    await db.offline_queue.put(queued)
    await setRetention(db, conversation, 3600)
    await clean(start + HOUR)
    expect(await db.messages.toCollection().primaryKeys()).toEqual([kept])
    expect(await db.offline_queue.count()).toBe(0)
    expect((await db.message_acknowledgments.toArray()).map((ack) => ack.message_id)).toEqual([kept])
  })

  test('never takes what waits, had its time, or was refused', async () => {
    const late = start + 2 * DEFAULT_CONFIG.message_ttl_seconds * 1000
    await setRetention(db, conversation, 60)
    await send('expired', start)
    await expireDue(db, epoch, late, 100)
    const refused = await send('refused', late)
    await recordRefusal(db, epoch, bob.peerId, refused, 'other', start)
    await send('waits', late)
    await clean(late + 10 * 365 * 24 * HOUR)
    expect(await texts()).toEqual(['expired', 'refused', 'waits'])
    expect(await db.offline_queue.count()).toBe(1)
  })

  test('holds in its own conversation alone', async () => {
    await addContact(db, alice.peerId, { peerId: carol.peerId, nickname: 'Carol', relays: [] }, start)
    const other = directConversationId(alice.peerId, carol.peerId)
    await setRetention(db, other, 60)
    await bobWrites('kept', start)
    await receive(start)
    await clean(start + 100 * HOUR, 1)
    expect(await texts()).toEqual(['kept'])
  })

  test('keeps the unread count and the preview true', async () => {
    await setRetention(db, conversation, 3600)
    for (const text of ['one', 'two']) await bobWrites(text, start)
    await receive(start)
    await bobWrites('three', start + HOUR)
    await receive(start + HOUR)
    expect((await row()).unread).toBe(3)
    await clean(start + HOUR)
    expect(await row()).toMatchObject({ unread: 1, preview: { text: 'three' } })
    await clean(start + 2 * HOUR)
    expect((await row()).unread).toBe(0)
    expect(await row()).not.toHaveProperty('preview')
  })

  test('shows the newest that is left where a newer message went first', async () => {
    await setRetention(db, conversation, 3600)
    await send('waits', start)
    await bobWrites('from a fast clock', start + 1000 * HOUR)
    await receive(start)
    expect((await row()).preview?.text).toBe('from a fast clock')
    await clean(start + HOUR)
    expect((await row()).preview).toMatchObject({ text: 'waits', direction: 'Sent' })
  })

  test('makes no one send again: what was accepted stays accepted', async () => {
    await bobWrites('once', start)
    await receive(start)
    const before = await db.logs.toArray()
    await setRetention(db, conversation, 60)
    await clean(start + HOUR)
    expect(await db.logs.toArray()).toEqual(before)
    await receive(start + HOUR)
    expect(await texts()).toEqual([])
    expect((await row()).unread).toBe(0)
  })
})

describe('the cleanup', () => {
  test('looks at a bounded number of rows at a time, also where many share a place', async () => {
    await setRetention(db, conversation, 3600)
    const ids: MessageId[] = []
    for (let i = 0; i < 25; i++) ids.push(await bobWrites(String(i), start + i))
    await receive(start)
    await db.messages.toCollection().modify({ order_key: '8' })
    // Every third is kept, so that pieces end among rows that stay.
    const kept = ids.filter((_, i) => i % 3 === 0)
    await db.messages
      .where('id')
      .anyOf(kept)
      .modify({ delivered_at: start + HOUR })
    expect(await clean(start + HOUR, 4)).toBeGreaterThan(6)
    // Bob's introduction came first, and is gone.
    const left = await db.messages.toCollection().primaryKeys()
    expect(left.sort()).toEqual(kept.sort())
  })

  test('writes the end of retention into the rows, and takes it back when the period is turned off', async () => {
    await bobWrites('x', start)
    await receive(start)
    const ends = async () => [...new Set((await db.messages.toArray()).map((message) => message.expires_at))]
    expect(await ends()).toEqual([KEPT])
    await setRetention(db, conversation, 7200)
    await clean(start)
    expect(await ends()).toEqual([start + 2 * HOUR])
    await setRetention(db, conversation, null)
    expect(retentionOf(await row())).toBeNull()
    await clean(start + 100 * HOUR)
    expect(await ends()).toEqual([KEPT])
    expect(await row()).not.toHaveProperty('retention_seconds')
  })

  test('begins a conversation anew when its period changes meanwhile', async () => {
    await setRetention(db, conversation, 7200)
    for (let i = 0; i < 10; i++) await bobWrites(String(i), start)
    await receive(start)
    let place = await cleanHistory(db, epoch, null, 100, start + HOUR)
    place = await cleanHistory(db, epoch, place, 5, start + HOUR)
    await setRetention(db, conversation, 3600)
    while (place !== null) place = await cleanHistory(db, epoch, place, 5, start + HOUR)
    expect(await texts()).toEqual([])
  })

  test('is fenced', async () => {
    await raiseEpoch(db)
    await expect(cleanHistory(db, epoch, null, 10, start)).rejects.toThrow(FencedError)
  })
})

test('a delivered message is kept, though it was to be tried for a week only', async () => {
  const id = await send('x', start)
  await prove(3, 3)
  expect((await db.messages.get(id))?.expires_at).toBe(KEPT)
})
