/** What every mailbox store must do. The one in memory and the one on SQLite pass the same suite. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PeerId } from '../../src/domain/ids.ts'
import { peerIdOfKey, toBase64url } from '../../src/protocol/identifiers.ts'
import { FETCH_BYTES, MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import { MAILBOX_ROW_BYTES, OWNER_SEEN_MS } from '../limits.ts'
import type { Deposit, MailboxStore, Room } from './store.ts'

export const owner = (n: number): PeerId => peerIdOfKey(new Uint8Array(32).fill(n))
export const id = (n: number): string => toBase64url(new Uint8Array(16).fill(n).with(0, n >> 8))

export const ROOM: Room = {
  ownerItems: 1000,
  ownerBytes: 10_000_000,
  grantItems: 1000,
  grantBytes: 10_000_000,
  openItems: 1000,
  openBytes: 10_000_000,
  revocations: 1000,
  subscriptions: 1000,
  totalBytes: 100_000_000,
  reservedBytes: 0,
}

const [alice, bob] = [owner(1), owner(2)]
const GRANT = id(100)
const OTHER = id(101)

/** Item `n` of Alice, of three bytes. */
const item = (n: number, rest: Partial<Deposit> = {}): Deposit => ({
  owner: alice,
  grant: GRANT,
  open: false,
  id: id(n),
  item: Uint8Array.of(n, n, n),
  at: 1000 + n,
  ...rest,
})

