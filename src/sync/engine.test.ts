import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { InstallationId } from '../domain/ids.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import { setContactState } from '../store/contacts.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { addContactByInvite } from '../store/outbox.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { LOOK_MS, SETTLE_AFTER_MS } from './limits.ts'

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
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

/** A listener that does nothing with what it hears. */
const DEAF = {
  network: () => undefined,
  presence: () => undefined,
  rival: () => undefined,
  frame: () => undefined,
}

const all = (status: string) => async (device: Device) => (await device.statuses()).every((s) => s === status)
const numbers = (n: number) => Array.from({ length: n }, (_, i) => String(i))

describe('two who know each other', () => {
  beforeEach(() => Promise.all([alice.befriend(bob), bob.befriend(alice)]))

  test('what is sent while one is away arrives when they come, once and in order, and is confirmed', async () => {
    await alice.comeOnline()
    for (const text of numbers(120)) await alice.write(bob, text)
    expect(new Set(await alice.statuses())).toEqual(new Set(['Pending']))
    await bob.comeOnline()
    await until(() => all('Delivered')(alice), 'delivery')
    expect(await bob.texts(alice)).toEqual(numbers(120))
    expect(await alice.db.offline_queue.count()).toBe(0)
    await bob.readAll(alice)
    // The introduction is displayed to nobody.
    await until(
      async () => (await alice.statuses()).filter((s) => s === 'Acknowledged').length === 120,
      'reading',
    )
  })

  test('both are there: a message goes at once, both ways, over one session', async () => {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await Promise.all([alice.write(bob, 'from Alice'), bob.write(alice, 'from Bob')])
    await until(() => all('Delivered')(alice), 'delivery to Bob')
    await until(() => all('Delivered')(bob), 'delivery to Alice')
    expect(new Set(await alice.texts(bob))).toEqual(new Set(['from Alice', 'from Bob']))
    expect(await alice.texts(bob)).toEqual(await bob.texts(alice))
    await until(() => alice.reports.get(bob.who.peerId)?.path === 'direct', 'the session to be reported')
  })

  test('D6: acknowledgements that are lost heal at the next meeting, and nothing is stored twice', async () => {
    await alice.comeOnline()
    for (const text of numbers(5)) await alice.write(bob, text)
    // All that Bob says after his greeting is lost.
    let fromBob = 0
    const deliver = network.deliver
    network.deliver = (from, to, arrive) => {
      if (from !== bob.who.peerId || ++fromBob <= 2) deliver(from, to, arrive)
    }
    await bob.comeOnline()
    await until(async () => (await bob.texts(alice)).length === 5, 'the messages')
    await bob.goOffline()
    expect(new Set(await alice.statuses())).toEqual(new Set(['Pending']))
    network.deliver = deliver
    await bob.comeOnline()
    await until(() => all('Delivered')(alice), 'the acknowledgements to heal')
    expect(await bob.texts(alice)).toEqual(numbers(5))
  })

  test('SPEC 4.11: acknowledgements that are lost heal within the session, at the next comparison', async () => {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await alice.write(bob, 'one')
    await until(() => all('Delivered')(alice), 'the first message')
    await until(() => alice.transport.openSessions === 1, 'one session')
    const before = await bob.texts(alice)
    const deliver = network.deliver
    let fromBob = 0
    network.deliver = (from, to, arrive) => {
      if (from === bob.who.peerId) fromBob++
      else deliver(from, to, arrive)
    }
    await alice.write(bob, 'two')
    await until(() => fromBob > 0, 'the acknowledgement to be lost')
    expect(await bob.texts(alice)).toEqual([...before, 'two'])
    network.deliver = deliver
    const dial = vi.spyOn(alice.transport, 'dial')
    time.advance(30_000)
    // The lost one is still waited for, and rows follow what was proven after a while all the same.
    await until(async () => {
      time.advance(SETTLE_AFTER_MS / 50)
      return all('Delivered')(alice)
    }, 'the comparison')
    expect(dial).not.toHaveBeenCalled()
    expect(alice.transport.openSessions).toBe(1)
  })

  test('what is read while a session begins is told, though the greeting did not say it yet', async () => {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await alice.write(bob, 'one')
    await until(() => all('Delivered')(alice), 'delivery')
    // Alice's greeting is held up until Bob, who has greeted, has read.
    const held: (() => void)[] = []
    let bobGreeted = false
    const deliver = network.deliver
    network.deliver = (from, to, arrive) => {
      if (from === bob.who.peerId) bobGreeted = true
      if (from === alice.who.peerId) held.push(arrive)
      else deliver(from, to, arrive)
    }
    bob.transport.drop('the network broke')
    alice.engine?.show(new Set([bob.who.peerId]))
    await until(() => {
      time.advance(10)
      return bobGreeted && held.length === 2
    }, 'both to greet')
    await bob.readAll(alice)
    network.deliver = deliver
    for (const arrive of held) deliver(alice.who.peerId, bob.who.peerId, arrive)
    await until(async () => (await alice.statuses())[1] === 'Acknowledged', 'reading to be told')
  })

  test('an engine with nothing to do does nothing', async () => {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await alice.write(bob, 'one')
    await until(() => all('Delivered')(alice), 'delivery')
    const begun = vi.spyOn(alice.db, 'transaction')
    let quiet = 0
    await until(() => {
      quiet = begun.mock.calls.length === 0 ? quiet + 1 : 0
      begun.mockClear()
      return quiet > 50
    }, 'the store to be left alone')
  })

  test('a session that breaks in mid-push is taken up again, without loss or repetition', async () => {
    await alice.comeOnline()
    for (const text of numbers(100)) await alice.write(bob, text)
    let frames = 0
    const deliver = network.deliver
    network.deliver = (from, to, arrive) => {
      deliver(from, to, () => {
        arrive()
        if (++frames % 7 === 0) bob.transport.drop('the network broke')
      })
    }
    await bob.comeOnline()
    await until(async () => {
      time.advance(1000)
      return all('Delivered')(alice)
    }, 'delivery in spite of it')
    expect(await bob.texts(alice)).toEqual(numbers(100))
  })

  test('either side starts anew from its store at any moment', async () => {
    await alice.comeOnline()
    await bob.comeOnline()
    for (const text of numbers(60)) {
      await alice.write(bob, text)
      if (Number(text) % 20 === 7) await bob.goOffline().then(() => bob.comeOnline())
      if (Number(text) % 20 === 14) await alice.goOffline().then(() => alice.comeOnline())
    }
    await until(() => all('Delivered')(alice), 'delivery')
    expect(await bob.texts(alice)).toEqual(numbers(60))
  })

  test('D8: an engine whose place was taken commits nothing more and says so', async () => {
    await alice.comeOnline()
    await raiseEpoch(alice.db)
    await bob.comeOnline()
    await bob.write(alice, 'too late')
    await until(() => alice.fenced, 'the fence')
    expect(await alice.texts(bob)).toEqual([])
    expect(await all('Pending')(bob)).toBe(true)
  })

  test('blocking ends the session, and what comes after is neither taken nor confirmed', async () => {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await alice.write(bob, 'before')
    await until(() => all('Delivered')(alice), 'delivery')
    await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'blocked')
    time.advance(LOOK_MS)
    await until(() => alice.reports.get(bob.who.peerId)?.online === false, 'Bob to be gone')
    await alice.write(bob, 'after')
    const dial = vi.spyOn(alice.transport, 'dial')
    time.advance(30_000)
    await until(
      () => dial.mock.calls.length === 1 && alice.transport.openSessions === 0,
      'Bob to refuse a session',
    )
    expect(await alice.db.offline_queue.count()).toBe(1)
    expect(await bob.texts(alice)).toEqual(['before'])
  })
})

