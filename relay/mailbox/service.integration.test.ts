/** The mailbox over real connections, on a real disk. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { encode } from '../../src/protocol/cbor.ts'
import { holderOf } from '../../src/protocol/grant.ts'
import { fromBase64url, keyOfPeerId } from '../../src/protocol/identifiers.ts'
import { MAIL_LIFE_MS, MAX_ITEM_BYTES } from '../../src/protocol/limits.ts'
import { encodeMailboxRequest, MAILBOX_PROTOCOL, readHeld } from '../../src/protocol/mailbox.ts'
import {
  MAX_BYTES_PER_GRANT,
  MAX_BYTES_PER_OPEN_GRANT,
  MAX_MAILBOX_REQUESTS_PER_MINUTE,
  MAX_SERVICE_STREAMS,
} from '../limits.ts'
import { temporaryFolder, testClient, testRelay, type TestRelay, until } from '../testing.ts'
import { SqliteMailboxStore } from './sqlite-store.ts'
import { roomOf } from './store.ts'
import { MailboxClient } from './test-client.ts'
import { idOf, type Owner, ownerOf } from './testing.ts'

const [alice, bob, eve] = await Promise.all([ownerOf(1), ownerOf(2), ownerOf(3)])
const GRANT = alice.grant(bob.peerId)
const ITEM = Uint8Array.of(1, 2, 3)

/** A stream of that person at the relay, over a connection of its own. */
const joined = async (relay: TestRelay, who: Owner): Promise<MailboxClient> =>
  MailboxClient.open(await testClient(undefined, who.privateKey), relay.address)

const deposit = async (at: MailboxClient, n: number, grant = GRANT, item = ITEM) =>
  (await at.ask({ type: 'deposit', grant, id: idOf(n), item })).code

test('what is deposited for someone away is there when they come, for them only, until they confirm it', async () => {
  const relay = await testRelay()
  const atBob = await joined(relay, bob)
  const large = new Uint8Array(MAX_ITEM_BYTES).fill(7)
  expect(await deposit(atBob, 1)).toBe('done')
  expect(await deposit(atBob, 2, GRANT, large)).toBe('done')

  const [atAlice, atEve] = await Promise.all([joined(relay, alice), joined(relay, eve)])
  for (const other of [atEve, atBob]) {
    expect(await other.fetchAll()).toEqual([])
    expect((await other.ask({ type: 'confirm', ids: [idOf(1)] })).code).toBe('done')
  }
  const items = await atAlice.fetchAll()
  expect(items.map(({ id }) => id)).toEqual([idOf(1), idOf(2)])
  expect(items[0]?.item).toEqual(ITEM)
  expect(Buffer.compare(items[1]?.item ?? ITEM, large)).toBe(0)

  expect((await atAlice.ask({ type: 'confirm', ids: [idOf(1)] })).code).toBe('done')
  expect((await atAlice.fetchAll()).map(({ id }) => id)).toEqual([idOf(2)])
  const status = await atBob.ask({ type: 'status', grant: GRANT, ids: [idOf(1), idOf(2)] })
  expect(readHeld(status.payload)).toEqual([idOf(2)])
  expect(relay.logged).toEqual([])
})

test('an owner who is there is told of mail on each stream, once until it fetches', async () => {
  const relay = await testRelay()
  const [atAlice, again, atBob] = await Promise.all([
    joined(relay, alice),
    joined(relay, alice),
    joined(relay, bob),
  ])
  // They are known to the relay when they are answered.
  await Promise.all([atAlice.fetch(), again.fetch()])
  await deposit(atBob, 1)
  await until(() => atAlice.mail === 1 && again.mail === 1, 'both to be told')
  await deposit(atBob, 2)
  await atAlice.fetch()
  await deposit(atBob, 3)
  await until(() => atAlice.mail === 2, 'the one that fetched to be told again')
  expect([atAlice.mail, again.mail, atBob.mail]).toEqual([2, 1, 0])
})

test('grants that do not hold are denied to whoever connects with them, and nothing is stored', async () => {
  const relay = await testRelay()
  const [atAlice, atBob, atEve] = await Promise.all([alice, bob, eve].map((who) => joined(relay, who)))
  if (atAlice === undefined || atBob === undefined || atEve === undefined) throw new Error('nobody came')
  expect(await deposit(atEve, 1)).toBe('denied')
  expect(await deposit(atBob, 1, eve.grant(bob.peerId, { owner: alice.peerId }))).toBe('denied')
  expect(await deposit(atBob, 1, alice.grant(bob.peerId, { ends: Date.now() - 1 }))).toBe('denied')
  expect(await deposit(atBob, 1, GRANT.with(GRANT.length - 1, 0))).toBe('denied')
  const revocation = { id: idOf(1), ends: 2 ** 46 }
  expect((await atEve.ask({ type: 'revoke', grants: [revocation] })).code).toBe('done')
  expect(await deposit(atBob, 2)).toBe('done')
  expect((await atAlice.ask({ type: 'revoke', grants: [revocation] })).code).toBe('done')
  expect(await deposit(atBob, 3)).toBe('denied')
  expect((await atBob.ask({ type: 'prekey', grant: GRANT })).code).toBe('denied')
  expect((await atAlice.fetchAll()).map(({ id }) => id)).toEqual([idOf(2)])
})

