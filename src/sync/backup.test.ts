import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PeerId } from '../domain/ids.ts'
import { encodeBackup } from '../protocol/backup.ts'
import { encode } from '../protocol/cbor.ts'
import { BACKUP_SIZES, PREKEY_LIFE_MS } from '../protocol/limits.ts'
import { pad } from '../protocol/padding.ts'
import { openPrekey } from '../protocol/prekey.ts'
import { decodeProfile, encodeProfile, type Profile } from '../protocol/profile.ts'
import { isReplaced, lastStart, requireInstallation } from '../store/identity.ts'
import { currentPrekey } from '../store/prekeys.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { copyOf, databaseOf, person, type Person } from '../testing/people.ts'
import { quickSealer } from '../testing/quick-sealer.ts'
import { BACKUP_AFTER_MS } from './limits.ts'

const DAY_MS = 24 * 3_600_000
const [alice, bob, carol, dave] = ['Alice', 'Bob', 'Carol', 'Dave'].map((name, i) => person(name, i + 1)) as [
  Person,
  Person,
  Person,
  Person,
]
const sealer = quickSealer(alice)

let time: FakeTime
let post: MemoryPost
let devices: Device[]

/** An installation on a network of its own: no other tells it anything. */
async function installation(who = alice, network = new MemoryNetwork()): Promise<Device> {
  const made = new Device(who, await databaseOf(who, time.now()), network, time)
  made.post = post
  devices.push(made)
  return made
}

beforeEach(() => {
  time = new FakeTime()
  post = new MemoryPost(time, alice.crypto.verify)
  post.open()
  devices = []
})
afterEach(() => Promise.all(devices.map((device) => device.goOffline())))

const within = (condition: () => boolean | Promise<boolean>, what: string): Promise<void> =>
  until(async () => {
    if (await condition()) return true
    time.advance(100)
    return false
  }, what)

const blob = () => post.store().recall(alice.peerId)

async function kept(): Promise<Profile | null> {
  const sealed = await blob()
  const opened = sealed === null ? null : await sealer.openBackup(sealed)
  return opened === null ? null : decodeProfile(opened)
}

const keptPeers = async (): Promise<Set<PeerId>> => new Set((await kept())?.contacts.map(({ peer }) => peer))

/** What lies at the mailbox was kept by this start of the device, and says of these people. */
const hasKept = (device: Device, who: readonly Person[]) => async () => {
  const writer = (await kept())?.writer
  const { id } = await requireInstallation(device.db)
  if (writer?.installation !== id || writer.started !== (await lastStart(device.db))) return false
  const peers = await keptPeers()
  return peers.size === who.length && who.every(({ peerId }) => peers.has(peerId))
}

const befriend = (device: Device, who: Person) =>
  device.befriend(new Device(who, device.db, device.network, time))
const knows = (device: Device, who: Person) => async () =>
  (await device.db.contacts.get(who.peerId))?.state === 'accepted'
const publishedPrekey = async () => {
  const sealed = await post.store().prekey(alice.peerId, 'any')
  return sealed === null || sealed === 'denied' ? null : openPrekey(sealed).prekey
}

