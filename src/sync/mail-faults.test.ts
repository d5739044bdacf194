import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { grantSignedBytes, holderOf, inviteGrantId, sealGrant } from '../protocol/grant.ts'
import { fromBase64url } from '../protocol/identifiers.ts'
import { deleteContact } from '../store/clearing.ts'
import { setContactState } from '../store/contacts.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import { Device } from '../testing/device.ts'
import { FakeTime } from '../testing/fake-world.ts'
import {
  are,
  hasPrekey,
  itemsOf,
  nothingOwed,
  openLinkOf,
  pass,
  passUntil,
  SECRET,
  visitUntil,
} from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { DEPOSIT_CHECK_MS, DEPOSIT_LIFE_MS } from './limits.ts'

const OTHER_SECRET = 'BBBBBBBBBBBBBBBBBBBBBA'
const DAY = 86_400_000

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

/** Bob is someone whose link Alice has opened, and has a prekey of an earlier visit. */
async function meetByLink(): Promise<void> {
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLinkOf(bob, alice)
}

/** An accepted contact of Bob's, with a grant of his. */
async function contactOfBob(other: Device, id: string): Promise<void> {
  const grant = {
    owner: bob.who.peerId,
    id,
    holder: holderOf(id, other.who.peerId),
    ends: time.now() + 100 * DAY,
  }
  const sealed = sealGrant(grant, await bob.who.crypto.sign(grantSignedBytes(grant)))
  await bob.befriend(other)
  await bob.db.contacts.update(other.who.peerId, { grant_to: { id, ends: grant.ends, sealed } })
}

test('a letter of unknown fate, under a grant that was revoked since, holds nothing up', async () => {
  await meetByLink()
  await alice.write(bob, 'one')
  await alice.comeOnline()
  await passUntil(time, are(alice, 'Synced'), 'the deposit')
  post.lose = (_peer, { type }) => (type === 'deposit' ? 'request' : null)
  await alice.write(bob, 'two')
  const isOnItsWay = async () =>
    (await alice.db.deposits.filter((row) => row.state === 'sending').count()) === 1
  await passUntil(time, isOnItsWay, 'a letter on its way')
  await alice.goOffline()
  post.lose = () => null
  await visitUntil(bob, async () => (await itemsOf(alice)) > 0, 'proof and grant for Alice')
  await saveInviteSecret(bob.db, { secret: OTHER_SECRET, expires: time.now() + DAY })
  await visitUntil(bob, hasPrekey(bob), 'a visit')
  await alice.write(bob, 'three')
  await alice.comeOnline()
  await passUntil(
    time,
    async () => (await alice.statuses()).slice(-2).join() === 'Synced,Synced',
    'the deposits',
  )
  await alice.goOffline()
  await visitUntil(bob, async () => (await bob.texts(alice)).length === 3, 'the letters')
  expect(await bob.texts(alice)).toEqual(['one', 'two', 'three'])
})

test('who is blocked while the mailbox hears of another block is shut out as well', async () => {
  const [ids, carol] = [
    ['CCCCCCCCCCCCCCCCCCCCCA', 'DDDDDDDDDDDDDDDDDDDDDA'] as const,
    await device('Carol', 3),
  ]
  await contactOfBob(alice, ids[0])
  await contactOfBob(carol, ids[1])
  await bob.comeOnline()
  await passUntil(time, hasPrekey(bob), 'a prekey')
  const revoked: number[] = []
  post.serve = async (_peer, request, honest) => {
    if (request.type === 'revoke' && revoked.push(request.grants.length) === 1) {
      await setContactState(bob.db, bob.who.peerId, carol.who.peerId, 'blocked')
      // Word of it comes before the answer does.
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
    }
    return honest()
  }
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  await passUntil(time, () => revoked.at(-1) === 2, 'both to be told')
  for (const id of ids) expect(await post.store().held(bob.who.peerId, id, [])).toBe('denied')
})

test('who is blocked as the last tab closes is shut out by an errand', async () => {
  const id = 'CCCCCCCCCCCCCCCCCCCCCA'
  await contactOfBob(alice, id)
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  bob.errand = true
  await bob.comeOnline()
  await passUntil(time, async () => (await post.store().held(bob.who.peerId, id, [])) === 'denied', 'it')
})

