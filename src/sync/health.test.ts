import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { AFTER_FAULT_MS } from './limits.ts'

let time: FakeTime
let alice: Device
let bob: Device
/** What Bob is told of his storage, in turn. */
let told: (string | null)[]

beforeEach(async () => {
  const network = new MemoryNetwork()
  time = new FakeTime()
  const [a, b] = [person('Alice', 1), person('Bob', 2)]
  alice = new Device(a, await databaseOf(a, time.now()), network, time)
  bob = new Device(b, await databaseOf(b, time.now()), network, time)
  await Promise.all([alice.befriend(bob), bob.befriend(alice)])
  told = []
  Object.defineProperty(bob, 'trouble', { set: (trouble: string | null) => told.push(trouble) })
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'before')
  await until(async () => (await alice.db.offline_queue.count()) === 0, 'delivery')
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

const quota = (): DOMException => new DOMException('no room', 'QuotaExceededError')

test('full storage is told until there is room, not until the next frame, and nothing is confirmed meanwhile', async () => {
  const broken = vi.spyOn(bob.db.messages, 'bulkAdd').mockRejectedValue(quota())
  const trial = vi.spyOn(bob.db.meta, 'put').mockRejectedValue(quota())
  await alice.write(bob, 'too much')
  await until(() => told.length > 0, 'word of it')
  time.advance(AFTER_FAULT_MS)
  await until(() => trial.mock.calls.length > 0, 'a trial')
  expect(await alice.db.offline_queue.count()).toBe(1)
  expect(told).toEqual(['storage-full'])

  broken.mockRestore()
  trial.mockRestore()
  time.advance(AFTER_FAULT_MS)
  await until(() => told.length > 1, 'word that it is over')
  expect(told).toEqual(['storage-full', null])
  time.advance(30_000)
  await until(async () => (await alice.db.offline_queue.count()) === 0, 'delivery')
  expect(await bob.texts(alice)).toEqual(['before', 'too much'])
  expect(await bob.db.meta.get('trial')).toBeUndefined()
})

test('a handle that was closed and opened again is no news', async () => {
  const broken = vi
    .spyOn(bob.db.messages, 'bulkAdd')
    .mockRejectedValueOnce(new DOMException('closed', 'InvalidStateError'))
  await alice.write(bob, 'again')
  await until(async () => {
    time.advance(1_000)
    return (await alice.db.offline_queue.count()) === 0
  }, 'delivery')
  expect(broken).toHaveBeenCalled()
  expect(told).toEqual([])
  expect(await bob.texts(alice)).toEqual(['before', 'again'])
})
