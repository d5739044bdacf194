import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import { type Start, startSignedBytes } from '../protocol/frames.ts'
import { PUSH_WINDOW } from '../protocol/limits.ts'
import { setContactState } from '../store/contacts.ts'
import { saveConfig } from '../store/identity.ts'
import { openWriter, writerTables } from '../store/log-writer.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { MAX_WAITING_RECORDS, RECORDS_TO_CATCH_UP } from './limits.ts'
import type { Session, TransportListener } from './ports.ts'

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

test('honest acknowledgements never end a session, however long they wait to be recorded', async () => {
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await until(async () => (await alice.statuses()).every((status) => status === 'Delivered'), 'the first')
  await until(() => alice.transport.openSessions === 1, 'one session')
  const opened = network.nextSession()
  // One of Bob's messages takes Alice long to check, and all that comes from him waits behind it.
  const held = Promise.withResolvers<undefined>()
  const begun = Promise.withResolvers<undefined>()
  const { verify } = alice.who.crypto
  const slow = vi.spyOn(alice.who.crypto, 'verify').mockImplementationOnce(async (...args) => {
    begun.resolve(undefined)
    await held.promise
    return verify(...args)
  })
  await bob.write(alice, 'slow to check')
  await begun.promise
  const numbers = Array.from({ length: 2 * PUSH_WINDOW }, (_, i) => `number ${i}`)
  for (const [i, text] of numbers.entries()) {
    await alice.write(bob, text)
    // She goes on for a while, one push for each, and then waits.
    if (i < RECORDS_TO_CATCH_UP) await until(async () => (await bob.texts(alice)).includes(text), text)
  }
  held.resolve(undefined)
  await until(async () => (await bob.texts(alice)).includes(numbers.at(-1) ?? ''), 'the rest')
  expect(slow).toHaveBeenCalled()
  expect(Number(network.nextSession().slice('memory-'.length))).toBe(
    Number(opened.slice('memory-'.length)) + 1,
  )
  expect(alice.transport.openSessions).toBe(1)
})

test('a window of acknowledgements, and another of what was read meanwhile, is less than may wait', () => {
  expect(MAX_WAITING_RECORDS).toBeGreaterThan(2 * PUSH_WINDOW + RECORDS_TO_CATCH_UP)
})

test('what is refused of several large pushes is answered, though it does not go into one frame', async () => {
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await alice.write(bob, 'hello')
  await until(async () => (await alice.statuses()).every((status) => status === 'Delivered'), 'the first')
  const before = await bob.db.messages.count()
  await saveConfig(alice.db, { ...DEFAULT_CONFIG, max_batch_size: 600 })
  const full = vi
    .spyOn(bob.db.messages, 'bulkAdd')
    .mockRejectedValue(new DOMException('no room', 'QuotaExceededError'))
  // One message is committed first, and not before both pushes wait behind it.
  const both = Promise.withResolvers<undefined>()
  const { verify } = bob.who.crypto
  const checks = vi.spyOn(bob.who.crypto, 'verify').mockImplementation(async (...args) => {
    await both.promise
    return verify(...args)
  })
  await alice.write(bob, 'goes ahead')
  await until(() => checks.mock.calls.length === 1, 'the first push')
  await alice.db.transaction('rw', [...writerTables(alice.db)], async () => {
    const writer = await openWriter(alice.db, alice.conversationWith(bob), time.now(), alice.who.random.bytes)
    for (let i = 0; i < 1_050; i++) await writer.append({ type: 'Text', text: `${i}` })
    await writer.close()
  })
  await until(() => checks.mock.calls.length === 1_051, 'the pushes', 20_000)
  both.resolve(undefined)
  await until(() => full.mock.calls.length >= 2, 'the refusals', 20_000)
  full.mockRestore()
  let looks = 0
  const isThere = async (): Promise<boolean> => {
    // What was refused for now is sent again at a tick; between two of them there is time to do so.
    if (looks++ % 50 === 0) time.advance(30_000)
    return (await bob.db.messages.count()) === before + 1_051
  }
  await until(isThere, 'all of them', 20_000)
  expect(alice.warnings.filter((warning) => warning.includes('not a frame'))).toEqual([])
})

test('of someone who is blocked nothing is checked', async () => {
  await setContactState(alice.db, alice.who.peerId, bob.who.peerId, 'blocked')
  const verify = vi.spyOn(alice.who.crypto, 'verify')
  await alice.comeOnline()
  const transport = network.transport(bob.who.peerId)
  const start = { installation: 'A'.repeat(22) as Start['installation'], started: 1 }
  const signature = await bob.who.crypto.sign(startSignedBytes(start))
  const closed = Promise.withResolvers<undefined>()
  const listener: TransportListener = {
    network: () => undefined,
    presence: () => undefined,
    rival: () => undefined,
    frame: () => undefined,
    closed: () => {
      closed.resolve(undefined)
    },
    opened: (session: Session) => {
      const hello = {
        type: 'hello',
        version: 1,
        nickname: 'Bob',
        ordinal: 1,
        alone: true,
        relays: [],
      } as const
      session.send(encodeFrame({ ...hello, ...start, signature }))
      for (let number = 1; number <= PUSH_WINDOW; number++)
        session.send(encodeFrame({ type: 'push', number, envelopes: [Uint8Array.of(0x80)] }))
    },
  }
  await transport.start(listener)
  await transport.dial(alice.who.peerId)
  await closed.promise
  expect(verify).not.toHaveBeenCalled()
  await transport.stop()
})
