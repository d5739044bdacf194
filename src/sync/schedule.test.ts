import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NEVER } from '../domain/backoff.ts'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { setContactState } from '../store/contacts.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { recordProofs } from '../store/receipts.ts'
import { setRetention } from '../store/retention.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'

const DAY = 24 * 3_600_000
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

test('timed attempts and the end of trying come by themselves, and none is spent while offline', async () => {
  await alice.write(bob, 'one')
  time.advance(3_600_000)
  const row = async () => (await alice.db.offline_queue.toArray()).at(-1)
  expect(await row()).toMatchObject({ retry_count: 0 })
  await alice.comeOnline()
  await until(async () => (await row())?.retry_count === 1, 'the first attempt')
  const dial = vi.spyOn(alice.transport, 'dial')
  await until(async () => {
    time.advance(60_000)
    return (await row())?.retry_count === 3
  }, 'the third attempt')
  expect(dial).toHaveBeenCalled()
  time.advance(7 * 24 * 3_600_000)
  await until(
    async () => (await alice.db.messages.toArray()).at(-1)?.expired_at !== undefined,
    'the end of trying',
  )
  await bob.comeOnline()
  await until(async () => (await alice.statuses())[0] === 'Delivered', 'the introduction')
  expect(await bob.texts(alice)).toEqual([])
  await until(async () => (await bob.db.logs.toArray())[0]?.accepted[0]?.[1] === 2, 'the void')
})

test('whoever is blocked is called on no more, and no attempt is counted', async () => {
  await Promise.all([alice.befriend(bob), bob.befriend(alice)])
  await alice.write(bob, 'one')
  await setContactState(alice.db, alice.who.peerId, bob.who.peerId, 'blocked')
  await alice.comeOnline()
  const dial = vi.spyOn(alice.transport, 'dial')
  const rows = () => alice.db.offline_queue.toArray()
  await until(async () => {
    time.advance(10_000)
    return (await rows()).every((row) => row.next_retry_at === NEVER)
  }, 'the attempt to be called off')
  expect((await rows()).map((row) => row.retry_count)).toEqual([0, 0])
  expect(dial).not.toHaveBeenCalled()
})

test('D7: when the store fails once, what is due is seen to all the same', async () => {
  await Promise.all([alice.befriend(bob), bob.befriend(alice)])
  await alice.write(bob, 'one')
  await alice.comeOnline()
  const broken = vi.spyOn(alice.db, 'transaction').mockRejectedValue(new Error('a dead handle'))
  time.advance(7 * 24 * 3_600_000)
  await until(() => alice.trouble === 'storage-failed', 'the fault')
  broken.mockRestore()
  await until(async () => {
    time.advance(1000)
    return (await alice.db.messages.toArray()).at(-1)?.expired_at !== undefined
  }, 'the end of trying')
})

test('no attempt is counted while a push waits for its answer', async () => {
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'one')
  await until(async () => (await alice.db.offline_queue.count()) === 0, 'delivery')
  // The session stands, and nothing that Bob says arrives.
  const { deliver } = network
  network.deliver = (from, to, arrive) => {
    if (from !== bob.who.peerId) deliver(from, to, arrive)
  }
  await alice.write(bob, 'two')
  await until(async () => (await bob.texts(alice)).includes('two'), 'the message')
  const [before] = await alice.db.offline_queue.toArray()
  time.advance((before?.next_retry_at ?? 0) - time.now())
  await until(async () => {
    const [row] = await alice.db.offline_queue.toArray()
    return (row?.next_retry_at ?? 0) > time.now()
  }, 'the attempt to be put off')
  expect((await alice.db.offline_queue.toArray()).map((row) => row.retry_count)).toEqual([0])
})

test('what was proven when the last node died is settled, not given up', async () => {
  const id = await alice.write(bob, 'arrived')
  const epoch = await raiseEpoch(alice.db)
  const row = await alice.db.messages.get(id)
  if (row === undefined) throw new Error('no message')
  const { conversation_id: conversation, log_id: log, seq } = row
  await recordProofs(alice.db, epoch, bob.who.peerId, [{ conversation, log, accepted: [[1, seq]], read: [] }])
  time.advance(30 * DAY)
  await alice.comeOnline()
  await until(async () => (await alice.db.offline_queue.count()) === 0, 'the queue to be empty')
  expect(await alice.db.messages.get(id)).toMatchObject({ sync_status: 'Delivered', delivered: 1 })
  expect((await alice.db.messages.get(id))?.expired_at).toBeUndefined()
})

test('an app that is never open for a whole period is cleaned up all the same', async () => {
  const period = DEFAULT_CONFIG.cleanup_interval_seconds * 1000
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'one')
  await until(async () => (await alice.db.offline_queue.count()) === 0, 'delivery')
  await until(async () => (await alice.db.meta.get('cleanup')) !== undefined, 'the first cleanup')
  await setRetention(alice.db, alice.conversationWith(bob), 1)
  for (let visits = 1; visits <= 5; visits++) {
    await alice.goOffline()
    time.advance(period / 5)
    await alice.comeOnline()
    if (visits < 5) expect(await alice.texts(bob)).toEqual(['one'])
  }
  await until(async () => (await alice.texts(bob)).length === 0, 'the cleanup')
})
