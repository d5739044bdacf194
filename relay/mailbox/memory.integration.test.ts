/** The memory that the mailbox's streams share, and little of it: nobody is kept waiting for good, or by whoever does not read. */
import { expect, test, vi } from 'vitest'
import { encode } from '../../src/protocol/cbor.ts'
import { frameBytes } from '../../src/protocol/framing.ts'
import { MAX_ITEM_BYTES } from '../../src/protocol/limits.ts'
import { until } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { roomOf } from './store.ts'
import { encodeMailboxRequest } from '../../src/protocol/mailbox.ts'
import type { MailboxClient } from './test-client.ts'
import { joined, type Served, serving } from './test-service.ts'
import { idOf, type Owner, ownerOf } from './testing.ts'

vi.mock('../limits.ts', async (importOriginal) => {
  const limits = await importOriginal<typeof import('../limits.ts')>()
  const MAX_FRAME = limits.MAX_LARGE_ANSWER_BYTES_PER_PEER
  return {
    ...limits,
    MAX_LARGE_REQUEST_BYTES: 3 * MAX_FRAME,
    MAX_LARGE_ANSWER_BYTES: 2 * MAX_FRAME,
  }
})

const [alice, bob, eve, mallory] = await Promise.all([1, 2, 3, 4].map(ownerOf))
if (!alice || !bob || !eve || !mallory) throw new Error('nobody came')
const GRANT = alice.grant(bob.peerId)
const LARGE = new Uint8Array(MAX_ITEM_BYTES)

const inMemory = () => new MemoryMailboxStore(roomOf(1e9))
const deposit = async (at: MailboxClient, n: number) =>
  (await at.ask({ type: 'deposit', grant: GRANT, id: idOf(n), item: LARGE })).code

test('a frame that comes in pieces, and slowly, is read all the same', async () => {
  const served = await serving(inMemory())
  const atBob = await joined(served, bob)
  // Of a kind that is skipped, so that nothing is answered but what follows.
  const bytes = frameBytes(encode([99, LARGE]))
  // One byte, and the rest in parts that the stream takes one by one.
  atBob.stream.send(bytes.subarray(0, 1))
  for (let at = 1; at < bytes.length; at += 70_000) {
    await until(() => atBob.stream.writeBufferLength === 0, 'the part to be taken')
    atBob.stream.send(bytes.subarray(at, at + 70_000))
  }
  expect((await atBob.ask({ type: 'recall' })).code).toBe('done')
})

test('many large deposits of many at once wait for room in memory, and are all done', async () => {
  const served = await serving(inMemory())
  const people = await Promise.all(Array.from({ length: 6 }, (_, n) => ownerOf(10 + n)))
  const clients = await Promise.all(people.map((who) => joined(served, who)))
  const link = alice.grant(null, { id: idOf(50) })
  const item = LARGE.subarray(0, 50_000)
  const codes = await Promise.all(
    clients.flatMap((client, i) => [
      ...Array.from({ length: 4 }, () => client.ask({ type: 'keep', blob: LARGE })),
      ...[0, 1].map((n) => client.ask({ type: 'deposit', grant: link, id: idOf(10 * i + n), item })),
      ...Array.from({ length: 3 }, () => client.ask({ type: 'recall' })),
    ]),
  )
  expect(codes.map(({ code }) => code)).toEqual(codes.map(() => 'done'))
  expect(served.logged).toEqual([])
})

test('what a client sends faster than it is stored waits with the client', async () => {
  const store = inMemory()
  const gate = Promise.withResolvers<void>()
  const slow = vi.spyOn(store, 'deposit')
  slow.mockImplementation(async () => {
    await gate.promise
    return 'stored'
  })
  const served = await serving(store)
  const [atAlice, atBob] = await Promise.all([joined(served, alice), joined(served, bob)])
  const asked = Array.from({ length: 30 }, (_, n) => deposit(atBob, n))
  await until(() => slow.mock.calls.length === 2, 'two of the largest to be under way')
  // As much as that passes the relay meanwhile, both ways.
  for (let n = 0; n < 30; n++) {
    await atAlice.ask({ type: 'keep', blob: LARGE })
    await atAlice.ask({ type: 'recall' })
  }
  expect(slow.mock.calls.length).toBe(2)
  expect(atBob.stream.writeBufferLength).toBeGreaterThan(26 * MAX_ITEM_BYTES)
  gate.resolve()
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['done']))
})

/** Someone asks for much on several streams, and reads none of it. Resolves when the relay has read for them. */
async function readsNothing(served: Served, store: MemoryMailboxStore, who: Owner): Promise<void> {
  await (await joined(served, who)).ask({ type: 'keep', blob: LARGE })
  const recall = vi.spyOn(store, 'recall')
  for (let i = 0; i < 5; i++) {
    const client = await joined(served, who)
    client.stream.pause()
    for (let n = 1; n <= 8; n++) client.send(encodeMailboxRequest({ type: 'recall', number: n }))
  }
  await until(() => recall.mock.calls.some(([, within]) => within === undefined), 'a blob to be read')
  recall.mockRestore()
}

test('those who do not read what they asked for keep nobody waiting who asks for little', async () => {
  const store = inMemory()
  const served = await serving(store)
  for (const who of [eve, mallory]) await readsNothing(served, store, who)
  const atBob = await joined(served, bob)
  expect((await atBob.fetch()).items).toEqual([])
  expect((await atBob.ask({ type: 'recall' })).payload).toBeNull()
  expect(await deposit(atBob, 1)).toBe('done')
  expect(served.logged).toEqual([])
})

test('one who does not read, on however many streams, keeps nobody waiting who asks for much', async () => {
  const store = inMemory()
  const served = await serving(store)
  await readsNothing(served, store, mallory)
  const atBob = await joined(served, bob)
  await atBob.ask({ type: 'keep', blob: LARGE })
  expect((await atBob.ask({ type: 'recall' })).payload).toHaveLength(MAX_ITEM_BYTES)
  expect(served.logged).toEqual([])
})

test('one who does not send what it began, on however many streams, keeps nobody waiting', async () => {
  const served = await serving(inMemory())
  const begun = frameBytes(encode([7, 1, LARGE])).subarray(0, 100)
  for (let i = 0; i < 5; i++) {
    const client = await joined(served, mallory)
    await client.fetch()
    client.stream.send(begun)
  }
  const atBob = await joined(served, bob)
  expect((await atBob.ask({ type: 'keep', blob: LARGE })).code).toBe('done')
  expect(served.logged).toEqual([])
})
