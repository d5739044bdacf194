/** The memory that the mailbox's streams share, and little of it: nobody is kept waiting for good. */
import { expect, test, vi } from 'vitest'
import { encode } from '../../src/protocol/cbor.ts'
import { frameBytes } from '../../src/protocol/framing.ts'
import { MAX_ITEM_BYTES } from '../../src/protocol/limits.ts'
import { until } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { roomOf } from './store.ts'
import type { MailboxClient } from './test-client.ts'
import { joined, serving } from './test-service.ts'
import { idOf, ownerOf } from './testing.ts'

vi.mock('../limits.ts', async (importOriginal) => {
  const limits = await importOriginal<typeof import('../limits.ts')>()
  return { ...limits, MAX_MAILBOX_BYTES_UNDER_WAY: 2 * limits.MAX_MAILBOX_STREAM_BYTES }
})

const [alice, bob] = await Promise.all([ownerOf(1), ownerOf(2)])
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
