import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageId } from '../domain/ids.ts'
import { readGaps } from '../store/gaps.ts'
import { sendAgain } from '../store/retry.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { copyOf, databaseOf, person } from '../testing/people.ts'

let network: MemoryNetwork
let time: FakeTime
let alice: Device
let bob: Device

beforeEach(async () => {
  network = new MemoryNetwork()
  time = new FakeTime()
  const [a, b] = [person('Alice', 1), person('Bob', 2)]
  alice = new Device(a, await databaseOf(a, time.now()), network, time)
  bob = new Device(b, await databaseOf(b, time.now()), network, time)
  await Promise.all([alice.befriend(bob), bob.befriend(alice)])
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
const settled = (device: Device) => async () =>
  (await device.db.offline_queue.count()) === 0 && !(await device.statuses()).includes('Pending')

/** Both are there, and each writes `n` messages in turn. */
async function talk(n: number): Promise<void> {
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  for (const text of numbers(1, n)) {
    await alice.write(bob, `a${text}`)
    await bob.write(alice, `b${text}`)
    time.advance(10)
  }
  await until(settled(alice), 'delivery to Bob')
  await until(settled(bob), 'delivery to Alice')
}

/** Alice's browser is gone; another one has her recovery phrase. */
async function restore(): Promise<void> {
  await alice.goOffline()
  alice = new Device(alice.who, await databaseOf(alice.who, time.now()), network, time)
}

describe('SPEC 10, 11.5: history', () => {
  test('a restored identity is found by its contact and gets the conversation back, read and unannounced', async () => {
    await talk(60)
    await bob.readAll(alice)
    await until(async () => (await alice.statuses()).includes('Acknowledged'), 'reading')
    const before = await bob.texts(alice)
    await restore()
    await alice.comeOnline()
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === before.length
    }, 'the history')
    expect(await alice.texts(bob)).toEqual(before)
    expect(await alice.db.contacts.get(bob.who.peerId)).toMatchObject({ state: 'accepted', nickname: 'Bob' })
    const [conversation] = await alice.db.conversations.toArray()
    expect(conversation).toMatchObject({ unread: 0, title: 'Bob' })
    await until(
      async () => (await alice.statuses()).filter((s) => s === 'Acknowledged').length === 60,
      'what Bob has read to be known again',
    )
    // They go on, in a new log.
    await alice.write(bob, 'again')
    await bob.write(alice, 'indeed')
    await until(settled(alice), 'delivery to Bob')
    await until(settled(bob), 'delivery to Alice')
    expect(await bob.texts(alice)).toEqual(await alice.texts(bob))
    expect(await bob.texts(alice)).toHaveLength(122)
  })

  test('what comes back is not told as read', async () => {
    await talk(5)
    await restore()
    await alice.comeOnline()
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === 10
    }, 'the history')
    time.advance(200)
    await until(
      async () => (await alice.db.logs.toArray()).every(({ read }) => read.length === 0),
      'no reading',
    )
    expect(await bob.statuses()).not.toContain('Acknowledged')
  })

  test('what nobody has any more is said to be lost', async () => {
    await talk(10)
    const rows = await bob.db.messages
      .where('direction')
      .equals('Sent')
      .toArray()
      .catch(() => [])
    const own =
      rows.length > 0 ? rows : (await bob.db.messages.toArray()).filter((m) => m.direction === 'Sent')
    const gone = own.filter((m) => m.seq >= 4 && m.seq <= 6)
    await bob.db.messages.bulkDelete(gone.map((m) => m.id))
    await restore()
    await alice.comeOnline()
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === 17
    }, 'the rest')
    const id = alice.conversationWith(bob)
    await until(async () => (await readGaps(alice.db, id)).some(({ lost }) => lost), 'the loss')
    const gaps = await readGaps(alice.db, id)
    expect(gaps).toMatchObject([{ author: bob.who.peerId, count: 3, lost: true }])
    const { order_key } =
      (await alice.db.messages.toArray()).find((m) => m.log_id === own[0]?.log_id && m.seq === 7) ?? {}
    expect(gaps[0]?.place).toBe(order_key)
  })

  test('what was sent again, though it had arrived, is neither doubled nor missed by whoever restores', async () => {
    await talk(2)
    await bob.goOffline()
    await alice.write(bob, 'arrives twice')
    // All that Bob says after his greeting is lost, so Alice does not know that it arrived.
    const deliver = network.deliver
    let fromBob = 0
    network.deliver = (from, to, arrive) => {
      if (from !== bob.who.peerId || ++fromBob <= 2) deliver(from, to, arrive)
    }
    await bob.comeOnline()
    await until(async () => (await bob.texts(alice)).includes('arrives twice'), 'the message')
    await bob.goOffline()
    network.deliver = deliver
    await until(() => alice.reports.get(bob.who.peerId)?.path === 'none', 'the end of the session')
    time.advance(8 * 24 * 3_600_000)
    const row = async () => (await alice.db.messages.toArray()).find((m) => m.content_json.includes('twice'))
    await until(async () => (await row())?.expired_at !== undefined, 'the end of trying')
    await sendAgain(alice.db, (await row())?.id ?? ('' as MessageId), time.now(), alice.who.random.bytes)
    await bob.comeOnline()
    await until(settled(alice), 'delivery')
    await restore()
    await alice.comeOnline()
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === 5
    }, 'the history')
    await until(async () => {
      time.advance(200)
      return (await readGaps(alice.db, alice.conversationWith(bob))).length === 0
    }, 'no gap')
    expect((await alice.texts(bob)).filter((text) => text === 'arrives twice')).toHaveLength(1)
    expect((await alice.db.logs.toArray()).flatMap(({ lost = [] }) => lost)).toEqual([])
  })

  test('someone who is no contact is told nothing of the history, whatever is asked', async () => {
    await talk(3)
    await bob.db.contacts.update(alice.who.peerId, { state: 'request' })
    await restore()
    await alice.befriend(bob)
    await alice.comeOnline()
    alice.engine?.show(new Set([bob.who.peerId]))
    await until(() => {
      time.advance(200)
      return alice.reports.get(bob.who.peerId)?.path === 'direct'
    }, 'a session')
    await alice.write(bob, 'do you remember?')
    await until(settled(alice), 'delivery')
    expect(await alice.texts(bob)).toEqual(['do you remember?'])
  })
})