test('what has no room is refused for now: under a grant, under that of a link, and at all', async () => {
  const relay = await testRelay({ mailboxBytes: 21 * 1024 * 1024 })
  const atBob = await joined(relay, bob)
  const link = alice.grant(null, { id: idOf(50) })
  expect(await deposit(atBob, 1, link, new Uint8Array(MAX_BYTES_PER_OPEN_GRANT))).toBe('done')
  expect(await deposit(atBob, 2, link)).toBe('full')

  const item = new Uint8Array(MAX_ITEM_BYTES)
  const fits = MAX_BYTES_PER_GRANT / MAX_ITEM_BYTES
  for (let n = 0; n < fits; n++) expect(await deposit(atBob, 1000 + n, GRANT, item)).toBe('done')
  expect(await deposit(atBob, 2000, GRANT, item)).toBe('full')
  const others = await Promise.all([1, 2, 3, 4].map((n) => deposit(atBob, n, eve.grant(bob.peerId), item)))
  expect(others.sort()).toEqual(['done', 'done', 'done', 'full'])
  expect((await atBob.ask({ type: 'keep', blob: item })).code).toBe('full')
})

test('the same deposit again changes nothing; its id under another grant is denied', async () => {
  const relay = await testRelay()
  const [atAlice, atBob, atEve] = await Promise.all([alice, bob, eve].map((who) => joined(relay, who)))
  if (atAlice === undefined || atBob === undefined || atEve === undefined) throw new Error('nobody came')
  expect(await deposit(atBob, 1)).toBe('done')
  expect(await deposit(atBob, 1, GRANT, Uint8Array.of(9))).toBe('done')
  expect(await deposit(atEve, 1, alice.grant(eve.peerId, { id: idOf(8) }))).toBe('denied')
  expect((await atAlice.fetchAll()).map(({ item }) => item)).toEqual([ITEM])
})

test('more requests than in a minute are busy, on all streams of the connection together', async () => {
  const relay = await testRelay()
  const node = await testClient(undefined, bob.privateKey)
  const [one, other] = [
    await MailboxClient.open(node, relay.address),
    await MailboxClient.open(node, relay.address),
  ]
  const codes = await Promise.all(
    Array.from({ length: MAX_MAILBOX_REQUESTS_PER_MINUTE + 20 }, async (_, n) => {
      const answer = await (n % 2 === 0 ? one : other).ask({ type: 'prekey', grant: GRANT })
      return answer.code
    }),
  )
  expect(codes.filter((code) => code === 'busy')).toHaveLength(20)
  expect(codes.filter((code) => code === 'done')).toHaveLength(MAX_MAILBOX_REQUESTS_PER_MINUTE)
  expect(await deposit(await joined(relay, bob), 5000)).toBe('done')
})

test('what cannot be read ends the stream, with a reason in the log that names nobody', async () => {
  const relay = await testRelay()
  const node = await testClient(undefined, bob.privateKey)
  const request = { type: 'recall', number: 5 } as const
  const frames: readonly (readonly [RegExp, ...Uint8Array[]])[] = [
    [/CBOR/, Uint8Array.of(0xff)],
    [/at most 1048576 bytes/, encode([7, 1, new Uint8Array(MAX_ITEM_BYTES + 1)])],
    [/request 5 after 5/, encodeMailboxRequest(request), encodeMailboxRequest(request)],
  ]
  for (const [reason, ...sent] of frames) {
    const client = await MailboxClient.open(node, relay.address)
    for (const frame of sent) client.send(frame)
    await until(() => client.stream.status === 'reset', `the stream to be reset: ${String(reason)}`)
    expect(relay.logged.at(-1)).toMatch(reason)
  }
  const huge = await MailboxClient.open(node, relay.address)
  huge.stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))
  await until(() => huge.stream.status === 'reset', 'the huge frame to be refused')
  expect(relay.logged.join()).not.toContain(bob.peerId)

  const skipped = await MailboxClient.open(node, relay.address)
  skipped.send(encode([99, 'of a later version']))
  expect((await skipped.ask({ type: 'recall' })).payload).toBeNull()
})