test('whoever says more than can be recorded loses the session, and nothing piles up', async () => {
  await alice.comeOnline()
  const mallory = person('Mallory', 3)
  const theirs = network.transport(mallory.peerId)
  const closed: string[] = []
  await theirs.start({
    ...DEAF,
    opened: (session) => {
      const hello = { type: 'hello', version: 1, nickname: '', started: 1, ordinal: 1, alone: true } as const
      const installation = 'AAAAAAAAAAAAAAAAAAAAAA' as InstallationId
      session.send(encodeFrame({ ...hello, installation, relays: [], signature: new Uint8Array(64) }))
      for (let i = 0; i < 100; i++) session.send(encodeFrame({ type: 'summary', conversations: [] }))
    },
    closed: (_session, reason) => closed.push(reason),
  })
  await theirs.dial(alice.who.peerId)
  await until(() => closed.length === 1, 'the session to be closed')
  await theirs.stop()
})

describe('first contact', () => {
  const secret = 'AAAAAAAAAAAAAAAAAAAAAA'

  test('by invite link, while the other is away: accepted without asking, both see each other then', async () => {
    await saveInviteSecret(bob.db, { secret, expires: time.now() + 1_000_000 })
    const contact = { peerId: bob.who.peerId, nickname: 'Bob', relays: [], inviteSecret: secret }
    await addContactByInvite(alice.db, contact, time.now(), alice.who.random.bytes)
    await alice.comeOnline()
    await alice.write(bob, 'it is me')
    await bob.comeOnline()
    await until(() => all('Delivered')(alice), 'delivery')
    expect(await bob.db.contacts.get(alice.who.peerId)).toMatchObject({
      state: 'accepted',
      nickname: 'Alice',
    })
    await until(() => bob.reports.get(alice.who.peerId)?.online === true, 'presence')
    await bob.write(alice, 'hello')
    await until(async () => (await alice.texts(bob)).includes('hello'), 'the answer')
  })

  test('by a stranger: a request, acknowledged, and no reading is told before it is accepted', async () => {
    await alice.befriend(bob)
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    alice.engine?.show(new Set([bob.who.peerId]))
    await alice.write(bob, 'do you know me?')
    await until(() => all('Delivered')(alice), 'delivery')
    expect(await bob.db.contacts.get(alice.who.peerId)).toMatchObject({ state: 'request', nickname: 'Alice' })
    await bob.readAll(alice)
    expect(await alice.statuses()).toEqual(['Delivered', 'Delivered'])
    await setContactState(bob.db, bob.who.peerId, alice.who.peerId, 'accepted')
    await until(async () => (await alice.statuses())[1] === 'Acknowledged', 'reading to be told')
  })
})

test('rubbish and broken rules end the session they came by, and nothing else', async () => {
  await Promise.all([alice.befriend(bob), bob.befriend(alice)])
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'one')
  await until(() => all('Delivered')(alice), 'delivery')
  const mallory = person('Mallory', 3)
  const theirs = network.transport(mallory.peerId)
  const closed: string[] = []
  await theirs.start({
    ...DEAF,
    opened: (session) => {
      session.send(new Uint8Array(200).fill(0x9f))
    },
    closed: (_session, reason) => closed.push(reason),
  })
  await theirs.dial(bob.who.peerId)
  await until(() => closed.length === 1, 'the session to be closed')
  await theirs.dial(bob.who.peerId)
  await until(() => closed.length === 2, 'the second to be closed too')
  expect(await bob.db.contacts.get(mallory.peerId)).toBeUndefined()
  await alice.write(bob, 'two')
  await until(() => all('Delivered')(alice), 'delivery after that')
  expect(await bob.texts(alice)).toEqual(['one', 'two'])
})
