import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { LogId, MessageId } from '../domain/ids.ts'
import { fromNumbers } from '../domain/sequence-set.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, readConversation } from './contacts.ts'
import { provenStatus } from './history.ts'
import { raiseEpoch } from './leadership.ts'
import { recordRefusal, sendMessage } from './outbox.ts'
import { recordProofs, settle } from './receipts.ts'
import { renewLog } from './rewind.ts'
import type { GigiDatabase } from './schema.ts'

const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const now = 1_700_000_000_000
let db: GigiDatabase
let epoch: number
let log: LogId

async function fresh(messages: number): Promise<void> {
  db = await databaseOf(alice, now)
  epoch = await raiseEpoch(db)
  await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, now)
  // The introduction is the first entry.
  for (let i = 1; i < messages; i++)
    await sendMessage(db, conversation, { type: 'Text', text: String(i) }, now, alice.random.bytes)
  log = (await db.logs.toArray())[0]?.log_id ?? ('' as LogId)
}
beforeEach(() => fresh(10))

const prove = (accepted: number[], read: number[] = [], peer = bob.peerId) =>
  recordProofs(db, epoch, peer, [
    { conversation, log, accepted: fromNumbers(accepted), read: fromNumbers(read) },
  ])
const settleAll = async () => {
  while (await settle(db, epoch, bob.peerId, 3, now + 5));
}
const statuses = async () =>
  (await db.messages.orderBy('id').toArray()).map((row) => row.sync_status[0]).join('')

test('proofs are shown at once, and the rows say the same when they are settled', async () => {
  await prove([1, 2, 3, 5], [2])
  const row = await readConversation(db, conversation)
  if (row === undefined) throw new Error('no conversation')
  const statusOf = await provenStatus(db, row.id)
  const shown = (await db.messages.orderBy('id').toArray()).map((m) => statusOf(m)[0]).join('')
  expect(shown).toBe('DADPDPPPPP')
  expect(await statuses()).toBe('PPPPPPPPPP')
  await settleAll()
  expect(await statuses()).toBe(shown)
  expect(await db.offline_queue.count()).toBe(6)
  expect(await db.message_acknowledgments.count()).toBe(5)
  const read = (await db.message_acknowledgments.toArray()).find((a) => a.ack_type === 'Read')
  expect(read).toMatchObject({ acknowledged_by_peer_id: bob.peerId, acknowledged_by_nickname: 'Bob' })
})

test('nobody can prove what we never wrote, and only the addressee can prove anything', async () => {
  expect(await prove([11, 4000])).toBe(false)
  expect(await prove([1], [], person('Carol', 3).peerId)).toBe(false)
  await settleAll()
  expect(await statuses()).toBe('PPPPPPPPPP')
})

test('D4, D5, D6: whatever proofs come, in whatever order and pieces, the rows end as the union says', async () => {
  const proof = fc.record({
    accepted: fc.array(fc.integer({ min: 1, max: 8 })),
    read: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(proof, { maxLength: 5 }), async (proofs) => {
      await fresh(8)
      for (const { accepted, read } of proofs) {
        await prove(accepted, read)
        await settle(db, epoch, bob.peerId, 3, now)
      }
      await settleAll()
      const [delivered, read] = [new Set<number>(), new Set<number>()]
      for (const p of proofs) {
        for (const n of [...p.accepted, ...p.read]) delivered.add(n)
        for (const n of p.read) read.add(n)
      }
      const expected = Array.from({ length: 8 }, (_, i) =>
        read.has(i + 1) ? 'A' : delivered.has(i + 1) ? 'D' : 'P',
      )
      expect(await statuses()).toBe(expected.join(''))
      expect(await db.offline_queue.count()).toBe(8 - delivered.size)
      expect(await db.message_acknowledgments.count()).toBe(delivered.size + read.size)
    }),
    { numRuns: 25 },
  )
})

test('D4: what was proven and is not settled stays where it is when a new log is begun', async () => {
  await prove([1, 2, 3, 4, 5, 6])
  expect(await renewLog(db, epoch, bob.peerId, null, now + 1, alice.random.bytes)).toBe(true)
  await settleAll()
  expect(await statuses()).toBe('DDDDDDPPPP')
  expect(await db.offline_queue.count()).toBe(4)
})

test('what was proven is not refused by a word that comes later', async () => {
  await prove([1, 2, 3])
  const second = await db.messages.where('[log_id+seq]').equals([log, 2]).first()
  await recordRefusal(db, epoch, bob.peerId, second?.id ?? ('' as MessageId), 'malformed', now)
  await settleAll()
  const row = await db.messages.get(second?.id ?? ('' as MessageId))
  expect(row).toMatchObject({ sync_status: 'Delivered', delivered: 1 })
  expect(row?.refusal).toBeUndefined()
})