test('a connection has so many streams, and closing one gives way to another', async () => {
  const relay = await testRelay()
  const node = await testClient(undefined, bob.privateKey)
  const open = () => MailboxClient.open(node, relay.address)
  const clients = await Promise.all(Array.from({ length: MAX_SERVICE_STREAMS }, open))
  await Promise.all(clients.map((client) => client.ask({ type: 'recall' })))
  await clients[0]?.stream.close()
  await until(() => clients[0]?.stream.status === 'closed', 'the relay to close its half')
  expect((await (await open()).ask({ type: 'recall' })).code).toBe('done')
})

test('after a restart everything is there, but what had its time meanwhile', async () => {
  const dataDir = await temporaryFolder()
  const first = await testRelay({ dataDir })
  const [atAlice, atBob] = await Promise.all([joined(first, alice), joined(first, bob)])
  const prekey = alice.prekey()
  await deposit(atBob, 1)
  await atAlice.ask({ type: 'publish', prekey })
  await atAlice.ask({ type: 'keep', blob: ITEM })
  await atAlice.ask({ type: 'revoke', grants: [{ id: idOf(8), ends: 2 ** 46 }] })
  await first.stop()
  const store = new SqliteMailboxStore(new DatabaseSync(join(dataDir, 'mailbox.sqlite')), roomOf(1e9))
  const old = { owner: alice.peerId, grant: idOf(1), open: false, id: idOf(2), item: ITEM }
  await store.deposit({ ...old, at: Date.now() - MAIL_LIFE_MS - 1 })
  await store.close()

  const second = await testRelay({ dataDir })
  const [alices, bobs] = await Promise.all([joined(second, alice), joined(second, bob)])
  expect((await alices.fetchAll()).map(({ id, item }) => ({ id, item }))).toEqual([
    { id: idOf(1), item: ITEM },
  ])
  expect((await bobs.ask({ type: 'prekey', grant: GRANT })).payload).toEqual(prekey)
  expect((await alices.ask({ type: 'recall' })).payload).toEqual(ITEM)
  expect(await deposit(bobs, 3, alice.grant(bob.peerId, { id: idOf(8) }))).toBe('denied')
})

test('a relay without a mailbox does not speak the protocol, and makes no file', async () => {
  const dataDir = await temporaryFolder()
  const relay = await testRelay({ dataDir, mailboxBytes: 0 })
  await expect(joined(relay, bob)).rejects.toThrow(MAILBOX_PROTOCOL)
  expect(await readdir(dataDir)).toEqual(['relay.key'])
})

test('the files and the log name no depositor, and hold nothing but what is sealed (SPEC 18.12)', async () => {
  const dataDir = await temporaryFolder()
  const relay = await testRelay({ dataDir })
  const atBob = await joined(relay, bob)
  const plaintext = Buffer.from('meet me at noon by the old oak')
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt'])
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, plaintext),
  )
  const link = alice.grant(null, { id: idOf(50) })
  await deposit(atBob, 1, GRANT, sealed)
  await deposit(atBob, 2, link, sealed)
  await atBob.ask({ type: 'status', grant: GRANT, ids: [idOf(1)] })
  await atBob.ask({ type: 'prekey', grant: link })
  atBob.send(Uint8Array.of(0xff))
  await until(() => relay.logged.length === 1, 'the log to have a line')
  await relay.stop()

  const files = await Promise.all((await readdir(dataDir)).map((name) => readFile(join(dataDir, name))))
  const bytes = Buffer.concat([...files, Buffer.from(relay.logged.join('\n'))])
  const depositor = [
    ...[keyOfPeerId(bob.peerId), holderOf(idOf(1), bob.peerId), GRANT.slice(-64), link.slice(-64)],
    ...[Buffer.from(bob.peerId), plaintext, plaintext.subarray(0, 8)],
  ]
  for (const trace of depositor) expect(bytes.includes(Buffer.from(trace))).toBe(false)
  // What must be there, so that the search is known to find what is.
  for (const trace of [keyOfPeerId(alice.peerId), fromBase64url(idOf(50)), sealed])
    expect(bytes.includes(Buffer.from(trace))).toBe(true)
})

test('a mailbox that cannot be used keeps the relay from starting, with one line that says why', async () => {
  const dataDir = await temporaryFolder()
  await writeFile(join(dataDir, 'mailbox.sqlite'), 'damaged'.repeat(1000))
  await expect(testRelay({ dataDir })).rejects.toThrow(/^Cannot use the mailbox .*not a database.*: check/)
  const used = await temporaryFolder()
  const database = new DatabaseSync(join(used, 'mailbox.sqlite'))
  onTestFinished(() => database.close())
  database.exec('PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (n); BEGIN IMMEDIATE')
  await expect(testRelay({ dataDir: used })).rejects.toThrow(
    /^The mailbox .* is in use: stop the other relay/,
  )
})
