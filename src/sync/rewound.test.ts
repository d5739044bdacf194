import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { MessageId } from '../domain/ids.ts'
import { expireDue, sendAgain } from '../store/retry.ts'
import { deleteMessage } from '../store/undo.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { hasPrekey, itemsOf, nothingOwed, openLinkOf, passUntil, visitUntil } from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { copyOf, databaseOf, person } from '../testing/people.ts'

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

const nothingWaits = async (): Promise<boolean> => (await alice.db.offline_queue.count()) === 0

/** Alice's profile is put back to what it was before her last two messages, which Bob has. */
async function putBack(): Promise<void> {
  await alice.write(bob, 'one')
  await passUntil(time, nothingWaits, 'the first')
  const backup = await copyOf(alice.db)
  await alice.write(bob, 'forgotten two')
  await alice.write(bob, 'forgotten three')
  await passUntil(time, nothingWaits, 'the others')
  await Promise.all([alice.goOffline(), bob.goOffline()])
  alice = new Device(alice.who, backup, network, time)
  alice.post = post
  time.advance(1000)
}

describe('11.1: a profile that was put back is known by what stands at the end of its log', () => {
  let third: MessageId

  beforeEach(async () => {
    await Promise.all([alice.befriend(bob), bob.befriend(alice)])
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await putBack()
    await alice.write(bob, 'new two')
    third = await alice.write(bob, 'new three')
  })

  async function meet(): Promise<void> {
    await Promise.all([alice.comeOnline(), bob.comeOnline()])
    await until(nothingWaits, 'all to be delivered')
  }

  test('also when nothing stands there any more, since it was deleted', async () => {
    await deleteMessage(alice.db, third, time.now())
    await meet()
    expect(await bob.texts(alice)).toContain('new two')
  })

  test('also when it was sent again at another place', async () => {
    time.advance(DEFAULT_CONFIG.message_ttl_seconds * 1000)
    const epoch = (await alice.db.meta.get('leader')) as { epoch: number }
    await expireDue(alice.db, epoch.epoch, time.now(), 100)
    await sendAgain(alice.db, third, time.now(), alice.who.random.bytes)
    await meet()
    expect(await bob.texts(alice)).toContain('new three')
    const second = await alice.db.messages.filter((row) => row.content_json.includes('new two')).first()
    expect(second).toMatchObject({ delivered: 0 })
  })
})

test('5.12: what it writes by mail is not believed to have arrived because later words did', async () => {
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLinkOf(bob, alice)
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await putBack()
  const words = ['new two', 'new three', 'new four']
  for (const text of words) await alice.write(bob, text)
  await visitUntil(alice, async () => !(await alice.statuses()).includes('Pending'), 'the deposit')
  await visitUntil(bob, async () => (await itemsOf(bob)) === 0 && nothingOwed(bob)(), 'the letter')
  await Promise.all([alice.comeOnline(), bob.comeOnline()])
  await passUntil(time, nothingWaits, 'all to be delivered')
  expect(await bob.texts(alice)).toEqual(expect.arrayContaining(words))
})
