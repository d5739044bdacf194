import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { PeerId } from '../../src/domain/ids.ts'
import { encode } from '../../src/protocol/cbor.ts'
import { holderOf } from '../../src/protocol/grant.ts'
import { MAIL_LIFE_MS, OWNER_AWAY_MS } from '../../src/protocol/limits.ts'
import { readFetched, readHeld } from '../../src/protocol/mailbox.ts'
import {
  CLOCK_JUMP_MS,
  MAX_DEPOSITS_PER_GRANT_PER_MINUTE,
  MAX_DEPOSITS_PER_OPEN_GRANT_PER_MINUTE,
  MAX_VERIFIED_GRANTS,
} from '../limits.ts'
import { Mailbox, type News, type Verify } from './mailbox.ts'
import { MemoryMailboxStore } from './memory-store.ts'
import { roomOf } from './store.ts'
import type { Asked } from './test-client.ts'
import { idOf, ownerOf } from './testing.ts'
import { verifySignature } from './verify.ts'

const [alice, bob, eve] = await Promise.all([ownerOf(1), ownerOf(2), ownerOf(3)])
const GRANT = alice.grant(bob.peerId)
const ITEM = Uint8Array.of(1, 2, 3)

let now: number
let told: PeerId[]
/** Of those, from whom they have it. */
let news: News[]
let failures: unknown[]
let store: MemoryMailboxStore
let mailbox: Mailbox
const verify = vi.fn<Verify>(verifySignature)

beforeEach(() => {
  now = 1_000_000
  told = []
  news = []
  failures = []
  verify.mockClear()
  store = new MemoryMailboxStore(roomOf(1e9))
  mailbox = make()
})

const make = (): Mailbox =>
  new Mailbox({
    store,
    verify,
    now: () => now,
    deposited: (owner, from) => {
      told.push(owner)
      news.push(from)
    },
    accepts: (endpoint) => endpoint.startsWith('https:'),
    failed: (error) => failures.push(error),
  })

const ask = (peer: PeerId, request: Asked) => mailbox.answer(peer, { ...request, number: 1 })
const deposit = (peer: PeerId, grant: Uint8Array, n = 1) =>
  ask(peer, { type: 'deposit', grant, id: idOf(n), item: ITEM }).then(({ code }) => code)
const fetched = async (peer: PeerId) => readFetched((await ask(peer, { type: 'fetch', after: 0 })).payload, 0)

test('what a holder deposits its owner fetches and confirms, and nobody else (SPEC 18.3)', async () => {
  expect(await deposit(bob.peerId, GRANT)).toBe('done')
  for (const other of [bob, eve]) {
    expect((await fetched(other.peerId)).items).toEqual([])
    await ask(other.peerId, { type: 'confirm', ids: [idOf(1)] })
  }
  expect((await fetched(alice.peerId)).items).toMatchObject([{ id: idOf(1), item: ITEM }])
  expect(await ask(alice.peerId, { type: 'confirm', ids: [idOf(1)] })).toEqual({
    code: 'done',
    payload: null,
  })
  expect((await fetched(alice.peerId)).items).toEqual([])
})

