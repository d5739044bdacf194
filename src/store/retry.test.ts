import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { NEVER } from '../domain/backoff.ts'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { LogId, MessageId } from '../domain/ids.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { cleanAcknowledgments, cleanTokens, TOKEN_LIFE_MS } from './cleanup.ts'
import { addContact, setContactState } from './contacts.ts'
import { saveConfig } from './identity.ts'
import { raiseEpoch } from './leadership.ts'
import { releaseLease } from './leases.ts'
import { beginDeposit, noteHeld, readUnposted, strikeOut } from './deposits.ts'
import { sendMessage, getPendingMessages } from './outbox.ts'
import { recordProofs, settle } from './receipts.ts'
import { beginDueAttempts, expireDue, fillVacated, nextDue, sendAgain } from './retry.ts'
import type { GigiDatabase } from './schema.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const start = 1_700_000_000_000
const TTL = DEFAULT_CONFIG.message_ttl_seconds * 1000
let db: GigiDatabase
let epoch: number
let underWay = false

beforeEach(async () => {
  underWay = false
  db = await databaseOf(alice, start)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
})

const send = (text: string, now = start) =>
  sendMessage(db, conversation, { type: 'Text', text }, now, alice.random.bytes)
const queueRow = (id: MessageId) => db.offline_queue.get([bob.peerId, id])
const begin = async (now: number) =>
  (
    await beginDueAttempts(
      db,
      epoch,
      now,
      100,
      () => 0,
      () => underWay,
    )
  ).tried
const outbox = async (now: number, holder = 'session') =>
  (await getPendingMessages(db, epoch, bob.peerId, holder, null, 100, now)).messages
const proof = async (accepted: [number, number][]) => {
  const log = (await db.conversations.get(conversation))?.own_log_id ?? ('' as LogId)
  await recordProofs(db, epoch, bob.peerId, [{ conversation, log, accepted, read: [] }])
  while (await settle(db, epoch, bob.peerId, 100, start));
}

describe('timed attempts', () => {
  test('bring what changed in the configuration to what waits', async () => {
    const id = await send('w')
    await saveConfig(db, { ...DEFAULT_CONFIG, message_ttl_seconds: 3600 })
    expect(await db.messages.get(id)).toMatchObject({ expires_at: start + TTL })
    await begin(start + DEFAULT_CONFIG.retry_interval_seconds * 1100)
    expect(await queueRow(id)).toMatchObject({ retry_count: 1, expires_at: start + 3_600_000 })
    expect(await db.messages.get(id)).toMatchObject({ expires_at: start + 3_600_000 })
    // What people do not see is tried for as long as it takes.
    const [introduction] = await db.messages.orderBy('id').toArray()
    expect(introduction).toMatchObject({ content_type: 'Introduction', expires_at: Number.MAX_SAFE_INTEGER })
  })

  test('come due on the schedule, count, and end after the last; the message then waits for its recipient', async () => {
    // The introduction has a schedule of its own.
    await send('w')
    await db.offline_queue.clear()
    const id = await send('x')
    const waits: number[] = []
    let now = start
    for (;;) {
      const due = (await queueRow(id))?.next_retry_at ?? 0
      if (due === NEVER) break
      waits.push(due - now)
      expect(await begin(due - 1)).toEqual([])
      now = due
      expect(await begin(now)).toEqual([bob.peerId])
    }
    // The first carries the jitter of its row; the others were given none here.
    expect(waits.slice(1).map((wait) => wait / 60_000)).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560])
    expect(waits[0]).toBeGreaterThanOrEqual(300_000)
    expect(waits[0]).toBeLessThanOrEqual(330_000)
    expect(await queueRow(id)).toMatchObject({ retry_count: 10, last_retry_at: now, status: 'Pending' })
    expect(await db.messages.get(id)).toMatchObject({ sync_attempts: 10, last_sync_attempt: now })
    expect((await nextDue(db)).attempt).toBeNull()
    expect((await outbox(now)).map((m) => m.id)).toContain(id)
  })

  test('rest while their recipient is blocked, and go on afterwards', async () => {
    const [tried, parked] = [await send('x'), await send('y')]
    await db.offline_queue.update([bob.peerId, parked], { retry_count: 10, next_retry_at: NEVER })
    await setContactState(db, alice.peerId, bob.peerId, 'blocked')
    const due = start + 330_000
    expect(await begin(due)).toEqual([])
    expect((await nextDue(db)).attempt).toBeNull()
    await setContactState(db, alice.peerId, bob.peerId, 'accepted')
    expect(await begin(due)).toEqual([bob.peerId])
    expect((await queueRow(tried))?.retry_count).toBe(1)
    expect(await queueRow(parked)).toMatchObject({ retry_count: 10, next_retry_at: NEVER })
  })

  test('are put off, and not counted, where a push is under way', async () => {
    const id = await send('x')
    const due = (await queueRow(id))?.next_retry_at ?? 0
    underWay = true
    expect(await begin(due)).toEqual([])
    const interval = DEFAULT_CONFIG.retry_interval_seconds * 1000
    expect(await queueRow(id)).toMatchObject({ retry_count: 0, next_retry_at: due + interval })
  })

  test('follow the configuration: for new rows at once, for queued ones from their next scheduling', async () => {
    const id = await send('x')
    await saveConfig(db, { ...DEFAULT_CONFIG, retry_interval_seconds: 1, max_retry_attempts: 2 })
    const other = await send('y')
    expect((await queueRow(other))?.next_retry_at).toBeLessThanOrEqual(start + 1100)
    const due = (await queueRow(id))?.next_retry_at ?? 0
    expect(due).toBeGreaterThan(start + 100_000)
    await begin(due)
    expect(await queueRow(id)).toMatchObject({ retry_count: 1, max_retries: 2, next_retry_at: due + 2000 })
  })
})