test('what is refused for now stays in the mailbox, and is not left, nor woken for, again', async () => {
  await meetByLink()
  await bob.db.meta.delete('invite')
  for (let i = 0; i < 25; i++) await alice.write(bob, String(i))
  await visitUntil(alice, are(alice, 'Synced'), 'the deposits')
  const news = () => post.left.filter((left) => left.owner === bob.who.peerId && !left.quiet).length
  const before = news()
  for (let round = 0; round < 3; round++) {
    await bob.comeOnline()
    await pass(time, 10_000)
    await bob.goOffline()
    time.advance(DEPOSIT_CHECK_MS)
    await alice.comeOnline()
    await pass(time, 10_000)
    await alice.goOffline()
  }
  expect(news()).toBe(before)
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'accepted')
  await visitUntil(bob, async () => (await bob.texts(alice)).length === 25, 'the rest')
})

test('of more letters than a mailbox takes in a minute the others go in the next ones, and it is not asked on and on', async () => {
  await meetByLink()
  const LETTERS = 4
  for (let i = 0; i < 20 * (LETTERS - 1); i++) await alice.write(bob, String(i))
  const asked: number[] = []
  const taken: number[] = []
  post.serve = (_peer, { type }, honest) => {
    if (type !== 'deposit') return honest()
    asked.push(time.now())
    if (time.now() - (taken.at(-1) ?? 0) < 60_000) return Promise.resolve({ code: 'busy', payload: null })
    taken.push(time.now())
    return honest()
  }
  await alice.comeOnline()
  await passUntil(time, are(alice, 'Synced'), 'the deposits', 200)
  expect(taken).toHaveLength(LETTERS)
  expect(asked.length).toBeLessThanOrEqual(5 * LETTERS)
  const waits = asked.slice(1).map((at, i) => at - (asked[i] ?? at))
  expect(Math.max(...waits)).toBeLessThan(60_000)
})

test('a stranger cannot make us call at a relay of its choice', async () => {
  await meetByLink()
  await bob.db.meta.delete('invite')
  post.open('theirs')
  alice.named = ['theirs']
  await alice.write(bob, 'hello')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  const asked = new Set<string>()
  const ask = post.ask.bind(post)
  post.ask = (relay, peer, line, question) => {
    if (peer === bob.who.peerId) asked.add(relay)
    return ask(relay, peer, line, question)
  }
  await bob.comeOnline()
  await passUntil(time, async () => (await bob.texts(alice)).length === 1, 'the letter')
  await pass(time, 20_000)
  expect([...asked]).toEqual(['relay'])
})

test('what a relay holds that is away for a while is not taken for lost, though another knows nothing of it', async () => {
  bob.home = 'home'
  post.open('home')
  post.open('spare')
  await meetByLink()
  await alice.db.contacts.update(bob.who.peerId, { relays: ['home', 'spare'] })
  await alice.write(bob, 'hello')
  await alice.comeOnline()
  await passUntil(time, are(alice, 'Synced'), 'the deposit')
  post.close('home')
  await pass(time, DEPOSIT_CHECK_MS + 60_000, 5_000)
  expect(new Set(await alice.statuses())).toEqual(new Set(['Synced']))
})

test('nothing is quiet while a letter waits for a mailbox that may be there in a moment', async () => {
  await meetByLink()
  let lost = 0
  post.lose = (_peer, { type }) => (type === 'deposit' && ++lost > 0 ? 'request' : null)
  await alice.write(bob, 'hello')
  await alice.comeOnline()
  await passUntil(time, () => lost > 0, 'an attempt')
  for (let i = 0; i < 40; i++) {
    await pass(time, 250)
    expect(alice.engine?.isQuiet).toBe(false)
  }
  post.lose = () => null
  await passUntil(time, () => alice.engine?.isQuiet === true, 'quiet')
  expect(new Set(await alice.statuses())).toEqual(new Set(['Synced']))
})

