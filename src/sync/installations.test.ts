/** Two installations of one identity that take turns at its mailbox (SPEC 18.6, 19.6, 20.6). */
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encode } from '../protocol/cbor.ts'
import { openItem, type PrekeyId, prekeyId } from '../protocol/letter.ts'
import { PREKEY_KEPT_MS, PREKEY_LIFE_MS } from '../protocol/limits.ts'
import { openPrekey } from '../protocol/prekey.ts'
import { decodeProfile } from '../protocol/profile.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { Device } from '../testing/device.ts'
import { FakeTime } from '../testing/fake-world.ts'
import { are, hasPrekey, itemsOf, openLinkOf, pass, passUntil, visitUntil } from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person, type Person } from '../testing/people.ts'
import { quickSealer } from '../testing/quick-sealer.ts'
import { cleanUp } from './clean-up.ts'
import { DEPOSIT_CHECK_MS } from './limits.ts'

const DAY = 86_400_000
const [aliceWho, bobWho] = [person('Alice', 1), person('Bob', 2)]

let time: FakeTime
let post: MemoryPost
let devices: Device[]
let alice: Device
let laptop: Device
let phone: Device

/** On a network of its own: no other installation tells it anything. */
async function device(who: Person): Promise<Device> {
  const made = new Device(who, await databaseOf(who, time.now()), new MemoryNetwork(), time)
  made.post = post
  devices.push(made)
  return made
}

beforeEach(async () => {
  time = new FakeTime()
  post = new MemoryPost(time, person('Anyone', 9).crypto.verify)
  devices = []
  alice = await device(aliceWho)
  laptop = await device(bobWho)
})
afterEach(() => Promise.all(devices.map((each) => each.goOffline())))

async function published(): Promise<PrekeyId> {
  const sealed = await post.store().prekey(bobWho.peerId, 'any')
  if (!(sealed instanceof Uint8Array)) throw new Error('there is no prekey')
  return prekeyId(openPrekey(sealed).prekey.publicKey)
}

const isQuiet = (who: Device) => () => who.engine?.isQuiet === true
const hasAlice = async () =>
  (await phone.db.contacts.get(aliceWho.peerId))?.state === 'accepted' && isQuiet(phone)()

/** Alice has written to Bob, who has read it on his laptop, which runs. */
async function meet(): Promise<void> {
  await laptop.comeOnline()
  await passUntil(time, hasPrekey(laptop), 'a prekey')
  await openLinkOf(laptop, alice)
  await alice.write(laptop, 'hello')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  await passUntil(time, async () => (await laptop.texts(alice)).length === 1, 'the letter')
  await passUntil(time, isQuiet(laptop), 'the engine to be quiet')
  await pass(time, 5_000)
}

/** Bob restores himself on a phone, and Alice leaves a letter that only the phone can open. */
async function writeToPhone(): Promise<PrekeyId> {
  time.advance(DAY)
  phone = await device(bobWho)
  await visitUntil(phone, hasAlice, 'the contacts')
  const key = await published()
  await visitUntil(alice, async () => (await itemsOf(alice)) === 0, 'proof of the first words')
  await alice.write(laptop, 'to the phone')
  await visitUntil(alice, async () => (await itemsOf(phone)) === 1, 'the letter')
  const [item] = (await post.store().fetch(bobWho.peerId, 0)).items
  expect(item && openItem(item.item).prekey).toBe(key)
  return key
}

const makesWay = () => passUntil(time, () => laptop.replaced, 'word of the phone')

/** The phone is woken, as a service worker is. */
async function wakePhone(): Promise<void> {
  phone.errand = true
  await visitUntil(phone, isQuiet(phone), 'an errand')
}