describe('a message that had its time', () => {
  test('is tried no longer, says so, and is kept; an introduction has no end', async () => {
    const id = await send('x')
    expect((await nextDue(db)).expiry).toBe(start + TTL)
    expect(await expireDue(db, epoch, start + TTL - 1, 100)).toBe(false)
    expect(await queueRow(id)).toBeDefined()
    // Past its time nothing goes out, though nobody has looked yet.
    expect((await outbox(start + TTL)).map((m) => m.content.type)).toEqual(['Introduction'])
    await expireDue(db, epoch, start + TTL, 100)
    expect(await queueRow(id)).toBeUndefined()
    expect(await db.messages.get(id)).toMatchObject({ expired_at: start + TTL, sync_status: 'Pending' })
    expect(await db.offline_queue.count()).toBe(1)
  })

  test('that arrived all the same is moved on by the late proof', async () => {
    const id = await send('x')
    await expireDue(db, epoch, start + TTL, 100)
    await proof([[1, 2]])
    expect(await db.messages.get(id)).toMatchObject({ delivered: 1, sync_status: 'Delivered' })
    await sendAgain(db, id, start + TTL, alice.random.bytes)
    expect(await queueRow(id)).toBeUndefined()
  })

  test('is sent again under its old id at a new place, and its old place is filled by a void', async () => {
    const id = await send('x')
    const before = await db.messages.get(id)
    await expireDue(db, epoch, start + TTL, 100)
    const now = start + TTL + 5
    await sendAgain(db, id, now, alice.random.bytes)
    await sendAgain(db, id, now, alice.random.bytes)
    const after = await db.messages.get(id)
    expect(after).toMatchObject({
      seq: 3,
      timestamp: now,
      content_json: before?.content_json,
      nonce: before?.nonce,
    })
    expect(after).not.toHaveProperty('expired_at')
    expect(await db.messages.count()).toBe(2)
    await proof([[1, 1]])
    await fillVacated(db, epoch, bob.peerId, now, 100, alice.random.bytes)
    const out = await outbox(now)
    expect(out.map(({ seq, content }) => [seq, content.type])).toEqual([
      [3, 'Text'],
      [2, 'Void'],
    ])
    await proof([[1, 3]])
    expect(await db.messages.get(id)).toMatchObject({ sync_status: 'Delivered' })
    expect(await db.offline_queue.count()).toBe(0)
  })

  test('is not said to lie in a mailbox that has lost it', async () => {
    const id = await send('x')
    const message = (await readUnposted(db, epoch, bob.peerId, 10, start)).at(-1)
    if (message === undefined) throw new Error('nothing waits')
    const letter = { id: 'AAAAAAAAAAAAAAAAAAAAAA', grant: Uint8Array.of(1) }
    await beginDeposit(db, epoch, bob.peerId, letter, [message], start)
    await noteHeld(db, epoch, bob.peerId, [letter.id])
    await expireDue(db, epoch, start + TTL, 100)
    expect(await db.messages.get(id)).toMatchObject({ sync_status: 'Synced' })
    await strikeOut(db, epoch, bob.peerId, [letter.id])
    expect(await db.messages.get(id)).toMatchObject({ sync_status: 'Pending', expired_at: start + TTL })
  })

  test('is sent again where it stands while it lies in a mailbox: it may still arrive there', async () => {
    const id = await send('x')
    const message = (await readUnposted(db, epoch, bob.peerId, 10, start)).at(-1)
    if (message === undefined) throw new Error('nothing waits')
    const letter = { id: 'AAAAAAAAAAAAAAAAAAAAAA', grant: Uint8Array.of(1) }
    await beginDeposit(db, epoch, bob.peerId, letter, [message], start)
    await noteHeld(db, epoch, bob.peerId, [letter.id])
    await expireDue(db, epoch, start + TTL, 100)
    expect(await db.messages.get(id)).toMatchObject({ expired_at: start + TTL })
    const now = start + TTL + 5
    await proof([[1, 1]])
    // No void takes the number of what may still arrive.
    await fillVacated(db, epoch, bob.peerId, now, 100, alice.random.bytes)
    expect(await outbox(now)).toEqual([])
    await sendAgain(db, id, now, alice.random.bytes)
    const after = await db.messages.get(id)
    expect(after).toMatchObject({ seq: message.seq, sync_status: 'Synced', expires_at: now + TTL })
    expect(after).not.toHaveProperty('expired_at')
    expect(await queueRow(id)).toMatchObject({ item_id: letter.id })
    // Its number is not to be filled any more; and when the mailbox loses it, it goes out anew.
    await strikeOut(db, epoch, bob.peerId, [letter.id])
    await fillVacated(db, epoch, bob.peerId, now, 100, alice.random.bytes)
    expect((await outbox(now)).map(({ seq, content }) => [seq, content.type])).toEqual([
      [message.seq, 'Text'],
    ])
  })

  test('and was given up for good leaves no hole; a proof for the void says nothing of the message', async () => {
    const id = await send('x')
    await expireDue(db, epoch, start + TTL, 100)
    await fillVacated(db, epoch, bob.peerId, start + TTL, 100, alice.random.bytes)
    await fillVacated(db, epoch, bob.peerId, start + TTL, 100, alice.random.bytes)
    expect((await outbox(start + TTL)).map(({ seq, content }) => [seq, content.type])).toEqual([
      [1, 'Introduction'],
      [2, 'Void'],
    ])
    await proof([[1, 2]])
    expect(await db.messages.get(id)).toMatchObject({ delivered: 0, sync_status: 'Pending' })
  })
})