describe('a grant that does not hold is denied in all ways (SPEC 18.4)', () => {
  const flipped = (bytes: Uint8Array, at: number) => bytes.with(at, (bytes[at] ?? 0) ^ 1)
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['of another holder', alice.grant(eve.peerId)],
    ['signed by another', eve.grant(bob.peerId, { owner: alice.peerId })],
    ['whose signature is changed', flipped(GRANT, GRANT.length - 1)],
    ['whose body is changed', flipped(GRANT, 40)],
    ['that has ended', alice.grant(bob.peerId, { ends: 1_000_000 })],
    ['whose holder is of another grant', alice.grant(null, { holder: holderOf(idOf(9), bob.peerId) })],
    ['of an owner that is no key', alice.grant(bob.peerId).with(10, 0xff)],
    ['that is no grant', Uint8Array.of(1, 2, 3)],
    ['that is empty', new Uint8Array()],
    ['whose body is no array', encode([encode(1), new Uint8Array(64)])],
  ]
  test.each(cases)('%s', async (_, grant) => {
    await ask(alice.peerId, { type: 'publish', prekey: alice.prekey() })
    expect(await deposit(bob.peerId, grant)).toBe('denied')
    for (const request of [
      { type: 'status', grant, ids: [idOf(1)] },
      { type: 'prekey', grant },
    ] as const)
      expect(await ask(bob.peerId, request)).toEqual({ code: 'denied', payload: null })
    expect((await fetched(alice.peerId)).items).toEqual([])
    expect(failures).toEqual([])
  })

  test('one that is used by another than its holder, also once it is known', async () => {
    expect(await deposit(bob.peerId, GRANT)).toBe('done')
    expect(await deposit(eve.peerId, GRANT, 2)).toBe('denied')
    expect(await deposit(alice.peerId, GRANT, 2)).toBe('denied')
  })

  test('one that is known, from its end on', async () => {
    const grant = alice.grant(bob.peerId, { ends: now + 1 })
    expect(await deposit(bob.peerId, grant)).toBe('done')
    now++
    expect(await deposit(bob.peerId, grant, 2)).toBe('denied')
  })

  test('one that its owner revoked; by nobody else', async () => {
    const revocation = { id: idOf(1), ends: now + 1000 }
    await ask(eve.peerId, { type: 'revoke', grants: [revocation] })
    expect(await deposit(bob.peerId, GRANT)).toBe('done')
    expect((await ask(alice.peerId, { type: 'revoke', grants: [revocation] })).code).toBe('done')
    expect(await deposit(bob.peerId, GRANT)).toBe('denied')
  })
})

test('a grant without a holder serves whoever has it (SPEC 18.5)', async () => {
  const grant = alice.grant(null)
  expect(await deposit(eve.peerId, grant, 1)).toBe('done')
  expect(await deposit(bob.peerId, grant, 2)).toBe('done')
})

test('more deposits under one grant than in a minute are busy, and others go on (SPEC 18.11)', async () => {
  const link = alice.grant(null, { id: idOf(50) })
  let n = 0
  for (const [grant, perMinute] of [
    [GRANT, MAX_DEPOSITS_PER_GRANT_PER_MINUTE],
    [link, MAX_DEPOSITS_PER_OPEN_GRANT_PER_MINUTE],
  ] as const) {
    for (let i = 0; i < perMinute; i++) expect(await deposit(bob.peerId, grant, ++n)).toBe('done')
    expect(await deposit(bob.peerId, grant, ++n)).toBe('busy')
  }
  // Whoever has the link: another of them gets no more.
  expect(await deposit(eve.peerId, link, ++n)).toBe('busy')
  expect(await deposit(eve.peerId, alice.grant(eve.peerId, { id: idOf(51) }), ++n)).toBe('done')
  expect(await deposit(bob.peerId, eve.grant(bob.peerId, { id: idOf(1) }), ++n)).toBe('done')
  const before = told.length
  now += 60_000
  for (const grant of [GRANT, link]) expect(await deposit(bob.peerId, grant, ++n)).toBe('done')
  expect(told).toHaveLength(before + 2)
})

test('whoever has no grant that holds takes nothing of what may be deposited under it', async () => {
  for (let n = 0; n <= MAX_DEPOSITS_PER_GRANT_PER_MINUTE; n++)
    expect(await deposit(eve.peerId, GRANT, n)).toBe('denied')
  expect(await deposit(bob.peerId, GRANT)).toBe('done')
})

test('an owner is told of what is new, and not of what was there (SPEC 18.7, 18.10)', async () => {
  expect(await deposit(bob.peerId, GRANT)).toBe('done')
  expect(await deposit(bob.peerId, GRANT)).toBe('done')
  expect(await deposit(eve.peerId, alice.grant(null, { id: idOf(8) }))).toBe('denied')
  expect(told).toEqual([alice.peerId])
})

test('of deposits is told which are held under that grant (SPEC 18.8)', async () => {
  await deposit(bob.peerId, GRANT)
  const { payload } = await ask(bob.peerId, { type: 'status', grant: GRANT, ids: [idOf(1), idOf(2)] })
  expect(readHeld(payload)).toEqual([idOf(1)])
})

