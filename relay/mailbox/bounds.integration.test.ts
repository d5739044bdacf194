/** Bounds of the mailbox's streams that take long to reach: the same code with smaller numbers. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, onTestFinished, test, vi } from 'vitest'
import { encode } from '../../src/protocol/cbor.ts'
import { frameBytes } from '../../src/protocol/framing.ts'
import { MAX_ITEM_BYTES } from '../../src/protocol/limits.ts'
import { createHttpServer } from '../http.ts'
import { startNode } from '../node.ts'
import { temporaryFolder, testClient, until } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { MailboxService } from './service.ts'
import { SqliteMailboxStore } from './sqlite-store.ts'
import { type MailboxStore, roomOf } from './store.ts'
import { MailboxClient } from './test-client.ts'
import { idOf, type Owner, ownerOf } from './testing.ts'
import { verifySignature } from './verify.ts'

const { FRAME_MS, REQUESTS, FRAMES, STREAMS } = vi.hoisted(() => ({
  FRAME_MS: 1500,
  REQUESTS: 200,
  FRAMES: 300,
  STREAMS: 3,
}))
vi.mock('../limits.ts', async (importOriginal) => {
  const limits = await importOriginal<typeof import('../limits.ts')>()
  return {
    ...limits,
    MAILBOX_FRAME_MS: FRAME_MS,
    MAX_MAILBOX_REQUESTS_PER_MINUTE: REQUESTS,
    MAX_MAILBOX_FRAMES_PER_MINUTE: FRAMES,
    MAX_MAILBOX_STREAMS_PER_PEER: STREAMS,
    MAX_MAILBOX_BYTES_UNDER_WAY: 2 * limits.MAX_MAILBOX_STREAM_BYTES,
  }
})

const [alice, bob] = await Promise.all([ownerOf(1), ownerOf(2)])
const GRANT = alice.grant(bob.peerId)
const LARGE = new Uint8Array(MAX_ITEM_BYTES)

interface Served {
  readonly address: string
  readonly logged: string[]
  readonly failures: unknown[]
  now: number
}

/** A relay with nothing but a mailbox on that store, and a clock of its own. */
async function serving(store: MailboxStore): Promise<Served> {
  const served: Served = { address: '', logged: [], failures: [], now: Date.now() }
  const log = (line: string): void => void served.logged.push(line)
  const health = () => undefined
  const server = createHttpServer({
    peerId: '',
    app: new Map(),
    publicOrigin: undefined,
    iceServers: [],
    health,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const mailbox = new MailboxService({
    ...{ store, verify: verifySignature, log, now: () => served.now },
    failed: (error) => served.failures.push(error),
  })
  const node = await startNode({
    ...{ server, privateKey: await generateKeyPair('Ed25519'), announce: [], log },
    services: [(node) => mailbox.serve(node)],
  })
  onTestFinished(async () => {
    server.close()
    await node.stop()
    await store.close()
  })
  return Object.assign(served, { address: node.getMultiaddrs().join() })
}

const inMemory = () => new MemoryMailboxStore(roomOf(1e9))
const joined = async (served: Served, who: Owner): Promise<MailboxClient> =>
  MailboxClient.open(await testClient(undefined, who.privateKey), served.address)
const deposit = async (at: MailboxClient, n: number, item = LARGE) =>
  (await at.ask({ type: 'deposit', grant: GRANT, id: idOf(n), item })).code

test('a client that takes no answers is not served on and on, and is cut off; others are served meanwhile', async () => {
  const store = inMemory()
  const recall = vi.spyOn(store, 'recall')
  const served = await serving(store)
  const [atAlice, atBob] = await Promise.all([joined(served, alice), joined(served, bob)])
  await atAlice.ask({ type: 'keep', blob: LARGE })
  atAlice.stream.pause()
  const asked = Array.from({ length: 40 }, () => atAlice.ask({ type: 'recall' }))
  await until(() => recall.mock.calls.length > 0, 'the first to be served')
  expect(await deposit(atBob, 1, Uint8Array.of(1))).toBe('done')
  expect((await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')).toEqual([])
  expect(served.logged).toEqual([expect.stringMatching(/cut off a client: it reads too slowly/)])
  // Two answers of the largest size are what one stream may have in memory.
  expect(recall.mock.calls.length).toBeLessThanOrEqual(2)
  expect(await deposit(atBob, 2)).toBe('done')
})

test('a client that does not finish its frame is cut off', async () => {
  const served = await serving(inMemory())
  const atBob = await joined(served, bob)
  const frame = frameBytes(encode([7, 1, LARGE]))
  atBob.stream.send(frame.subarray(0, 100_000))
  await until(() => atBob.stream.status === 'reset', 'the stream to be reset')
  expect(served.logged).toEqual([expect.stringMatching(/cut off a client: it sends too slowly/)])
})

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
