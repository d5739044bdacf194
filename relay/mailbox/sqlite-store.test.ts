import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OWNER_SEEN_MS } from '../limits.ts'
import { temporaryFolder } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { id, mailboxStoreContract, owner, ROOM } from './store-contract.ts'
import { SqliteMailboxStore } from './sqlite-store.ts'
import type { MailboxStore, Room } from './store.ts'

mailboxStoreContract((room) => Promise.resolve(open(':memory:', room)))

const open = (path: string, room: Room) => new SqliteMailboxStore(new DatabaseSync(path), room)

type Call = (store: MailboxStore, at: number) => Promise<unknown>
const someone = fc.integer({ min: 1, max: 3 }).map(owner)
const someId = fc.integer({ min: 1, max: 8 }).map(id)
const someIds = fc.array(someId, { maxLength: 4 })
const grant = fc.integer({ min: 100, max: 102 }).map(id)
const bytes = fc.uint8Array({ maxLength: 12 })
const endpoint = fc.constantFrom('https://a.example/', 'https://ä.example/12', 'https://b.example/1')
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(someone, grant, fc.boolean(), someId, bytes).map(
      ([owner, grant, open, id, item]): Call =>
        (store, at) =>
          store.deposit({ owner, grant, open, id, item, at }),
    ),
  },
  fc.tuple(someone, fc.nat(2000)).map(
    ([owner, after]): Call =>
      (store) =>
        store.fetch(owner, after),
  ),
  fc.tuple(someone, someIds).map(
    ([owner, ids]): Call =>
      (store) =>
        store.confirm(owner, ids),
  ),
  fc
    .tuple(someone, grant, someIds)
    .map(([owner, grant, ids]): Call => async (store) => [
      await store.held(owner, grant, ids),
      await store.prekey(owner, grant),
    ]),
  fc
    .tuple(someone, bytes)
    .map(([owner, bytes]): Call => async (store) => [
      await store.publish(owner, bytes),
      await store.recall(owner),
    ]),
  fc.tuple(someone, bytes).map(
    ([owner, bytes]): Call =>
      (store) =>
        store.keep(owner, bytes),
  ),
  fc.tuple(someone, fc.array(fc.record({ id: grant, ends: fc.nat(2000) }), { maxLength: 3 })).map(
    ([owner, grants]): Call =>
      (store) =>
        store.revoke(owner, grants),
  ),
  {
    weight: 2,
    arbitrary: fc.tuple(someone, endpoint).map(
      ([owner, endpoint]): Call =>
        (store, at) =>
          store.subscribe(owner, endpoint, at - (at % 40)),
    ),
  },
  fc.tuple(someone, endpoint).map(
    ([owner, endpoint]): Call =>
      (store) =>
        store.unsubscribe(owner, endpoint),
  ),
  fc.tuple(someone, endpoint, fc.nat(9)).map(([owner, endpoint, failures]): Call => async (store, at) => {
    await store.pushed(owner, { endpoint, failures, notBefore: at + failures })
    const all = [...(await store.subscriptions(owner))]
    return all.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
  }),
  fc.tuple(fc.nat(2000), fc.nat(3)).map(
    ([age, days]): Call =>
      (store, at) =>
        store.sweep({ items: at - age, owners: at + days * OWNER_SEEN_MS }, at),
  ),
  fc.tuple(someone, fc.nat(3)).map(
    ([owner, days]): Call =>
      (store, at) =>
        store.seen(owner, at + days * OWNER_SEEN_MS),
  ),
)
const TIGHT: Room = {
  ...{ ownerItems: 6, ownerBytes: 40, grantItems: 4, grantBytes: 30, openItems: 2, openBytes: 15 },
  ...{ revocations: 2, subscriptions: 2, totalBytes: 3000, reservedBytes: 300 },
}

test('whatever is asked of it, it answers like the one in memory', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 60 }), async (calls) => {
      const [disk, memory] = [open(':memory:', TIGHT), new MemoryMailboxStore(TIGHT)]
      for (const [i, call] of calls.entries()) {
        const at = 1000 + 10 * i
        expect(await call(disk, at)).toEqual(await call(memory, at))
      }
      for (const n of [1, 2, 3])
        expect(await disk.fetch(owner(n), 0)).toEqual(await memory.fetch(owner(n), 0))
      await disk.close()
    }),
  )
})