test('a prekey is given to whoever has a grant, and taken from its owner only (SPEC 18.3, 18.6)', async () => {
  const asked = () => ask(bob.peerId, { type: 'prekey', grant: GRANT })
  expect(await asked()).toEqual({ code: 'done', payload: null })
  const prekey = alice.prekey()
  expect((await ask(alice.peerId, { type: 'publish', prekey })).code).toBe('done')
  for (const [peer, forged] of [
    [bob.peerId, prekey],
    [alice.peerId, bob.prekey()],
    [alice.peerId, eve.prekey({ owner: alice.peerId })],
    [alice.peerId, Uint8Array.of(1)],
  ] as const)
    expect((await ask(peer, { type: 'publish', prekey: forged })).code).toBe('malformed')
  expect(await asked()).toEqual({ code: 'done', payload: prekey })
})

test('a blob is kept for its owner (SPEC 18.14)', async () => {
  expect((await ask(alice.peerId, { type: 'keep', blob: ITEM })).code).toBe('done')
  expect(await ask(alice.peerId, { type: 'recall' })).toEqual({ code: 'done', payload: ITEM })
  expect(await ask(bob.peerId, { type: 'recall' })).toEqual({ code: 'done', payload: null })
})

test('an owner says where it is to be woken, as far as the relay goes there (SPEC 18.15)', async () => {
  const endpoint = 'https://push.example/'
  const endpointsOf = async ({ peerId }: typeof alice) =>
    (await store.subscriptions(peerId)).map((subscription) => subscription.endpoint)
  for (let i = 0; i < 2; i++)
    expect(await ask(alice.peerId, { type: 'subscribe', endpoint })).toEqual({ code: 'done', payload: null })
  expect((await ask(alice.peerId, { type: 'subscribe', endpoint: 'http://a/' })).code).toBe('malformed')
  expect(await ask(bob.peerId, { type: 'unsubscribe', endpoint })).toEqual({ code: 'done', payload: null })
  expect([await endpointsOf(alice), await endpointsOf(bob)]).toEqual([[endpoint], []])
  await ask(alice.peerId, { type: 'unsubscribe', endpoint })
  expect(await endpointsOf(alice)).toEqual([])

  const sleepy = new Mailbox({
    ...{ store, verify: verifySignature, now: () => now },
    ...{ deposited: (owner) => told.push(owner), failed: (error) => failures.push(error) },
  })
  const asked = await sleepy.answer(alice.peerId, { type: 'subscribe', number: 1, endpoint })
  expect(asked.code).toBe('malformed')
  expect(await endpointsOf(alice)).toEqual([])
})

test('of news is told whether a contact left it or anyone, and of what is quiet that it is (SPEC 18.15, 18.16)', async () => {
  await deposit(bob.peerId, GRANT)
  await deposit(bob.peerId, alice.grant(null, { id: idOf(50) }), 2)
  for (const grant of [GRANT, alice.grant(null, { id: idOf(50) })])
    await ask(bob.peerId, { type: 'deposit', grant, id: idOf(news.length + 1), item: ITEM, quiet: true })
  expect(news).toEqual(['contact', 'anyone', 'nobody', 'nobody'])
})

test('no room is told as such, for now (SPEC 18.9)', async () => {
  const full = new Mailbox({
    ...{ store: new MemoryMailboxStore(roomOf(0)), verify: verifySignature, now: () => now },
    ...{
      accepts: () => true,
      deposited: (owner) => told.push(owner),
      failed: (error) => failures.push(error),
    },
  })
  for (const [peer, request] of [
    [bob.peerId, { type: 'deposit', number: 1, grant: GRANT, id: idOf(1), item: ITEM }],
    [alice.peerId, { type: 'keep', number: 1, blob: ITEM }],
    [alice.peerId, { type: 'publish', number: 1, prekey: alice.prekey() }],
    [alice.peerId, { type: 'revoke', number: 1, grants: [{ id: idOf(1), ends: now + 1 }] }],
    [alice.peerId, { type: 'subscribe', number: 1, endpoint: 'https://push.example/' }],
  ] as const)
    expect(await full.answer(peer, request)).toEqual({ code: 'full', payload: null })
  // Such a one does not hold any more: there is nothing to keep.
  const ended = { type: 'revoke', number: 1, grants: [{ id: idOf(1), ends: now }] } as const
  expect((await full.answer(alice.peerId, ended)).code).toBe('done')
  expect(told).toEqual([])
})

