/** Who is woken of those who open a stream and go: whoever has not taken what there was news of. */
import { beforeEach, expect, test } from 'vitest'
import { MAX_ITEMS_PER_FETCH } from '../../src/protocol/limits.ts'
import { until } from '../testing.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import type { NewsFrom } from './service.ts'
import { roomOf } from './store.ts'
import type { MailboxClient } from './test-client.ts'
import { joined, type Served, serving } from './test-service.ts'
import { idOf, ownerOf } from './testing.ts'

const [alice, bob] = await Promise.all([ownerOf(1), ownerOf(2)])
const GRANT = alice.grant(bob.peerId)

let served: Served
let atBob: MailboxClient
/** Who is to be woken, and is not there, and for what. */
let due: Map<string, NewsFrom>
let items: number

beforeEach(async () => {
  due = new Map()
  items = 0
  served = await serving(new MemoryMailboxStore(roomOf(1e9)), {
    accepts: () => true,
    wake: (owner, from) => due.set(owner, from),
    callOff: (owner) => {
      const missed = due.get(owner)
      due.delete(owner)
      return missed ?? null
    },
  })
  atBob = await joined(served, bob)
})

async function deposit(count = 1, grant = GRANT): Promise<void> {
  for (let i = 0; i < count; i++) {
    const item = { type: 'deposit', grant, id: idOf(++items), item: Uint8Array.of(1) } as const
    expect((await atBob.ask(item)).code).toBe('done')
  }
}

/** She comes, and is not to be woken while she is there. */
async function come(): Promise<MailboxClient> {
  const client = await joined(served, alice)
  await until(() => due.size === 0, 'her to be known')
  return client
}

async function confirm(client: MailboxClient, held: readonly { readonly id: string }[]): Promise<void> {
  expect((await client.ask({ type: 'confirm', ids: held.map(({ id }) => id) })).code).toBe('done')
}

/** She goes. Resolves with whether she is to be woken. */
async function isWokenAfter(client: MailboxClient): Promise<boolean> {
  await client.stream.close()
  await until(() => client.stream.status === 'closed', 'the relay to close its half')
  return due.has(alice.peerId)
}

test('whoever goes before it has fetched, also again and again', async () => {
  await deposit()
  expect(await isWokenAfter(await come())).toBe(true)
  expect(await isWokenAfter(await come())).toBe(true)
})

test('whoever fetched and confirmed nothing, and nobody who confirmed it all', async () => {
  await deposit(2)
  const first = await come()
  const all = await first.fetchAll()
  expect(await isWokenAfter(first)).toBe(true)
  const second = await come()
  await second.fetchAll()
  await confirm(second, all)
  expect(await isWokenAfter(second)).toBe(false)
})

test('whoever saw it all and took nothing is woken as by anyone: not without pause', async () => {
  await deposit()
  const first = await come()
  await first.fetchAll()
  expect([await isWokenAfter(first), due.get(alice.peerId)]).toEqual([true, 'anyone'])
  const second = await come()
  await second.fetchAll()
  await deposit()
  expect([await isWokenAfter(second), due.get(alice.peerId)]).toEqual([true, 'contact'])
})

test('nobody who found nothing', async () => {
  await deposit()
  due.clear()
  const first = await come()
  await confirm(first, await first.fetchAll())
  due.set(alice.peerId, 'contact')
  const second = await come()
  expect(await second.fetchAll()).toEqual([])
  expect(await isWokenAfter(second)).toBe(false)
})

test('whoever took one page of several', async () => {
  await deposit(MAX_ITEMS_PER_FETCH + 1)
  const first = await come()
  await confirm(first, (await first.fetch()).items)
  expect(await isWokenAfter(first)).toBe(true)
  const second = await come()
  await confirm(second, (await second.fetch()).items)
  expect(await isWokenAfter(second)).toBe(false)
})

test('whoever was told of more before it confirmed', async () => {
  await deposit()
  const client = await come()
  const all = await client.fetchAll()
  await deposit()
  await confirm(client, all)
  expect(await isWokenAfter(client)).toBe(true)
})

test('for what anyone left as such, unless a contact left something as well', async () => {
  const link = alice.grant(null, { id: idOf(50) })
  await deposit(1, link)
  expect(due.get(alice.peerId)).toBe('anyone')
  const first = await come()
  await deposit(1, link)
  expect([await isWokenAfter(first), due.get(alice.peerId)]).toEqual([true, 'anyone'])
  const second = await come()
  await deposit()
  await deposit(1, link)
  expect([await isWokenAfter(second), due.get(alice.peerId)]).toEqual([true, 'contact'])
})
