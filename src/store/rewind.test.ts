import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { LogId, MessageId } from '../domain/ids.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact } from './contacts.ts'
import { raiseEpoch } from './leadership.ts'
import { queuedLogs, sendMessage } from './outbox.ts'
import { expireDue, fillVacated, sendAgain } from './retry.ts'
import { currentLog, renewLog } from './rewind.ts'
import type { GigiDatabase } from './schema.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const start = 1_700_000_000_000
const late = start + DEFAULT_CONFIG.message_ttl_seconds * 1000
let db: GigiDatabase
let epoch: number
let log: LogId
/** At number 2; the introduction is the first entry. */
let id: MessageId

beforeEach(async () => {
  db = await databaseOf(alice, start)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
  id = await send('late mail', start)
  log = (await currentLog(db, bob.peerId)) ?? ('' as LogId)
})

const send = (text: string, now: number) =>
  sendMessage(db, conversation, { type: 'Text', text }, now, alice.random.bytes)

/** Bob's summary says so of our log. Returns whether we went on in another. */
const summarized = (accepted: SequenceSet, tail: MessageId) =>
  renewLog(
    db,
    epoch,
    bob.peerId,
    { conversation, log, author: alice.peerId, accepted, read: [], tail },
    late,
    alice.random.bytes,
  )

describe('11.1: a mailbox lied, and what was given up and filled by a void arrives after all', () => {
  beforeEach(async () => {
    await expireDue(db, epoch, late, 100)
    await fillVacated(db, epoch, bob.peerId, late, 100, alice.random.bytes)
  })

  test('that is no sign of a rewound profile: the log goes on', async () => {
    await send('later', late)
    expect(await summarized([[1, 2]], id)).toBe(false)
    expect(await db.logs.get([conversation, log])).toMatchObject({ accepted: [[1, 3]] })
    expect(await currentLog(db, bob.peerId)).toBe(log)
  })

  test('nor is it where the message was sent again since', async () => {
    await sendAgain(db, id, late, alice.random.bytes)
    expect(await db.messages.get(id)).toMatchObject({ seq: 3, left: { log_id: log, seq: 2 } })
    expect(await summarized([[1, 2]], id)).toBe(false)
  })

  test('but the same message at another number is one', async () => {
    await send('later', late)
    expect(await summarized([[1, 3]], id)).toBe(true)
    expect(await currentLog(db, bob.peerId)).not.toBe(log)
  })

  test('and so is a message that we know nothing of', async () => {
    expect(await summarized([[1, 2]], '019b7c8b-8c99-80c8-94c4-08ea0d60911c' as MessageId)).toBe(true)
  })

  test('a void that is in conflict with it is no sign either', async () => {
    const filling = await db.messages.where('[log_id+seq]').equals([log, 2]).first()
    expect(filling?.content_type).toBe('Void')
    expect(await queuedLogs(db, bob.peerId, [filling?.id ?? id])).toEqual([])
    expect(await queuedLogs(db, bob.peerId, [await send('later', late)])).toHaveLength(1)
  })
})