/** `open` makes a store that is empty, with that much room. */
export function mailboxStoreContract(open: (room: Room) => Promise<MailboxStore>): void {
  let store: MailboxStore
  beforeEach(async () => {
    store = await open(ROOM)
  })
  afterEach(() => store.close())

  const idsOf = async (of = alice, after = 0): Promise<readonly string[]> =>
    (await store.fetch(of, after)).items.map(({ id }) => id)
  const reopened = async (room: Partial<Room>): Promise<MailboxStore> => {
    await store.close()
    return (store = await open({ ...ROOM, ...room }))
  }

  test('items come out as they went in, in the order in which they came, for their owner only', async () => {
    const deposits = [3, 1, 2].map((n) => item(n))
    for (const deposit of deposits) expect(await store.deposit(deposit)).toBe('stored')
    const { items, more } = await store.fetch(alice, 0)
    expect(more).toBe(false)
    expect(items.map(({ id, item }) => ({ id, item }))).toEqual(
      deposits.map(({ id, item }) => ({ id, item })),
    )
    expect(items.map(({ position }) => position)).toEqual(
      items.map(({ position }) => position).sort((a, b) => a - b),
    )
    expect(await idsOf(alice, items[0]?.position)).toEqual([id(1), id(2)])
    expect(await idsOf(alice, items[2]?.position)).toEqual([])
    expect(await idsOf(bob)).toEqual([])
  })

  test('an item without a byte is kept like any other', async () => {
    expect(await store.deposit(item(1, { item: new Uint8Array() }))).toBe('stored')
    expect((await store.fetch(alice, 0)).items[0]?.item).toEqual(new Uint8Array())
  })

  test('a fetch brings so many items', async () => {
    const all = Array.from({ length: MAX_ITEMS_PER_FETCH + 1 }, (_, n) => item(n))
    await Promise.all(all.map((each) => store.deposit(each)))
    const first = await store.fetch(alice, 0)
    expect([first.items.length, first.more]).toEqual([MAX_ITEMS_PER_FETCH, true])
    const rest = await store.fetch(alice, first.items.at(-1)?.position ?? 0)
    expect([rest.items.length, rest.more]).toEqual([1, false])
  })

  test('a fetch brings so many bytes, unless it is one item', async () => {
    const half = new Uint8Array(FETCH_BYTES / 2)
    const large = new Uint8Array(FETCH_BYTES + 1)
    for (const [n, bytes] of [half, half, large, half].entries())
      await store.deposit(item(n, { item: bytes }))
    const pages: number[] = []
    for (let after = 0, more = true; more;) {
      const page = await store.fetch(alice, after)
      pages.push(page.items.length)
      after = page.items.at(-1)?.position ?? 0
      more = page.more
    }
    expect(pages).toEqual([2, 1, 1])
  })

  test('what is more than was wanted is not read, and told to be large', async () => {
    for (const n of [1, 2]) await store.deposit(item(n))
    await store.keep(alice, new Uint8Array(7))
    expect(await store.fetch(alice, 0, 5)).toBe('large')
    expect(await store.fetch(alice, 0, 6)).toEqual(await store.fetch(alice, 0))
    expect(await store.fetch(alice, 5000, 0)).toEqual({ items: [], more: false })
    expect(await store.fetch(bob, 0, 0)).toEqual({ items: [], more: false })
    expect([await store.recall(alice, 6), await store.recall(alice, 7)]).toEqual(['large', new Uint8Array(7)])
    expect(await store.recall(bob, 0)).toBeNull()
  })

  test('an id again, under its grant, changes nothing; under another it is denied', async () => {
    expect(await store.deposit(item(1))).toBe('stored')
    expect(await store.deposit(item(1, { item: Uint8Array.of(9), at: 5000 }))).toBe('known')
    expect(await store.deposit(item(1, { grant: OTHER }))).toBe('denied')
    expect(await store.deposit(item(1, { owner: bob, grant: OTHER }))).toBe('stored')
    expect((await store.fetch(alice, 0)).items.map(({ item }) => item)).toEqual([Uint8Array.of(1, 1, 1)])
  })

  test('what is confirmed is gone, and for its owner only', async () => {
    for (const n of [1, 2, 3]) await store.deposit(item(n))
    await store.confirm(bob, [id(1)])
    await store.confirm(alice, [id(1), id(3), id(77)])
    expect(await idsOf()).toEqual([id(2)])
    expect(await store.deposit(item(1, { grant: OTHER }))).toBe('stored')
  })

  test('positions rise, also when all is confirmed in between', async () => {
    await store.deposit(item(1, { at: 1000 }))
    await store.deposit(item(2, { at: 1000 }))
    const before = (await store.fetch(alice, 0)).items.map(({ position }) => position)
    await store.confirm(alice, [id(1), id(2)])
    await store.deposit(item(3, { at: 2000 }))
    const after = (await store.fetch(alice, 0)).items.map(({ position }) => position)
    expect(Math.max(...before)).toBeLessThan(after[0] ?? 0)
  })

  test('of deposits is told which are held under that grant', async () => {
    await store.deposit(item(1))
    await store.deposit(item(2, { grant: OTHER }))
    expect(await store.held(alice, GRANT, [id(1), id(2), id(3)])).toEqual([id(1)])
    expect(await store.held(bob, GRANT, [id(1)])).toEqual([])
  })

  test('a revoked grant is denied in all ways, and others hold', async () => {
    await store.deposit(item(1))
    expect(await store.revoke(alice, [{ id: GRANT, ends: 9000 }])).toBe('done')
    expect(await store.deposit(item(1))).toBe('denied')
    expect(await store.deposit(item(2))).toBe('denied')
    expect(await store.held(alice, GRANT, [id(1)])).toBe('denied')
    expect(await store.prekey(alice, GRANT)).toBe('denied')
    expect(await store.deposit(item(3, { grant: OTHER }))).toBe('stored')
    expect(await store.deposit(item(3, { owner: bob }))).toBe('stored')
    expect(await idsOf()).toEqual([id(1), id(3)])
  })

  test('a revocation is forgotten when the grant would have ended, the later of two', async () => {
    await store.revoke(alice, [{ id: GRANT, ends: 9000 }])
    await store.revoke(alice, [{ id: GRANT, ends: 8000 }])
    expect(await store.sweep({ items: 0, owners: 0 }, 8999)).toBe(0)
    expect(await store.deposit(item(1))).toBe('denied')
    await store.sweep({ items: 0, owners: 0 }, 9000)
    expect(await store.deposit(item(1))).toBe('stored')
  })

  test('the last prekey and the last blob are there', async () => {
    expect([await store.prekey(alice, GRANT), await store.recall(alice)]).toEqual([null, null])
    for (const n of [1, 2]) {
      expect(await store.publish(alice, Uint8Array.of(n))).toBe('done')
      expect(await store.keep(alice, Uint8Array.of(n, n))).toBe('done')
    }
    expect(await store.prekey(alice, GRANT)).toEqual(Uint8Array.of(2))
    expect(await store.recall(alice)).toEqual(Uint8Array.of(2, 2))
    expect([await store.prekey(bob, GRANT), await store.recall(bob)]).toEqual([null, null])
  })

  test('what had its time is swept, and nothing else', async () => {
    const old = Array.from({ length: 50 }, (_, n) => item(n, { owner: n % 2 === 0 ? alice : bob, at: 1000 }))
    for (const each of old) await store.deposit(each)
    await store.deposit(item(60, { at: 1001 }))
    await store.keep(bob, Uint8Array.of(1))
    expect(await store.sweep({ items: 999, owners: 0 }, 0)).toBe(0)
    expect(await store.sweep({ items: 1000, owners: 0 }, 0)).toBe(50)
    expect([await idsOf(alice), await idsOf(bob)]).toEqual([[id(60)], []])
    expect(await store.recall(bob)).toEqual(Uint8Array.of(1))
  })

  test.each<[keyof Room, Partial<Deposit>]>([
    ['ownerItems', {}],
    ['grantItems', {}],
    ['openItems', { open: true }],
  ])('over %s it is full until something is confirmed', async (limit, kind) => {
    store = await reopened({ [limit]: 2 })
    for (const n of [1, 2]) expect(await store.deposit(item(n, kind))).toBe('stored')
    expect(await store.deposit(item(3, kind))).toBe('full')
    expect(await store.deposit(item(2, kind))).toBe('known')
    expect(await store.deposit(item(3, { ...kind, owner: bob }))).toBe('stored')
    await store.confirm(alice, [id(1)])
    expect(await store.deposit(item(3, kind))).toBe('stored')
    expect(await idsOf()).toEqual([id(2), id(3)])
  })

  test.each<[keyof Room, Partial<Deposit>]>([
    ['ownerBytes', {}],
    ['grantBytes', {}],
    ['openBytes', { open: true }],
  ])('over %s it is full until something is confirmed', async (limit, kind) => {
    store = await reopened({ [limit]: 6 })
    for (const n of [1, 2]) expect(await store.deposit(item(n, kind))).toBe('stored')
    expect(await store.deposit(item(3, kind))).toBe('full')
    await store.confirm(alice, [id(1)])
    expect(await store.deposit(item(3, { ...kind, item: new Uint8Array(4) }))).toBe('full')
    expect(await store.deposit(item(3, kind))).toBe('stored')
  })

  test('a grant that is full leaves room for others; the room of an owner is that of all its grants', async () => {
    store = await reopened({ grantItems: 1, openItems: 1, ownerItems: 2 })
    expect(await store.deposit(item(1))).toBe('stored')
    expect(await store.deposit(item(2))).toBe('full')
    expect(await store.deposit(item(2, { grant: OTHER, open: true }))).toBe('stored')
    expect(await store.deposit(item(3, { grant: id(102) }))).toBe('full')
  })

  test('over the room for all nothing is stored, whatever it is, until something goes', async () => {
    const row = MAILBOX_ROW_BYTES
    store = await reopened({ totalBytes: 3 * row + 6 })
    expect(await store.deposit(item(1))).toBe('stored')
    expect(await store.keep(bob, new Uint8Array(3))).toBe('done')
    expect(await store.deposit(item(2, { owner: bob, item: new Uint8Array(1) }))).toBe('full')
    expect(await store.publish(bob, new Uint8Array(1))).toBe('full')
    expect(await store.keep(bob, new Uint8Array(row + 4))).toBe('full')
    expect(
      await store.revoke(
        bob,
        [1, 2].map((n) => ({ id: id(n), ends: 9000 })),
      ),
    ).toBe('full')
    expect(await store.deposit(item(2))).toBe('full')
    expect(await store.recall(bob)).toEqual(new Uint8Array(3))

    expect(await store.revoke(bob, [{ id: id(1), ends: 9000 }])).toBe('done')
    expect(await store.publish(bob, new Uint8Array())).toBe('full')
    expect(await store.revoke(bob, [{ id: id(1), ends: 9500 }])).toBe('done')
    await store.sweep({ items: 0, owners: 0 }, 9500)
    expect(await store.keep(bob, new Uint8Array(2))).toBe('done')
    expect(await store.publish(bob, Uint8Array.of(7))).toBe('done')
    expect(await store.keep(bob, new Uint8Array(3))).toBe('full')
    await store.confirm(alice, [id(1)])
    expect(await store.deposit(item(2))).toBe('stored')
  })

  test('what is reserved is for prekeys, revocations and subscriptions only', async () => {
    const endpoint = 'https://push.example/'
    const reservedBytes = 3 * MAILBOX_ROW_BYTES + 10 + endpoint.length
    store = await reopened({ totalBytes: reservedBytes + 2 * MAILBOX_ROW_BYTES + 5, reservedBytes })
    expect(await store.deposit(item(1))).toBe('stored')
    expect(await store.keep(alice, new Uint8Array(3))).toBe('full')
    expect(await store.keep(alice, new Uint8Array(2))).toBe('done')
    expect(await store.deposit(item(2, { item: new Uint8Array() }))).toBe('full')
    expect(await store.publish(alice, new Uint8Array(10))).toBe('done')
    expect(await store.revoke(alice, [{ id: OTHER, ends: 9000 }])).toBe('done')
    expect(await store.subscribe(alice, endpoint, 1)).toBe('done')
    expect(await store.publish(alice, new Uint8Array(11))).toBe('full')
    expect(await store.keep(alice, new Uint8Array(3))).toBe('full')
  })

  test('what is replaced by no more than was there has room, whatever others have taken', async () => {
    const bytes = (length: number): Uint8Array => new Uint8Array(length)
    const totalBytes = 3 * (10 + MAILBOX_ROW_BYTES)
    store = await reopened({ totalBytes, reservedBytes: 10 + MAILBOX_ROW_BYTES })
    expect(await store.keep(alice, bytes(10))).toBe('done')
    expect(await store.deposit(item(1, { item: bytes(10) }))).toBe('stored')
    // Of what is for prekeys.
    expect(await store.publish(bob, bytes(10))).toBe('done')
    expect(await store.keep(alice, bytes(10))).toBe('done')
    expect(await store.keep(alice, bytes(11))).toBe('full')
    expect(await store.publish(bob, bytes(10))).toBe('done')
    expect(await store.publish(bob, bytes(11))).toBe('full')
    expect(await store.keep(alice, bytes(9))).toBe('done')
  })

  test('what was noted of the clock last is there', async () => {
    expect(await store.clock()).toBeNull()
    for (const ahead of [0, -5]) await store.noteClock({ read: 9, ahead })
    expect(await store.clock()).toEqual({ read: 9, ahead: -5 })
  })

  test('of an owner who was away for long nothing is kept but what has an end of its own, and the room is given back', async () => {
    store = await reopened({ totalBytes: 4 * MAILBOX_ROW_BYTES + 14 })
    const atFirst = 10 * OWNER_SEEN_MS
    await store.keep(alice, Uint8Array.of(1))
    await store.publish(alice, Uint8Array.of(2))
    await store.subscribe(alice, 'https://a/', 1)
    await store.revoke(alice, [{ id: GRANT, ends: 2 * atFirst }])
    const left = async () => [
      await store.recall(alice),
      await store.prekey(alice, OTHER),
      (await store.subscriptions(alice)).length,
    ]
    const sweep = (owners: number) => store.sweep({ items: 0, owners }, atFirst)
    // Nobody knows when she was there, so that it counts from now.
    await sweep(atFirst)
    await store.seen(alice, atFirst + OWNER_SEEN_MS - 1)
    await sweep(atFirst - 1)
    expect(await left()).toEqual([Uint8Array.of(1), Uint8Array.of(2), 1])
    await store.seen(alice, atFirst + OWNER_SEEN_MS)
    await store.seen(bob, 1)
    await sweep(atFirst + OWNER_SEEN_MS - 1)
    expect(await left()).toEqual([Uint8Array.of(1), Uint8Array.of(2), 1])
    await sweep(atFirst + OWNER_SEEN_MS)
    expect(await left()).toEqual([null, null, 0])
    expect(await store.deposit(item(1))).toBe('denied')
    expect(await store.keep(bob, new Uint8Array(2 * MAILBOX_ROW_BYTES + 14))).toBe('done')
  })

  test('a time that lies ahead, from a clock that was wrong, is not kept', async () => {
    await store.keep(alice, Uint8Array.of(1))
    await store.seen(alice, 1000 * OWNER_SEEN_MS)
    await store.seen(alice, 10 * OWNER_SEEN_MS)
    await store.sweep({ items: 0, owners: 10 * OWNER_SEEN_MS }, 0)
    expect(await store.recall(alice)).toBeNull()
  })

  test('an owner has so many revocations; more are refused, all together', async () => {
    store = await reopened({ revocations: 2 })
    const revocation = (n: number) => ({ id: id(n), ends: 9000 })
    expect(await store.revoke(alice, [1, 2, 2].map(revocation))).toBe('done')
    expect(await store.revoke(alice, [2, 3].map(revocation))).toBe('full')
    expect(await store.revoke(bob, [3].map(revocation))).toBe('done')
    expect(await store.deposit(item(1, { grant: id(3) }))).toBe('stored')
    expect(await store.revoke(alice, [])).toBe('done')
  })

  const [here, there, elsewhere] = ['here', 'there', 'elsewhere'].map(
    (name) => `https://push.example/${name}`,
  )
  const endpointsOf = async (of = alice): Promise<readonly string[]> =>
    (await store.subscriptions(of)).map(({ endpoint }) => endpoint).sort()
  const subscribe = (endpoint = '', at = 1000, of = alice) => store.subscribe(of, endpoint, at)

  test('an endpoint is there once, until its owner does not want it any more', async () => {
    for (const at of [1000, 2000]) expect(await subscribe(here, at)).toBe('done')
    expect(await subscribe(there)).toBe('done')
    expect(await subscribe(here, 1000, bob)).toBe('done')
    expect([await endpointsOf(), await endpointsOf(bob)]).toEqual([[here, there], [here]])
    await store.unsubscribe(alice, here ?? '')
    await store.unsubscribe(alice, elsewhere ?? '')
    expect([await endpointsOf(), await endpointsOf(bob)]).toEqual([[there], [here]])
  })

  test('how pushing to an endpoint went is known, also when it is wanted again, and not when it was gone', async () => {
    const [endpoint = ''] = [here]
    await subscribe(endpoint)
    expect(await store.subscriptions(alice)).toEqual([{ endpoint, failures: 0, notBefore: 0 }])
    await store.pushed(alice, { endpoint, failures: 3, notBefore: 9000 })
    await subscribe(endpoint, 2000)
    expect(await store.subscriptions(alice)).toEqual([{ endpoint, failures: 3, notBefore: 9000 }])
    await store.unsubscribe(alice, endpoint)
    await store.pushed(alice, { endpoint, failures: 4, notBefore: 9000 })
    expect(await store.subscriptions(alice)).toEqual([])
    await subscribe(endpoint)
    expect(await store.subscriptions(alice)).toEqual([{ endpoint, failures: 0, notBefore: 0 }])
  })

  test.each([1, 2])('of more endpoints than %i the one goes that was wanted longest ago', async (room) => {
    store = await reopened({ subscriptions: room })
    for (const [at, endpoint] of [here, there, here, elsewhere].entries())
      expect(await subscribe(endpoint, at)).toBe('done')
    await subscribe(there, 0, bob)
    expect(await endpointsOf()).toEqual(room === 1 ? [elsewhere] : [elsewhere, here])
    expect(await endpointsOf(bob)).toEqual([there])
  })

  test('endpoints take of the room for all, and give it back', async () => {
    const [endpoint = '', longer = ''] = [here, elsewhere]
    store = await reopened({ subscriptions: 1, totalBytes: MAILBOX_ROW_BYTES + endpoint.length })
    expect(await subscribe(endpoint)).toBe('done')
    expect(await subscribe(endpoint, 2000)).toBe('done')
    expect(await subscribe(longer)).toBe('full')
    expect(await subscribe(endpoint, 1000, bob)).toBe('full')
    expect(await store.publish(bob, new Uint8Array())).toBe('full')
    expect(await endpointsOf()).toEqual([endpoint])
    await store.unsubscribe(alice, endpoint)
    expect(await store.publish(bob, new Uint8Array(endpoint.length))).toBe('done')
  })

  test('what is called together takes effect in order', async () => {
    const [first, before, , after, last] = await Promise.all([
      store.deposit(item(1)),
      store.fetch(alice, 0),
      store.confirm(alice, [id(1)]),
      store.fetch(alice, 0),
      store.deposit(item(1)),
    ])
    expect([first, before.items.length, after.items.length, last]).toEqual(['stored', 1, 0, 'stored'])
  })

  test('it says no more when it is closed, and does what it was asked before', async () => {
    const asked = store.deposit(item(1))
    await store.close()
    expect(await asked).toBe('stored')
    await expect(store.deposit(item(2))).rejects.toThrow('closed')
    store = await open(ROOM)
  })
}