describe('leases', () => {
  test('one holder at a time; void when given back, run out, or of an earlier leader', async () => {
    await send('x')
    expect(await outbox(start, 'one')).toHaveLength(2)
    expect(await outbox(start, 'two')).toHaveLength(0)
    await releaseLease(db, bob.peerId, 'two')
    expect(await outbox(start, 'two')).toHaveLength(0)
    await releaseLease(db, bob.peerId, 'one')
    expect(await outbox(start, 'two')).toHaveLength(2)
    expect(await outbox(start + 60_001, 'three')).toHaveLength(2)
    epoch = await raiseEpoch(db)
    expect(await outbox(start + 60_002, 'four')).toHaveLength(2)
  })
})

test('cleanup takes acknowledgements that say nothing any more, piece by piece, and no others', async () => {
  for (let i = 0; i < 5; i++) await send(String(i))
  const log = (await db.conversations.get(conversation))?.own_log_id ?? ('' as LogId)
  await recordProofs(db, epoch, bob.peerId, [{ conversation, log, accepted: [[1, 4]], read: [[2, 3]] }])
  while (await settle(db, epoch, bob.peerId, 100, start));
  const clean = async (now: number): Promise<number> => {
    let cursor: string | null = null
    do cursor = await cleanAcknowledgments(db, epoch, cursor, 2, now)
    while (cursor !== null)
    return db.message_acknowledgments.count()
  }
  expect(await clean(start + TTL)).toBe(6)
  expect(await clean(start + TTL + 1)).toBe(2)
})

test('cleanup forgets tokens that have had their time, piece by piece, and no others', async () => {
  const under = (token: string, now: number) =>
    sendMessage(db, conversation, { type: 'Text', text: 'x' }, now, alice.random.bytes, token)
  for (const [i, token] of ['a', 'b', 'c', 'd'].entries()) await under(token, start + i)
  while (await cleanTokens(db, epoch, 2, start + 2 + TOKEN_LIFE_MS));
  expect((await db.sent_tokens.toArray()).map(({ token }) => token)).toEqual(['c', 'd'])
})