test('one that is back from before the other started leaves the mail and the prekey of that one', async () => {
  await meet()
  laptop.mailbox?.disconnect()
  const key = await writeToPhone()
  laptop.mailbox?.connect()
  await makesWay()
  await laptop.goOffline()
  expect({ mail: await itemsOf(phone), prekey: await published() }).toEqual({ mail: 1, prekey: key })
  // Nothing of it is missed, and more can be left.
  await alice.write(laptop, 'and more')
  await alice.comeOnline()
  await pass(time, DEPOSIT_CHECK_MS + 60_000, 1000)
  await alice.goOffline()
  expect((await alice.statuses()).slice(-2)).toEqual(['Synced', 'Synced'])
  await wakePhone()
  expect(await phone.texts(alice)).toEqual(['to the phone', 'and more'])
})

test('one that was there all the time leaves what is sealed for another that came meanwhile', async () => {
  await meet()
  // It hears of the letter, and of nothing else.
  const key = await writeToPhone()
  await makesWay()
  await laptop.goOffline()
  expect({ mail: await itemsOf(phone), prekey: await published() }).toEqual({ mail: 1, prekey: key })
})

test('one whose mailbox does not give the backup leaves the mail that it has no key to', async () => {
  await meet()
  laptop.mailbox?.disconnect()
  const key = await writeToPhone()
  let asked = 0
  post.serve = async (peer, { type }, honest) =>
    peer === bobWho.peerId && type === 'recall' && ++asked > 0 ? { code: 'failed', payload: null } : honest()
  laptop.mailbox?.connect()
  await passUntil(time, () => asked > 1, 'the question')
  await pass(time, 10_000)
  expect({ mail: await itemsOf(phone), prekey: await published() }).toEqual({ mail: 1, prekey: key })
})

test('what nobody has a key to any more is confirmed, so that it goes out anew', async () => {
  await meet()
  await laptop.goOffline()
  const item = encode([1, new Uint8Array(8), new Uint8Array(32), new Uint8Array(100)])
  const [owner, id] = [bobWho.peerId, 'CCCCCCCCCCCCCCCCCCCCCA']
  await post.store().deposit({ owner, grant: id, open: false, id, item, at: time.now() })
  laptop.errand = true
  await visitUntil(laptop, isQuiet(laptop), 'an errand')
  expect(await itemsOf(laptop)).toBe(0)
})

test('one that made way does not keep the keys of its mail for ever', async () => {
  await meet()
  laptop.mailbox?.disconnect()
  await writeToPhone()
  laptop.mailbox?.connect()
  await makesWay()
  await laptop.goOffline()
  const clean = async () =>
    cleanUp(laptop.db, await raiseEpoch(laptop.db), time, new AbortController().signal)
  time.advance(PREKEY_KEPT_MS - DAY)
  await clean()
  expect(await laptop.db.prekeys.count()).toBe(1)
  time.advance(DAY)
  await clean()
  expect(await laptop.db.prekeys.count()).toBe(0)
})

test('whoever is only woken for weeks has a prekey of the week, and says so in the backup', async () => {
  await visitUntil(laptop, async () => (await hasPrekey(laptop)()) && isQuiet(laptop)(), 'a prekey')
  const seen = new Set([await published()])
  laptop.errand = true
  for (let week = 1; week <= 3; week++) {
    time.advance(PREKEY_LIFE_MS)
    await visitUntil(laptop, isQuiet(laptop), 'an errand')
    seen.add(await published())
  }
  expect(seen.size).toBe(4)
  const opened = await quickSealer(bobWho).openBackup(
    (await post.store().recall(bobWho.peerId)) ?? new Uint8Array(),
  )
  const made = (await laptop.db.prekeys.get(await published()))?.made
  expect(opened && decodeProfile(opened).prekeyMade).toBe(made)
})

test('an errand publishes nothing where it cannot be told whose the mailbox is', async () => {
  await visitUntil(laptop, isQuiet(laptop), 'a visit')
  post.wipe()
  laptop.errand = true
  time.advance(PREKEY_LIFE_MS)
  await visitUntil(laptop, isQuiet(laptop), 'an errand')
  expect(await hasPrekey(laptop)()).toBe(false)
})