test('what the store cannot do is told as failed, and nobody is told of mail (SPEC 18.9)', async () => {
  await store.close()
  expect(await deposit(bob.peerId, GRANT)).toBe('failed')
  expect((await ask(alice.peerId, { type: 'fetch', after: 0 })).code).toBe('failed')
  expect(failures).toHaveLength(2)
  expect(told).toEqual([])
})

/** So much time goes by, and the relay runs. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end;) {
    now = Math.min(end, now + CLOCK_JUMP_MS)
    await mailbox.sweep()
  }
}

test('an item is kept for MAIL_LIFE_MS (SPEC 18.11)', async () => {
  await deposit(bob.peerId, GRANT)
  await pass(MAIL_LIFE_MS - 1)
  expect((await fetched(alice.peerId)).items).toHaveLength(1)
  await pass(1)
  expect((await fetched(alice.peerId)).items).toEqual([])
})

test('of an owner who is away for OWNER_AWAY_MS the rest is kept no longer, and coming once is enough (SPEC 18.17)', async () => {
  await pass(OWNER_AWAY_MS)
  for (const { peerId } of [alice, bob]) await ask(peerId, { type: 'keep', blob: ITEM })
  await pass(OWNER_AWAY_MS - 1)
  await ask(bob.peerId, { type: 'confirm', ids: [] })
  // What others do in her name is not hers.
  await deposit(bob.peerId, GRANT)
  await pass(1)
  expect([await store.recall(alice.peerId), await store.recall(bob.peerId)]).toEqual([null, ITEM])
})

describe('a clock that is put wrong, or right, deletes nothing (SPEC 18.18)', () => {
  const DAY = 24 * 3_600_000
  const isThere = async (): Promise<boolean> =>
    (await fetched(alice.peerId)).items.length > 0 && (await store.recall(alice.peerId)) !== null

  /** The relay starts anew, by the clock as it is. */
  async function restart(): Promise<void> {
    mailbox = make()
    await mailbox.begin()
    await mailbox.sweep()
  }

  beforeEach(async () => {
    await mailbox.begin()
    await mailbox.sweep()
    await ask(alice.peerId, { type: 'keep', blob: ITEM })
  })

  test.each([730 * DAY, -730 * DAY])('by %i ms, while the relay runs or is off', async (jump) => {
    await deposit(bob.peerId, GRANT)
    for (const by of [jump, -jump]) {
      now += by
      await restart()
      expect(await isThere()).toBe(true)
      now -= by
      await mailbox.sweep()
      now += by
      await mailbox.sweep()
      expect(await isThere()).toBe(true)
    }
    // Its time goes on as before.
    await pass(MAIL_LIFE_MS - 1)
    expect(await isThere()).toBe(true)
    await pass(1)
    expect(await isThere()).toBe(false)
  })

  test('nor what came while it was wrong, when it is put right', async () => {
    now -= 730 * DAY
    await deposit(bob.peerId, GRANT)
    now += 730 * DAY
    await mailbox.sweep()
    expect(await isThere()).toBe(true)
    await pass(MAIL_LIFE_MS)
    expect(await isThere()).toBe(false)
  })
})

test('a signature is verified once, and only so many are remembered', async () => {
  await deposit(bob.peerId, GRANT)
  await deposit(bob.peerId, GRANT, 2)
  expect(verify).toHaveBeenCalledTimes(1)
  verify.mockResolvedValue(true)
  for (let n = 0; n < MAX_VERIFIED_GRANTS; n++) {
    const grant = GRANT.with(GRANT.length - 1, n).with(GRANT.length - 2, n >> 8)
    await ask(bob.peerId, { type: 'prekey', grant })
  }
  verify.mockReset().mockImplementation(verifySignature)
  await deposit(bob.peerId, GRANT)
  expect(verify).toHaveBeenCalledTimes(1)
})
