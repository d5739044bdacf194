/** Bounds of the mailbox's streams that take long to reach: the same code with smaller numbers. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { encode } from '../../src/protocol/cbor.ts'
import { frameBytes } from '../../src/protocol/framing.ts'
import { MAX_ITEM_BYTES } from '../../src/protocol/limits.ts'
import { temporaryFolder, testClient, until } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { SqliteMailboxStore } from './sqlite-store.ts'
import { roomOf } from './store.ts'
import { MailboxClient } from './test-client.ts'
import { joined, serving } from './test-service.ts'
import { idOf, ownerOf } from './testing.ts'

const { SLACK_MS, REQUESTS, FRAMES, STREAMS } = vi.hoisted(() => ({
  SLACK_MS: 3000,
  REQUESTS: 200,
  FRAMES: 300,
  STREAMS: 3,
}))
vi.mock('../limits.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../limits.ts')>()),
  MAILBOX_SLACK_MS: SLACK_MS,
  SLOWEST_MAILBOX_BYTES_PER_MS: 1e6,
  MAX_MAILBOX_REQUESTS_PER_MINUTE: REQUESTS,
  MAX_MAILBOX_FRAMES_PER_MINUTE: FRAMES,
  MAX_MAILBOX_STREAMS_PER_PEER: STREAMS,
}))

const [alice, bob] = await Promise.all([ownerOf(1), ownerOf(2)])
const GRANT = alice.grant(bob.peerId)
const LARGE = new Uint8Array(MAX_ITEM_BYTES)

const inMemory = () => new MemoryMailboxStore(roomOf(1e9))
const deposit = async (at: MailboxClient, n: number, item = LARGE) =>
  (await at.ask({ type: 'deposit', grant: GRANT, id: idOf(n), item })).code

test('a client that takes no answers is not served on and on, and is cut off; others are served meanwhile', async () => {
  const store = inMemory()
  const recall = vi.spyOn(store, 'recall')
  /** How often the blob was read. */
  const read = () => recall.mock.calls.filter(([, within]) => within === undefined).length
  const served = await serving(store)
  const [atAlice, atBob] = await Promise.all([joined(served, alice), joined(served, bob)])
  await atAlice.ask({ type: 'keep', blob: LARGE })
  atAlice.stream.pause()
  const asked = Array.from({ length: 40 }, () => atAlice.ask({ type: 'recall' }))
  await until(() => read() > 0, 'the first to be served')
  expect(await deposit(atBob, 1, Uint8Array.of(1))).toBe('done')
  expect((await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')).toEqual([])
  expect(served.logged).toEqual([expect.stringMatching(/cut off a client: it reads too slowly/)])
  // One large answer is what a peer may have in memory.
  expect(read()).toBe(1)
  expect(await deposit(atBob, 2, Uint8Array.of(1))).toBe('done')
})

test('a client that does not finish its frame is cut off', async () => {
  const served = await serving(inMemory())
  const atBob = await joined(served, bob)
  const frame = frameBytes(encode([7, 1, LARGE]))
  atBob.stream.send(frame.subarray(0, 100_000))
  await until(() => atBob.stream.status === 'reset', 'the stream to be reset')
  expect(served.logged).toEqual([expect.stringMatching(/cut off a client: it sends too slowly/)])
})

test('a flood is busy at first, and cut off when it goes on; the minute after it is served again', async () => {
  const served = await serving(inMemory())
  const node = await testClient(undefined, bob.privateKey)
  const first = await MailboxClient.open(node, served.address)
  const answers = await Promise.all(Array.from({ length: FRAMES }, () => first.ask({ type: 'recall' })))
  expect(answers.filter(({ code }) => code === 'busy')).toHaveLength(FRAMES - REQUESTS)
  await expect(first.ask({ type: 'recall' })).rejects.toThrow('the stream ended')
  expect(served.logged).toEqual([expect.stringContaining(`more than ${FRAMES} frames in a minute`)])
  served.now += 60_000
  const again = await MailboxClient.open(node, served.address)
  expect((await again.ask({ type: 'recall' })).code).toBe('done')
})

test('a peer has so many streams, whatever its connections', async () => {
  const served = await serving(inMemory())
  const clients: MailboxClient[] = []
  for (let n = 0; n < STREAMS; n++) clients.push(await joined(served, bob))
  await Promise.all(clients.map((client) => client.ask({ type: 'recall' })))
  const late = await joined(served, bob)
  await until(() => late.stream.status === 'reset', 'the late stream to be reset')
  expect(served.logged).toEqual([expect.stringContaining(`more than ${STREAMS} streams`)])
  await clients[0]?.stream.close()
  await until(() => clients[0]?.stream.status === 'closed', 'the relay to close its half')
  expect((await (await joined(served, bob)).ask({ type: 'recall' })).code).toBe('done')
})

test('on a disk that is full deposits fail, nothing that was answered is lost, and the relay goes on', async () => {
  const path = join(await temporaryFolder(), 'mailbox.sqlite')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA max_page_count = 200')
  const served = await serving(new SqliteMailboxStore(database, roomOf(1e9)))
  const [atAlice, atBob] = await Promise.all([joined(served, alice), joined(served, bob)])
  const item = LARGE.subarray(0, 50_000)
  const codes = await Promise.all(Array.from({ length: 40 }, (_, n) => deposit(atBob, n, item)))
  const done = codes.flatMap((code, n) => (code === 'done' ? [n] : []))
  expect(new Set(codes)).toEqual(new Set(['done', 'failed']))
  expect(served.failures.map(String)).toEqual(
    Array.from({ length: 40 - done.length }, () => 'Error: database or disk is full'),
  )
  // Signatures are checked side by side, so they may be stored in another order.
  const held = async () => (await atAlice.fetchAll()).map(({ id }) => id).sort()
  expect(await held()).toEqual(done.map(idOf).sort())
  await atAlice.ask({ type: 'confirm', ids: done.slice(0, 5).map(idOf) })
  expect(await deposit(atBob, 100, item)).toBe('done')
  expect(await held()).toEqual([...done.slice(5), 100].map(idOf).sort())
})