test('what a relay lost is pending again, also where it was left under a grant that is revoked by now', async () => {
  await meetByLink()
  await alice.write(bob, 'one')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  post.wipe()
  await saveInviteSecret(bob.db, { secret: OTHER_SECRET, expires: time.now() + 90 * DAY })
  const linkGrant = inviteGrantId(fromBase64url(SECRET))
  const isRevoked = async () => (await post.store().held(bob.who.peerId, linkGrant, [])) === 'denied'
  await visitUntil(bob, isRevoked, 'the revocation')
  await alice.comeOnline()
  await passUntil(time, are(alice, 'Pending'), 'the mailbox to be asked', 1000)
})

test('a letter of unknown fate to someone who was deleted is forgotten when no mailbox can hold it', async () => {
  await meetByLink()
  post.lose = (_peer, { type }) => (type === 'deposit' ? 'request' : null)
  await alice.write(bob, 'one')
  await visitUntil(alice, async () => (await alice.db.deposits.count()) === 1, 'a letter')
  await deleteContact(alice.db, alice.who.peerId, bob.who.peerId, time.now())
  time.advance(DEPOSIT_LIFE_MS - DAY)
  await alice.comeOnline()
  await pass(time, DEPOSIT_CHECK_MS + 60_000, 5_000)
  expect(await alice.db.deposits.count()).toBe(1)
  time.advance(DAY)
  await passUntil(time, async () => (await alice.db.deposits.count()) === 0, 'it to be forgotten', 5_000)
})

test('that something was read is told again where the relay lost word of it, once, and not for ever', async () => {
  await meetByLink()
  await alice.write(bob, 'one')
  await visitUntil(
    alice,
    async () => (await are(alice, 'Synced')()) && (await hasPrekey(alice)()),
    'the deposit',
  )
  const hasAnswered = async () => (await nothingOwed(bob)()) && (await itemsOf(alice)) > 0
  await visitUntil(bob, async () => (await bob.texts(alice)).length === 1 && (await hasAnswered()), 'proof')
  await visitUntil(alice, are(alice, 'Delivered'), 'proof')
  await bob.readAll(alice)
  await visitUntil(bob, hasAnswered, 'word of it')
  post.wipe()
  const letters = () => post.left.filter(({ owner }) => owner === alice.who.peerId).length
  const before = letters()
  for (let day = 0; day < 10; day++) {
    for (const who of [bob, alice]) {
      await who.comeOnline()
      await pass(time, 10_000)
      await who.goOffline()
    }
    time.advance(DAY)
  }
  expect(await alice.statuses()).toContain('Acknowledged')
  // The proof before it had arrived, of which he could not know, and this.
  expect(letters() - before).toBeLessThanOrEqual(2)
  expect(await bob.db.deposits.count()).toBe(0)
})

test('whoever is unblocked hears of it though the relay lost the letter that told them', async () => {
  await meetByLink()
  const id = 'CCCCCCCCCCCCCCCCCCCCCA'
  await contactOfBob(alice, id)
  await visitUntil(alice, hasPrekey(alice), 'a prekey')
  await alice.write(bob, 'one')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  await visitUntil(bob, nothingOwed(bob), 'the letter')
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  await visitUntil(bob, hasPrekey(bob), 'a visit')
  await visitUntil(alice, async () => (await itemsOf(alice)) === 0, 'what was left before')
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'accepted')
  await visitUntil(bob, async () => (await nothingOwed(bob)()) && (await itemsOf(alice)) > 0, 'the letter')
  post.wipe()
  await visitUntil(alice, hasPrekey(alice), 'a prekey')
  time.advance(DEPOSIT_CHECK_MS)
  await visitUntil(bob, async () => (await itemsOf(alice)) > 0, 'another letter')
})

test('a mailbox that has no room for revocations takes prekey and backup all the same', async () => {
  post.open()
  await bob.db.revoked_grants.put({ id: 'CCCCCCCCCCCCCCCCCCCCCA', ends: time.now() + DAY })
  let asked = 0
  post.serve = (_peer, { type }, honest) =>
    type === 'revoke' && ++asked > 0 ? Promise.resolve({ code: 'full', payload: null }) : honest()
  await bob.comeOnline()
  const hasBackup = async () => (await post.store().recall(bob.who.peerId)) !== null
  await passUntil(time, async () => (await hasPrekey(bob)()) && (await hasBackup()), 'prekey and backup')
  // It is told again.
  const before = asked
  await passUntil(time, () => asked > before, 'another attempt', 1000)
})
