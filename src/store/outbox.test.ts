import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { NotAcceptedError } from './log-writer.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, setContactState } from './contacts.ts'
import { getHistory } from './history.ts'
import { saveConfig } from './identity.ts'
import { FencedError, raiseEpoch } from './leadership.ts'
import { addContactByInvite, sendMessage, queuedPeers, getPendingMessages, recordRefusal } from './outbox.ts'
import { recordProofs } from './receipts.ts'
import type { GigiDatabase } from './schema.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const now = 1_700_000_000_000
let db: GigiDatabase
let epoch: number

const text = (words: string) => ({ type: 'Text', text: words }) as const
const send = (words: string, at = now) => sendMessage(db, conversation, text(words), at, alice.random.bytes)

beforeEach(async () => {
  db = await databaseOf(alice, now)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, now)
})

describe('sending', () => {
  test('D1: message, queue row, log and conversation are one commit', async () => {
    const id = await send('hello')
    expect(await db.messages.get(id)).toMatchObject({
      msg_type: 'Direct',
      direction: 'Sent',
      content_type: 'Text',
      content_json: '{"type":"Text","text":"hello"}',
      sender_nickname: 'Alice',
      recipient_nickname: 'Bob',
      peer_id: alice.peerId,
      timestamp: now,
      created_at: now,
      delivered: 0,
      sync_status: 'Pending',
      sync_attempts: 0,
      expires_at: now + 604_800_000,
      // The introduction went before.
      seq: 2,
    })
    expect(await db.offline_queue.get([bob.peerId, id])).toMatchObject({
      target_nickname: 'Bob',
      status: 'Pending',
      retry_count: 0,
      max_retries: 10,
      queued_at: now,
    })
    expect((await db.conversations.get(conversation))?.preview).toMatchObject({
      text: 'hello',
      direction: 'Sent',
    })
  })

  test('ids, sequence numbers and clocks rise, though many are sent in one millisecond and the clock goes back', async () => {
    for (let i = 0; i < 20; i++) await send(String(i), i === 10 ? now - 86_400_000 : now)
    const { rows } = await getHistory(db, conversation, null, 50)
    const texts = rows.slice(1).map((row) => (JSON.parse(row.content_json) as { text: string }).text)
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1))
    expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).sort())
  })

  test('the same token twice is one message', async () => {
    const under = (token: string) => sendMessage(db, conversation, text('x'), now, alice.random.bytes, token)
    const id = await under('a')
    expect(await under('a')).toBe(id)
    expect(await under('b')).not.toBe(id)
    expect(await db.messages.count()).toBe(3)
  })

  test('the same token is one message however much was sent since, also when that was deleted', async () => {
    const under = (token: string) => sendMessage(db, conversation, text('x'), now, alice.random.bytes, token)
    const id = await under('noted')
    for (let i = 0; i < 200; i++) await under(`token ${i}`)
    await db.messages.delete(id)
    expect(await under('noted')).toBe(id)
    expect(await db.messages.count()).toBe(201)
  })

  test('nothing can be sent to a stranger or to someone blocked, and nothing is written then', async () => {
    await setContactState(db, alice.peerId, bob.peerId, 'blocked')
    await expect(send('hello')).rejects.toThrow(NotAcceptedError)
    expect(await db.messages.count()).toBe(0)
    expect(await db.offline_queue.count()).toBe(0)
  })

  test('the same link twice introduces us once; a renewed one again', async () => {
    const byLink = (inviteSecret: string) =>
      addContactByInvite(
        db,
        { peerId: carol.peerId, nickname: 'Carol', relays: [], inviteSecret },
        now,
        alice.random.bytes,
      )
    const secrets = ['AAAAAAAAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBBBBBBBA']
    await byLink(secrets[0] ?? '')
    await byLink(secrets[0] ?? '')
    expect(await db.messages.toArray()).toMatchObject([{ content_type: 'Introduction', seq: 1 }])
    await byLink(secrets[1] ?? '')
    expect((await db.messages.toArray()).map((row) => row.seq)).toEqual([1, 2])
  })
})

test('the same link again unblocks whom it names, and they are owed word of it', async () => {
  const invite = { peerId: bob.peerId, nickname: 'Bob', relays: [], inviteSecret: 'AAAAAAAAAAAAAAAAAAAAAA' }
  await addContactByInvite(db, invite, now, alice.random.bytes)
  await setContactState(db, alice.peerId, bob.peerId, 'blocked')
  await addContactByInvite(db, invite, now, alice.random.bytes)
  expect((await db.contacts.get(bob.peerId))?.state).toBe('accepted')
  expect(await db.owed.get(bob.peerId)).toBeDefined()
})

describe('the outbox', () => {
  test('is read oldest first, in pieces, without what the peer has', async () => {
    await saveConfig(db, { ...DEFAULT_CONFIG, max_batch_size: 3 })
    for (const words of ['a', 'b', 'c', 'd']) await send(words)
    const first = await getPendingMessages(db, epoch, bob.peerId, 'session', null, 1, now)
    expect(first.messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
    const log = first.messages[0]?.log_id
    if (log === undefined) throw new Error('no log')
    await recordProofs(db, epoch, bob.peerId, [
      {
        conversation,
        log,
        accepted: [
          [1, 2],
          [4, 4],
        ],
        read: [],
      },
    ])
    expect(
      (await getPendingMessages(db, epoch, bob.peerId, 'session', null, 9, now)).messages.map(
        ({ seq }) => seq,
      ),
    ).toEqual([3, 5])
    const rest = await getPendingMessages(db, epoch, bob.peerId, 'session', first.cursor, 9, now)
    expect(rest.messages.map(({ seq }) => seq)).toEqual([5])
    expect(await getPendingMessages(db, epoch, bob.peerId, 'session', rest.cursor, 9, now)).toMatchObject({
      messages: [],
      more: false,
    })
  })

  test('knows for whom something waits', async () => {
    expect(await queuedPeers(db, 10)).toEqual([])
    await send('a')
    await addContact(db, alice.peerId, { peerId: carol.peerId, nickname: 'Carol', relays: [] }, now)
    await sendMessage(
      db,
      directConversationId(alice.peerId, carol.peerId),
      text('b'),
      now,
      alice.random.bytes,
    )
    expect(new Set(await queuedPeers(db, 10))).toEqual(new Set([bob.peerId, carol.peerId]))
    expect(await queuedPeers(db, 1)).toHaveLength(1)
  })

  test('D5: what is refused for good leaves the queue and says so; what is not ours to lose stays', async () => {
    const id = await send('a')
    await recordRefusal(db, epoch, carol.peerId, id, 'not-member', now)
    expect(await db.offline_queue.get([bob.peerId, id])).toBeDefined()
    await recordRefusal(db, epoch, bob.peerId, id, 'not-member', now)
    expect(await db.offline_queue.get([bob.peerId, id])).toBeUndefined()
    expect((await db.messages.get(id))?.refusal).toBe('not-member')
  })

  test('D8: a leader that was replaced reads and writes nothing', async () => {
    const id = await send('a')
    await raiseEpoch(db)
    await expect(getPendingMessages(db, epoch, bob.peerId, 'session', null, 1, now)).rejects.toThrow(
      FencedError,
    )
    await expect(recordRefusal(db, epoch, bob.peerId, id, 'other', now)).rejects.toThrow(FencedError)
    expect(await db.offline_queue.get([bob.peerId, id])).toBeDefined()
  })
})