/** Time enough for whatever would be kept to be kept. */
async function letPass(device: Device, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    time.advance(1000)
    await until(() => device.mailbox?.isWaiting === false, 'the mailbox to answer')
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function visit(device: Device, condition: () => Promise<boolean>, what: string): Promise<void> {
  await device.comeOnline()
  await within(condition, what)
  await device.goOffline()
}

describe('two installations of one identity (SPEC 20.4, 20.6)', () => {
  test('one that was away for weeks takes in what the other kept before it keeps its own', async () => {
    const laptop = await installation()
    await befriend(laptop, bob)
    await visit(laptop, hasKept(laptop, [bob]), 'the first backup')
    time.advance(DAY_MS)
    const phone = await installation()
    await phone.comeOnline()
    await within(knows(phone, bob), 'Bob')
    await befriend(phone, carol)
    await within(hasKept(phone, [bob, carol]), "the phone's backup")
    await phone.goOffline()
    time.advance(21 * DAY_MS)
    await laptop.comeOnline()
    const seen = new Set<number>()
    await within(async () => {
      seen.add((await keptPeers()).size)
      return hasKept(laptop, [bob, carol])()
    }, "the laptop's backup")
    expect(await knows(laptop, carol)()).toBe(true)
    expect([...seen]).toEqual([2])
    expect(laptop.replaced).toBe(false)
  })

  test('one that is back from before the other started takes in, stops, and keeps nothing', async () => {
    const laptop = await installation()
    await befriend(laptop, bob)
    await laptop.comeOnline()
    await within(hasKept(laptop, [bob]), 'the first backup')
    laptop.mailbox?.disconnect()
    time.advance(DAY_MS)
    const phone = await installation()
    await befriend(phone, carol)
    await visit(phone, hasKept(phone, [bob, carol]), "the phone's backup")
    const before = await blob()
    expect(laptop.replaced).toBe(false)
    laptop.mailbox?.connect()
    await within(() => laptop.replaced, 'word of the phone')
    expect(await knows(laptop, carol)()).toBe(true)
    expect(await isReplaced(laptop.db)).toBe(true)
    await befriend(laptop, dave)
    laptop.mailbox?.disconnect()
    laptop.mailbox?.connect()
    await letPass(laptop, 60_000)
    expect(await blob()).toEqual(before)
    // Opened by its user, it is the newest.
    await laptop.goOffline()
    await visit(laptop, hasKept(laptop, [bob, carol, dave]), 'its backup')
  })

  test('a profile that was put back from a copy takes in what it kept since', async () => {
    const laptop = await installation()
    await visit(laptop, hasKept(laptop, []), 'the first backup')
    const copy = await copyOf(laptop.db)
    await befriend(laptop, bob)
    await visit(laptop, hasKept(laptop, [bob]), 'Bob to be kept')
    const again = new Device(alice, copy, new MemoryNetwork(), time)
    again.post = post
    devices.push(again)
    time.advance(1)
    await visit(again, hasKept(again, [bob]), 'its backup')
  })

  test('one whose prekey is older than what was published since makes a new one at once (SPEC 20.7)', async () => {
    const laptop = await installation()
    await visit(laptop, hasKept(laptop, []), 'the first backup')
    time.advance(DAY_MS)
    const phone = await installation()
    await visit(phone, hasKept(phone, []), "the phone's backup")
    const made = (await publishedPrekey())?.made ?? 0
    await laptop.comeOnline()
    await within(async () => ((await publishedPrekey())?.made ?? 0) > made, 'a new prekey')
    await within(
      async () => (await kept())?.prekeyMade === (await currentPrekey(laptop.db))?.made,
      'word of it',
    )
  })
})

describe('what cannot be read (SPEC 20.5)', () => {
  const seal = (profile: Uint8Array) => sealer.sealBackup(profile)

  test.each([
    ['a backup', () => Promise.resolve(encode([2, 'whatever']))],
    ['what it says', () => seal(pad(encode([2, 'whatever']), BACKUP_SIZES))],
  ])('of a later version %s is left alone, and that is said', async (_what, make) => {
    const later = await make()
    await post.store().keep(alice.peerId, later)
    const device = await installation()
    await device.comeOnline()
    await within(async () => (await publishedPrekey()) !== null, 'the prekey')
    await befriend(device, bob)
    await letPass(device, 60_000)
    expect(await blob()).toEqual(later)
    expect(device.warnings).toContain('the backup is of a later version, and is left alone')
    // Once it is gone there is nothing to be spared.
    post.wipe()
    device.mailbox?.disconnect()
    device.mailbox?.connect()
    await within(hasKept(device, [bob]), 'a backup')
  })

  test.each([
    ['is none', () => Promise.resolve(new Uint8Array([1, 2, 3]))],
    ["is someone else's", () => quickSealer(bob).sealBackup(encodeProfile(OF_NOBODY))],
    ['was damaged before it was sealed', () => seal(new Uint8Array(1024))],
  ])('what %s is replaced', async (_what, make) => {
    await post.store().keep(alice.peerId, await make())
    const device = await installation()
    await befriend(device, bob)
    await visit(device, async () => await hasKept(device, [bob])().catch(() => false), 'a backup')
  })
})

const OF_NOBODY: Profile = {
  writer: { installation: 'AAAAAAAAAAAAAAAAAAAAAA' as Profile['writer']['installation'], started: 1 },
  prekeyMade: 0,
  nickname: '',
  contacts: [],
  settings: {},
  config: {},
  revoked: [],
}

test('a mailbox that does not take it is asked ever more rarely, and anew on another connection (SPEC 20.8)', async () => {
  const device = await installation()
  let isFull = true
  const asked: number[] = []
  post.serve = (_peer, { type }, honest) => {
    if (type !== 'keep') return honest()
    asked.push(time.now())
    return isFull ? Promise.resolve({ code: 'full', payload: null }) : honest()
  }
  await device.comeOnline()
  await letPass(device, 30 * 60_000)
  const waits = asked.slice(1).map((at, i) => at - (asked[i] ?? 0))
  expect(asked.length).toBeGreaterThan(3)
  expect(asked.length).toBeLessThan(12)
  expect(waits.at(-1)).toBeGreaterThan(4 * 60_000)
  isFull = false
  device.mailbox?.disconnect()
  device.mailbox?.connect()
  await within(hasKept(device, []), 'a backup')
})

test('its length does not tell one contact from ten', async () => {
  const device = await installation()
  await device.comeOnline()
  await within(hasKept(device, []), 'a backup')
  const lengths = new Set<number>()
  const friends = Array.from({ length: 10 }, (_, i) => person('Friend', 20 + i))
  for (const [i, friend] of friends.entries()) {
    await befriend(device, friend)
    time.advance(BACKUP_AFTER_MS)
    await within(hasKept(device, friends.slice(0, i + 1)), 'the backup')
    lengths.add((await blob())?.length ?? 0)
  }
  expect(lengths.size).toBe(1)
  expect(encodeBackup({ nonce: new Uint8Array(12), ciphertext: new Uint8Array(1024 + 16) }).length).toBe(
    [...lengths][0],
  )
})

test('a prekey that a clock ahead has made is replaced once, and its follower has its own time (SPEC 18.6)', async () => {
  const device = await installation()
  await visit(device, hasKept(device, []), 'a prekey')
  const ahead = time.now() + 30 * DAY_MS
  await device.db.prekeys.toCollection().modify({ made: ahead })
  await device.comeOnline()
  await within(async () => (await publishedPrekey())?.made === ahead + 1, 'a new prekey')
  await letPass(device, 120_000)
  expect((await publishedPrekey())?.made).toBe(ahead + 1)
  time.advance(PREKEY_LIFE_MS)
  await within(async () => (await publishedPrekey())?.made === ahead + 2, 'the next one')
})

test('a profile that was put back makes a new prekey when a contact shows it, though nothing was kept (SPEC 20.7)', async () => {
  const network = new MemoryNetwork()
  const [before, friend] = [await installation(alice, network), await installation(bob, network)]
  await Promise.all([before.befriend(friend), friend.befriend(before)])
  await Promise.all([before.comeOnline(), friend.comeOnline()])
  await before.write(friend, 'one')
  await within(async () => (await friend.texts(before)).length === 1, 'the first words')
  await within(async () => (await publishedPrekey()) !== null, 'a prekey')
  const copy = await copyOf(before.db)
  await before.write(friend, 'two')
  await within(async () => (await friend.texts(before)).length === 2, 'the second words')
  await before.goOffline()
  post.wipe()
  const made = (await currentPrekey(copy))?.made ?? 0
  const again = new Device(alice, copy, network, time)
  again.post = post
  devices.push(again)
  await again.comeOnline()
  await again.write(friend, 'three')
  await within(async () => ((await publishedPrekey())?.made ?? 0) > made, 'a new prekey')
})
