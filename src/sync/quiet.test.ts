/** When an errand of the service worker has done what there was to do, as far as mail goes. */
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Device } from '../testing/device.ts'
import { FakeTime } from '../testing/fake-world.ts'
import { are, hasPrekey, itemsOf, openLinkOf, pass, visitUntil } from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, person } from '../testing/people.ts'
import { DEPOSIT_AFTER_MS, OTHERS_PATIENCE_MS } from './limits.ts'

/** As long as one is given (app/errand.ts). */
const ERRAND_MS = 25_000
const SLOW_MS = DEPOSIT_AFTER_MS + 1_000

let time: FakeTime
let post: MemoryPost
let alice: Device
let bob: Device

async function device(name: string, number: number): Promise<Device> {
  const who = person(name, number)
  const made = new Device(who, await databaseOf(who, time.now()), new MemoryNetwork(), time)
  made.post = post
  return made
}

beforeEach(async () => {
  time = new FakeTime()
  post = new MemoryPost(time, person('Anyone', 9).crypto.verify)
  alice = await device('Alice', 1)
  bob = await device('Bob', 2)
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLinkOf(bob, alice)
  await alice.write(bob, 'one')
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

const deposit = () => visitUntil(alice, are(alice, 'Synced'), 'the deposit')

/** An errand of someone, and how it ends; `meanwhile` is told how much of its time is over, milliseconds. */
async function errand(
  who: Device,
  meanwhile: (passed: number) => void = () => undefined,
): Promise<'done' | 'cut-off'> {
  who.errand = true
  await who.comeOnline()
  for (const begun = time.now(); time.now() - begun < ERRAND_MS;) {
    if (who.engine?.isQuiet === true) return 'done'
    await pass(time, 250)
    meanwhile(time.now() - begun)
  }
  return 'cut-off'
}

test('it waits for a mailbox that is slow to open', async () => {
  await deposit()
  const open = post.mailbox.bind(post)
  let connect: (() => void) | undefined
  post.mailbox = (self, relay, line) => {
    const mailbox = open(self, relay, line)
    connect = mailbox.connect.bind(mailbox)
    mailbox.connect = () => undefined
    return mailbox
  }
  const end = await errand(bob, (passed) => {
    if (passed >= SLOW_MS) connect?.()
  })
  expect(end).toBe('done')
  expect(await bob.texts(alice)).toEqual(['one'])
  expect(await itemsOf(bob)).toBe(0)
})

test('it waits for the next stream where one ended in the middle of a fetch', async () => {
  await deposit()
  let cutAt: number | undefined
  post.serve = (peer, { type }, honest) => {
    if (peer !== bob.who.peerId || type !== 'fetch' || cutAt !== undefined) return honest()
    cutAt = time.now()
    setImmediate(() => bob.mailbox?.disconnect())
    return new Promise(() => undefined)
  }
  const end = await errand(bob, () => {
    if (cutAt !== undefined && time.now() - cutAt >= SLOW_MS) bob.mailbox?.connect()
  })
  expect(end).toBe('done')
  expect(await bob.texts(alice)).toEqual(['one'])
  expect(await itemsOf(bob)).toBe(0)
})

test('it waits until it is cut off for one that does not come to be open', async () => {
  await deposit()
  post.close()
  expect(await errand(bob)).toBe('cut-off')
})

test('it does not wait where the relay has no mailbox, though there is something to leave', async () => {
  post.openWithout()
  const begun = time.now()
  expect(await errand(alice)).toBe('done')
  expect(time.now() - begun).toBeLessThan(2 * DEPOSIT_AFTER_MS)
  // It may have one the next time.
  await alice.goOffline()
  post.open()
  expect(await errand(alice)).toBe('done')
  expect(new Set(await alice.statuses())).toEqual(new Set(['Synced']))
})

test.each(['prekey', 'status'])(
  'it does not wait until it is cut off for a relay that leaves %s unanswered',
  async (type) => {
    await deposit()
    await alice.write(bob, 'two')
    post.serve = (peer, request, honest) =>
      peer === alice.who.peerId && request.type === type ? new Promise(() => undefined) : honest()
    const begun = time.now()
    expect(await errand(alice)).toBe('done')
    // It is given time to answer.
    expect(time.now() - begun).toBeGreaterThan(OTHERS_PATIENCE_MS)
  },
)