describe('SPEC 11: a profile that was put back to an earlier state', () => {
  test('begins a new log: nothing is lost, doubled, or taken for delivered that was not', async () => {
    await talk(5)
    await alice.goOffline()
    const backup = await copyOf(alice.db)
    await alice.comeOnline()
    for (const text of numbers(6, 9)) await alice.write(bob, `a${text}`)
    await until(settled(alice), 'delivery')
    await alice.goOffline()
    // The backup knows nothing of 6 to 9, and gives out their numbers again, and more.
    alice = new Device(alice.who, backup, network, time)
    for (const text of numbers(1, 7)) await alice.write(bob, `other ${text}`)
    const bobHas = async (text: string) => (await bob.texts(alice)).includes(text)
    await alice.comeOnline()
    await until(settled(alice), 'delivery')
    for (const text of numbers(1, 7)) expect(await bobHas(`other ${text}`)).toBe(true)
    const texts = await bob.texts(alice)
    expect(new Set(texts).size).toBe(texts.length)
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === texts.length
    }, 'what it had forgotten')
    expect(await alice.texts(bob)).toEqual(texts)
    expect(await readGaps(bob.db, bob.conversationWith(alice))).toEqual([])
  })

  test('what was on its way then, and had arrived, stands where the other side has it', async () => {
    await talk(3)
    await alice.goOffline()
    await alice.write(bob, 'on its way')
    const backup = await copyOf(alice.db)
    await alice.comeOnline()
    await until(settled(alice), 'delivery')
    await bob.write(alice, 'its answer')
    await until(settled(bob), 'the answer')
    await alice.write(bob, 'more')
    await until(settled(alice), 'delivery')
    await alice.goOffline()
    alice = new Device(alice.who, backup, network, time)
    time.advance(10)
    await alice.write(bob, 'other')
    await alice.comeOnline()
    await until(settled(alice), 'delivery')
    const texts = await bob.texts(alice)
    expect(texts.slice(6)).toEqual(['on its way', 'its answer', 'more', 'other'])
    await until(async () => {
      time.advance(200)
      return (await alice.texts(bob)).length === texts.length
    }, 'what it had forgotten')
    expect(await alice.texts(bob)).toEqual(texts)
    expect(await alice.statuses()).not.toContain('Pending')
    expect((await alice.db.conversations.toArray())[0]?.preview?.text).toBe('other')
    // A browser of Bob's that is new to it all finds no gap.
    await bob.goOffline()
    bob = new Device(bob.who, await databaseOf(bob.who, time.now()), network, time)
    await bob.comeOnline()
    await until(async () => {
      time.advance(200)
      return (await bob.texts(alice)).length === texts.length
    }, 'the history')
    expect(await bob.texts(alice)).toEqual(texts)
    await until(async () => {
      time.advance(200)
      return (await readGaps(bob.db, bob.conversationWith(alice))).length === 0
    }, 'no gap')
  })
})

describe('SPEC 12: two browsers with one identity', () => {
  test('the newest start wins; the other stops and says so, and wins when it is started again', async () => {
    await talk(1)
    const second = new Device(alice.who, await databaseOf(alice.who, time.now()), network, time)
    time.advance(1000)
    await second.comeOnline()
    second.engine?.show(new Set([bob.who.peerId]))
    await until(() => {
      time.advance(200)
      return alice.replaced
    }, 'the first to be told')
    expect(second.replaced).toBe(false)
    await alice.goOffline()
    await alice.comeOnline()
    await alice.write(bob, 'here again')
    await until(() => {
      time.advance(200)
      return second.replaced
    }, 'the second to be told')
    await second.goOffline()
    await until(settled(alice), 'delivery')
  })
})

test('SPEC 13: someone who writes is seen to, by contacts', async () => {
  await talk(1)
  alice.engine?.compose(bob.who.peerId, alice.conversationWith(bob))
  await until(() => bob.typing.length === 1, 'the word that Alice writes')
  expect(bob.typing).toEqual([alice.who.peerId])
})
