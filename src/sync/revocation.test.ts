/** That those who may not leave us mail any more are shut out by our mailbox, since the client has told it (SPEC 18.13). */
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openGrant } from '../protocol/grant.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { MAX_IDS_PER_REQUEST } from '../protocol/limits.ts'
import { setContactState } from '../store/contacts.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import type { ContactRow } from '../store/schema.ts'
import { Device } from '../testing/device.ts'
import { FakeTime } from '../testing/fake-world.ts'
import { are, hasPrekey, itemsOf, openLinkOf, pass, passUntil, visitUntil } from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'

const OTHER_SECRET = 'BBBBBBBBBBBBBBBBBBBBBA'
const DAY = 86_400_000

let time: FakeTime
let post: MemoryPost
let alice: Device
let bob: Device
/** What Bob's link gave Alice, and what he gave her since. */
let linkGrant: Uint8Array
let ownGrant: Uint8Array

/** They never meet: there is mail alone. */
async function device(name: string, number: number): Promise<Device> {
  const who = person(name, number)
  const made = new Device(who, await databaseOf(who, time.now()), new MemoryNetwork(), time)
  made.post = post
  return made
}

const within = (condition: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  passUntil(time, condition, what)

const grantFromBob = async (): Promise<Uint8Array> =>
  (await alice.db.contacts.get(bob.who.peerId))?.grant_from ?? new Uint8Array()

let deposits = 0

/** What Bob's mailbox says to a letter that Alice's client brings with that grant. */
async function answer(grant: Uint8Array): Promise<string> {
  const mailbox = post.mailbox(alice.who.peerId)
  mailbox.connect()
  // Another each time: one that is there under another grant would be denied for that.
  const id = toBase64url(new Uint8Array(new BigUint64Array([BigInt(++deposits), 0n]).buffer))
  return mailbox.deposit({ relays: [], grant }, { id, item: Uint8Array.of(1) })
}

beforeEach(async () => {
  time = new FakeTime()
  post = new MemoryPost(time, person('Anyone', 9).crypto.verify)
  alice = await device('Alice', 1)
  bob = await device('Bob', 2)
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLinkOf(bob, alice)
  linkGrant = await grantFromBob()
  await alice.write(bob, 'one')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  await visitUntil(bob, async () => (await itemsOf(alice)) > 0, 'proof and a grant')
  expect(await bob.texts(alice)).toEqual(['one'])
  await alice.write(bob, 'two')
  const isLeft = async () =>
    (await alice.statuses()).at(-1) === 'Synced' && openGrant(await grantFromBob()).grant.holder !== null
  await visitUntil(alice, isLeft, 'the second deposit, and his grant')
  ownGrant = await grantFromBob()
  expect([await answer(linkGrant), await answer(ownGrant)]).toEqual(['done', 'done'])
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

const isDenied = (grant: Uint8Array) => async () => (await answer(grant)) === 'denied'

test.each([
  ['while the app is open', true],
  ['before it is opened', false],
])('whoever is blocked %s cannot leave mail any more, and what was left is not taken in', async (_, open) => {
  // What is on its way to him does not come before he blocks her.
  post.serve = (_peer, request, honest) =>
    request.type === 'fetch' ? Promise.resolve({ code: 'busy', payload: null }) : honest()
  if (open) await bob.comeOnline()
  if (open) await pass(time, 5000)
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  if (!open) await bob.comeOnline()
  // At once, not at the next tick.
  await pass(time, 5000)
  expect(await answer(ownGrant)).toBe('denied')
  // She brought the secret of his link, which is void with it.
  expect(await answer(linkGrant)).toBe('denied')
  post.serve = (_peer, _request, honest) => honest()
  await within(async () => (await itemsOf(bob)) === 0, 'an empty mailbox')
  await bob.goOffline()
  expect(await bob.texts(alice)).toEqual(['one'])

  await alice.write(bob, 'three')
  await alice.comeOnline()
  await pass(time, 60_000)
  expect((await alice.statuses()).at(-1)).toBe('Pending')
  expect(await itemsOf(bob)).toBe(0)
})

test('a link that is renewed lets nobody leave mail any more, and those who have a grant of their own still', async () => {
  await bob.comeOnline()
  await pass(time, 5000)
  await saveInviteSecret(bob.db, { secret: OTHER_SECRET, expires: time.now() + DAY })
  await within(isDenied(linkGrant), 'the grant of the old link to be denied')
  expect(await answer(ownGrant)).toBe('done')
})

test('a mailbox that lost its store is told again whom it must deny', async () => {
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  await bob.comeOnline()
  await within(isDenied(ownGrant), 'his grant to be denied')
  post.close()
  post.wipe()
  post.open()
  expect(await answer(ownGrant)).toBe('done')
  bob.mailbox?.connect()
  for (const grant of [ownGrant, linkGrant]) await within(isDenied(grant), 'it to be denied again')
})

test('whoever is not blocked any more is given a new grant, and the old one holds no more', async () => {
  await bob.comeOnline()
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  await within(isDenied(ownGrant), 'his grant to be denied')
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'accepted')
  // Whether or not he has anything to say: she has nothing left to write to him with.
  await within(async () => (await itemsOf(alice)) > 0, 'his letter')
  await bob.goOffline()
  await alice.write(bob, 'none')
  const isLeft = async () => (await alice.statuses()).every((status) => status !== 'Pending')
  await visitUntil(alice, isLeft, 'her letter')
  expect(await answer(await grantFromBob())).toBe('done')
  expect(await answer(ownGrant)).toBe('denied')
  await visitUntil(bob, async () => (await bob.texts(alice)).includes('none'), 'it')
})

test('one who is owed something and cannot be left mail keeps nobody busy while a mailbox is slow', async () => {
  const [carol, slow] = [await device('Carol', 3), Promise.withResolvers<null>()]
  await carol.befriend(bob)
  await visitUntil(carol, hasPrekey(carol), 'a prekey')
  await openLinkOf(carol, bob)
  await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
  await bob.db.owed.put({ peer_id: alice.who.peerId, at: time.now() })
  let isWaiting = false
  post.serve = async (_peer, request, honest) => {
    if (request.type === 'prekey') isWaiting = true
    if (request.type === 'prekey') await slow.promise
    return honest()
  }
  await bob.comeOnline()
  await within(() => isWaiting, 'a letter to Carol')
  // It is seen again what is to be left, while that one is under way.
  await bob.db.owed.put({ peer_id: alice.who.peerId, at: time.now() })
  await pass(time, 1000)
  let looks = 0
  bob.db.contacts.hook('reading', (row: ContactRow) => {
    looks += 1
    return row
  })
  for (let i = 0; i < 500; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(looks).toBe(0)
  slow.resolve(null)
})

test('of all whom it denies our mailbox is told, also where it needs to be told in pieces', async () => {
  const rows = Array.from({ length: MAX_IDS_PER_REQUEST + 1 }, (_, n) => ({
    id: toBase64url(new Uint8Array(new BigUint64Array([BigInt(n), 1n]).buffer)),
    ends: time.now() + DAY + n,
  }))
  await bob.db.revoked_grants.bulkPut(rows)
  const denied = async ({ id }: { id: string }) =>
    (await post.store().held(bob.who.peerId, id, [])) === 'denied'
  const [first, last] = [rows[0], rows.at(-1)]
  await visitUntil(
    bob,
    async () => first !== undefined && last !== undefined && (await denied(first)) && (await denied(last)),
    'both ends to be denied',
  )
})
