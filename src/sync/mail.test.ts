import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { encode } from '../protocol/cbor.ts'
import { grantSignedBytes, holderOf, openGrant, sealGrant } from '../protocol/grant.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, silentLog } from '../testing/fake-world.ts'
import {
  are,
  hasPrekey,
  itemsOf,
  nothingOwed,
  openLinkOf,
  passUntil,
  SECRET,
  visitUntil,
} from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { takeGrant } from './letters.ts'
import { DEPOSIT_CHECK_MS, MAX_LATER_BYTES } from './limits.ts'

let network: MemoryNetwork
let time: FakeTime
let post: MemoryPost
let alice: Device
let bob: Device

async function device(name: string, number: number): Promise<Device> {
  const who = person(name, number)
  const made = new Device(who, await databaseOf(who, time.now()), network, time)
  made.post = post
  return made
}

beforeEach(async () => {
  network = new MemoryNetwork()
  time = new FakeTime()
  post = new MemoryPost(time, person('Anyone', 9).crypto.verify)
  alice = await device('Alice', 1)
  bob = await device('Bob', 2)
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

/** Alice opens someone's link, Bob's by default. */
const openLink = (inviting: Device = bob): Promise<void> => openLinkOf(inviting, alice)

const within = (condition: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  passUntil(time, condition, what)

describe('two who are never there at the same time', () => {
  beforeEach(async () => {
    // Bob's prekey is there from an earlier visit.
    await visitUntil(bob, hasPrekey(bob), 'a prekey')
    await openLink()
  })

  test('by a link: words go, are confirmed and read, and answers come back, all by mail', async () => {
    await alice.write(bob, 'hello')
    await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
    await bob.comeOnline()
    await within(async () => (await bob.texts(alice)).length === 1, 'the letter')
    await bob.readAll(alice)
    await bob.write(alice, 'hello yourself')
    await within(are(bob, 'Synced'), 'the answer')
    await within(nothingOwed(bob), 'the proof')
    await bob.goOffline()
    await alice.comeOnline()
    await within(async () => (await alice.texts(bob)).length === 2, 'the answer')
    const text = async () =>
      (await alice.db.messages.toArray()).find(
        (row) => row.content_type === 'Text' && row.direction === 'Sent',
      )
    await within(async () => (await text())?.sync_status === 'Acknowledged', 'the proof')
    expect(await alice.texts(bob)).toEqual(['hello', 'hello yourself'])
    expect(await alice.db.offline_queue.count()).toBe(0)
    expect((await alice.db.contacts.get(bob.who.peerId))?.state).toBe('accepted')
    expect((await bob.db.contacts.get(alice.who.peerId))?.nickname).toBe('Alice')
  })

  test('who asks to be a contact hears that it came, once it did, and leaves it no second time', async () => {
    await bob.db.meta.delete('invite')
    await alice.write(bob, 'hello')
    await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
    const [isTaken, isAnswered] = [nothingOwed(bob), async () => (await itemsOf(alice)) === 1]
    await visitUntil(bob, async () => (await isAnswered()) && isTaken(), 'proof for Alice')
    expect((await bob.db.contacts.get(alice.who.peerId))?.state).toBe('request')
    await visitUntil(alice, are(alice, 'Delivered'), 'the proof')
  })

  test('a letter with something to read may wake its recipient, one with proof alone must not (SPEC 19.11)', async () => {
    await alice.write(bob, 'hello')
    await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
    expect(post.left).toEqual([{ owner: bob.who.peerId, quiet: false }])
    await visitUntil(bob, () => post.left.length > 1, 'the proof')
    expect(post.left.slice(1)).toEqual([{ owner: alice.who.peerId, quiet: true }])
  })

  test('an introduction alone wakes nobody (SPEC 19.11)', async () => {
    await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
    expect(post.left).toEqual([{ owner: bob.who.peerId, quiet: true }])
  })

  test('many words go in several letters, and come once and in order', async () => {
    const words = Array.from({ length: 90 }, (_, i) => String(i))
    for (const word of words) await alice.write(bob, word)
    await visitUntil(alice, are(alice, 'Synced'), 'the deposits')
    await visitUntil(bob, async () => (await bob.texts(alice)).length === 90, 'the letters')
    expect(await bob.texts(alice)).toEqual(words)
  })

  test('a relay that loses its disk: what it held is pending again, and goes once more', async () => {
    await alice.write(bob, 'hello')
    await alice.comeOnline()
    await within(are(alice, 'Synced'), 'the deposit')
    post.wipe()
    await visitUntil(bob, hasPrekey(bob), 'nothing to come')
    expect(await bob.texts(alice)).toEqual([])
    const seen = new Set<string>()
    time.advance(DEPOSIT_CHECK_MS)
    await within(async () => {
      for (const status of await alice.statuses()) seen.add(status)
      return seen.has('Pending') && (await are(alice, 'Synced')())
    }, 'another deposit')
    await alice.goOffline()
    await visitUntil(bob, async () => (await bob.texts(alice)).length === 1, 'the letter')
  })

  test('a relay that loses its disk gets prekey and backup anew, also from who stays', async () => {
    const isKept = async () => (await post.store().recall(bob.who.peerId)) !== null
    await bob.comeOnline()
    await within(async () => (await isKept()) && bob.mailbox?.isWaiting === false, 'a backup')
    post.close()
    post.wipe()
    post.open()
    bob.mailbox?.connect()
    await within(async () => (await isKept()) && (await hasPrekey(bob)()), 'prekey and backup')
  })

  test('a relay that is down in between loses nothing', async () => {
    await alice.write(bob, 'hello')
    await alice.comeOnline()
    post.close()
    time.advance(20_000)
    expect(await alice.statuses()).toEqual(['Pending', 'Pending'])
    post.open()
    alice.mailbox?.connect()
    await within(are(alice, 'Synced'), 'the deposit')
  })

  test('an answer that is lost on its way: the letter is not left twice', async () => {
    await alice.write(bob, 'hello')
    await alice.comeOnline()
    let deposits = 0
    post.lose = (_peer, { type }) => (type === 'deposit' && ++deposits === 1 ? 'answer' : null)
    await within(are(alice, 'Synced'), 'the deposit')
    expect(deposits).toBe(1)
  })
})

test('who meets for the first time in a session can leave each other mail from then on', async () => {
  await openLink()
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await within(are(alice, 'Delivered'), 'delivery')
  await within(
    async () => (await bob.db.contacts.get(alice.who.peerId))?.grant_from !== undefined,
    'her grant',
  )
  const grant = async () => (await alice.db.contacts.get(bob.who.peerId))?.grant_from
  await within(async () => openGrant((await grant()) ?? new Uint8Array()).grant.holder !== null, 'his grant')
})

test('a grant in an old letter does not replace a newer one, but that of a link (SPEC 19.4)', async () => {
  await openLink()
  const { db } = alice
  const context = {
    ...alice.who,
    db,
    epoch: await raiseEpoch(db),
    self: alice.who.peerId,
    clock: time,
    log: silentLog,
  }
  const take = async (ends: number, by: 'letter' | 'session') => {
    const grant = { owner: bob.who.peerId, id: SECRET, holder: holderOf(SECRET, alice.who.peerId), ends }
    const sealed = sealGrant(grant, await bob.who.crypto.sign(grantSignedBytes(grant)))
    await takeGrant(context, bob.who.peerId, sealed, by)
    const kept = (await db.contacts.get(bob.who.peerId))?.grant_from
    return openGrant(kept ?? new Uint8Array()).grant.ends
  }
  const now = time.now()
  expect(await take(now + 1000, 'letter')).toBe(now + 1000)
  expect(await take(now + 3000, 'letter')).toBe(now + 3000)
  expect(await take(now + 2000, 'letter')).toBe(now + 3000)
  expect(await take(now + 2000, 'session')).toBe(now + 2000)
})

test('a mailbox that does not answer holds up the mail for nobody else', async () => {
  const carol = await device('Carol', 3)
  for (const other of [bob, carol]) {
    await visitUntil(other, hasPrekey(other), 'a prekey')
    await openLink(other)
    await alice.write(other, `hello ${other.who.nickname}`)
  }
  let asked = 0
  post.serve = (_peer, request, honest) => {
    if (request.type !== 'deposit' || openGrant(request.grant).grant.owner !== bob.who.peerId) return honest()
    asked++
    return new Promise(() => undefined)
  }
  await alice.comeOnline()
  await within(async () => asked === 1 && (await itemsOf(carol)) === 1, "Carol's letter")
  await alice.write(carol, 'and more')
  await within(async () => (await itemsOf(carol)) === 2, 'another')
  expect(asked).toBe(1)
})

test('live and by mail are one message', async () => {
  await openLink()
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'live')
  await within(are(alice, 'Delivered'), 'delivery')
  await bob.goOffline()
  await alice.write(bob, 'by mail')
  await within(async () => (await alice.statuses()).at(-1) === 'Synced', 'the deposit')
  // They meet before Bob has looked into his mailbox.
  bob.post = undefined
  await bob.comeOnline()
  await within(are(alice, 'Delivered'), 'delivery')
  await bob.goOffline()
  bob.post = post
  await bob.comeOnline()
  await within(async () => (await itemsOf(bob)) === 0, 'an empty mailbox')
  expect(await bob.texts(alice)).toEqual(['live', 'by mail'])
})

test('no numbers are filled by what a letter says, which may be old (SPEC 19.9)', async () => {
  const voids = () => alice.db.messages.filter((row) => row.content_type === 'Void').count()
  const hasGrant = async () => (await bob.db.contacts.get(alice.who.peerId))?.grant_from !== undefined
  await openLink()
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await within(async () => (await are(alice, 'Delivered')()) && (await hasGrant()), 'delivery')
  await Promise.all([alice.goOffline(), bob.goOffline()])
  alice.post = undefined
  await alice.comeOnline()
  await alice.write(bob, 'in vain')
  time.advance(DEFAULT_CONFIG.message_ttl_seconds * 1000)
  await within(async () => (await alice.db.offline_queue.count()) === 0, 'its time to be over')
  await alice.goOffline()
  await bob.write(alice, 'by letter')
  await visitUntil(bob, async () => (await bob.statuses()).at(-1) === 'Synced', 'the deposit')
  alice.post = post
  await visitUntil(
    alice,
    async () => (await alice.texts(bob)).length === 3 && (await nothingOwed(alice)()),
    'the letter',
  )
  expect(await voids()).toBe(0)
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await within(async () => (await voids()) === 1, 'the number to be filled when they meet')
})

test('the recovery phrase alone brings the contacts back', async () => {
  await openLink()
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await within(are(alice, 'Delivered'), 'delivery')
  time.advance(5_000)
  await within(async () => (await post.store().recall(alice.who.peerId)) !== null, 'a backup')
  await alice.goOffline()
  const again = new Device(alice.who, await databaseOf(alice.who, time.now()), network, time)
  again.post = post
  await again.comeOnline()
  await within(async () => (await again.texts(bob)).length === 1, 'the history')
  expect(await again.db.contacts.get(bob.who.peerId)).toMatchObject({ state: 'accepted', nickname: 'Bob' })
  await again.goOffline()
})

test('where there is no mail everything else works', async () => {
  alice.post = undefined
  await openLink()
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await within(are(alice, 'Delivered'), 'delivery')
})

test('mail of a later version waits for an app that can read it, and holds up nothing (SPEC 19.6)', async () => {
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLink()
  await alice.write(bob, 'hello')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  const [letter] = (await post.store().fetch(bob.who.peerId, 0)).items
  if (letter === undefined) throw new Error('there is no letter')
  await post.store().confirm(bob.who.peerId, [letter.id])
  let items = 0
  const leave = (item: Uint8Array) => {
    const id = toBase64url(new Uint8Array(new BigUint64Array([BigInt(++items), 1n]).buffer))
    return post.store().deposit({ owner: bob.who.peerId, grant: id, open: false, id, item, at: time.now() })
  }
  const large = encode([2, new Uint8Array(MAX_LATER_BYTES / 4 - 100)])
  for (let i = 0; i < 4; i++) await leave(large)
  await leave(encode([1, 'what is none']))
  // Behind them, and under the id that it is sealed for.
  const { id, item } = letter
  await post.store().deposit({ owner: bob.who.peerId, grant: id, open: false, id, item, at: time.now() })
  await bob.comeOnline()
  await within(async () => (await bob.texts(alice)).length === 1, 'the letter')
  await within(() => bob.engine?.isQuiet === true, 'the engine to be quiet')
  const held = async (): Promise<number> => {
    let count = 0
    for (let after = 0, more = true; more;) {
      const page = await post.store().fetch(bob.who.peerId, after)
      count += page.items.length
      after = page.items.at(-1)?.position ?? after
      more = page.more
    }
    return count
  }
  expect(await held()).toBe(4)
  // There is an end to it: the rest is given up, the latest first.
  for (let i = 0; i < 2; i++) await leave(large)
  bob.mailbox?.disconnect()
  bob.mailbox?.connect()
  await within(async () => (await held()) === 4, 'the end')
})