const BEFORE_CLOCK = 'DROP TABLE clock;'
const BEFORE_AWAY = `${BEFORE_CLOCK} DROP TRIGGER kept_went; DROP INDEX owners_by_seen; ALTER TABLE owners DROP COLUMN seen;`

describe('on disk', () => {
  const item = (n: number, content = new Uint8Array([n])) => ({
    ...{ owner: owner(1), grant: id(100), open: false, id: id(n), item: content, at: n },
  })

  test('what was told to be done is there after a new start, and so is what is known of usage', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    const room = { ...ROOM, ownerItems: 2 }
    const first = open(path, room)
    await first.deposit(item(1))
    await first.deposit(item(2))
    await first.publish(owner(1), Uint8Array.of(3))
    await first.keep(owner(1), Uint8Array.of(4))
    await first.revoke(owner(1), [{ id: id(101), ends: 9000 }])
    await first.subscribe(owner(1), 'https://push.example/', 5)
    await first.pushed(owner(1), { endpoint: 'https://push.example/', failures: 1, notBefore: 7 })
    await first.close()

    const second = open(path, room)
    expect((await second.fetch(owner(1), 0)).items.map(({ id }) => id)).toEqual([id(1), id(2)])
    expect(await second.deposit(item(3))).toBe('full')
    expect(await second.prekey(owner(1), id(100))).toEqual(Uint8Array.of(3))
    expect(await second.recall(owner(1))).toEqual(Uint8Array.of(4))
    expect(await second.deposit({ ...item(3), grant: id(101) })).toBe('denied')
    expect(await second.subscriptions(owner(1))).toEqual([
      { endpoint: 'https://push.example/', failures: 1, notBefore: 7 },
    ])
    await second.close()
  })

  test('nothing stays of an owner whose mail is confirmed, not even the bytes', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    const store = open(path, ROOM)
    const marks = ['SMALL-LETTER', 'LARGE-LETTER'].map((mark) => Buffer.from(mark))
    const contents = marks.map((mark, i) => Buffer.concat(Array.from({ length: 1 + i * 5000 }, () => mark)))
    for (const [n, content] of contents.entries()) await store.deposit(item(n, content))
    await store.subscribe(owner(1), 'https://push.example/', 1)
    await store.close()
    const reopened = open(path, ROOM)
    for (const mark of marks) expect((await readFile(path)).includes(mark)).toBe(true)
    await reopened.confirm(owner(1), [id(0), id(1)])
    await reopened.unsubscribe(owner(1), 'https://push.example/')
    await reopened.close()
    for (const mark of marks) expect((await readFile(path)).includes(mark)).toBe(false)

    const database = new DatabaseSync(path)
    const left = ['owners', 'grants', 'items', 'kept', 'revoked', 'subscriptions'].map(
      (table) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'],
    )
    expect(left).toEqual([0, 0, 0, 0, 0, 0])
    expect(database.prepare('SELECT bytes FROM total').get()?.['bytes']).toBe(0)
    database.close()
  })

  test('one of before there were subscriptions is taken as it is, and can have them', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    const made = open(path, ROOM)
    await made.deposit(item(1))
    await made.close()
    const database = new DatabaseSync(path)
    database.exec(`${BEFORE_AWAY} DROP TABLE subscriptions; PRAGMA user_version = 1`)
    database.close()
    for (const endpoints of [1, 2]) {
      const store = open(path, ROOM)
      expect((await store.fetch(owner(1), 0)).items.map(({ id }) => id)).toEqual([id(1)])
      expect(await store.subscribe(owner(1), `https://push.example/${endpoints}`, 1)).toBe('done')
      expect(await store.subscriptions(owner(1))).toHaveLength(endpoints)
      await store.close()
    }
  })

  test('one of before it was noted when owners are there is taken as it is, and sweeps those who stay away', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    const made = open(path, ROOM)
    await made.keep(owner(1), Uint8Array.of(1))
    await made.close()
    const database = new DatabaseSync(path)
    database.exec(`${BEFORE_AWAY} PRAGMA user_version = 2`)
    database.close()
    const store = open(path, ROOM)
    for (const [owners, left] of [
      [8, Uint8Array.of(1)],
      [8, Uint8Array.of(1)],
      [9, null],
    ] as const) {
      await store.sweep({ items: 0, owners }, 9)
      expect(await store.recall(owner(1))).toEqual(left)
    }
    await store.close()
  })

  test('one of before the clock was noted is taken as it is', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    await open(path, ROOM).close()
    const database = new DatabaseSync(path)
    database.exec(`${BEFORE_CLOCK} PRAGMA user_version = 3`)
    database.close()
    const store = open(path, ROOM)
    expect(await store.clock()).toBeNull()
    await store.noteClock({ read: 1, ahead: 2 })
    await store.close()
    const reopened = open(path, ROOM)
    expect(await reopened.clock()).toEqual({ read: 1, ahead: 2 })
    await reopened.close()
  })

  test('what was confirmed is in none of the files after the next sweep, while the relay runs', async () => {
    const folder = await temporaryFolder()
    const store = open(join(folder, 'mailbox.sqlite'), ROOM)
    const mark = Buffer.from('LETTER'.repeat(20))
    const found = async (): Promise<readonly string[]> => {
      const names = await readdir(folder)
      const contents = await Promise.all(names.map((name) => readFile(join(folder, name))))
      return names.filter((_name, i) => contents[i]?.includes(mark))
    }
    await store.deposit(item(1, mark))
    await store.confirm(owner(1), [id(1)])
    expect(await found()).not.toEqual([])
    await store.sweep({ items: 0, owners: 0 }, 1)
    expect(await found()).toEqual([])
    await store.close()
  })

  test('a second relay, another version, and what is no database are refused', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'mailbox.sqlite')
    const store = open(path, ROOM)
    expect(() => open(path, ROOM)).toThrow('locked')
    await store.close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => open(path, ROOM)).toThrow('version 99')
    expect(() => open(join(folder, 'none', 'mailbox.sqlite'), ROOM)).toThrow('unable to open')
  })

  test('a full disk fails deposits and loses nothing; what is confirmed makes room', async () => {
    const path = join(await temporaryFolder(), 'mailbox.sqlite')
    const small = new DatabaseSync(path)
    small.exec('PRAGMA max_page_count = 60')
    const store = new SqliteMailboxStore(small, ROOM)
    const outcomes: string[] = []
    const content = new Uint8Array(20_000)
    for (let n = 0; n < 20; n++) outcomes.push(await store.deposit(item(n, content)).catch(String))
    const stored = outcomes.filter((outcome) => outcome === 'stored').length
    expect(stored).toBeGreaterThan(3)
    expect(outcomes.slice(stored).every((outcome) => outcome.includes('full'))).toBe(true)
    expect(outcomes.slice(0, stored).every((outcome) => outcome === 'stored')).toBe(true)

    // In one transaction, of which the deposits cannot be a part.
    const [refused, , again] = await Promise.all([
      store.deposit(item(30, new Uint8Array(100_000))).catch(String),
      store.confirm(owner(1), [id(0)]),
      store.deposit(item(31, new Uint8Array(200_000))).catch(String),
    ])
    expect([refused, again]).toEqual([expect.stringContaining('full'), expect.stringContaining('full')])
    expect(await store.deposit(item(32, content))).toBe('stored')
    await store.close()
    const reopened = open(path, ROOM)
    let held: string[] = []
    for (let after = 0, more = true; more;) {
      const page = await reopened.fetch(owner(1), after)
      held = [...held, ...page.items.map(({ id }) => id)]
      after = page.items.at(-1)?.position ?? 0
      more = page.more
    }
    expect(held).toEqual([...Array.from({ length: stored - 1 }, (_, i) => id(i + 1)), id(32)])
    await reopened.close()
  })
})
