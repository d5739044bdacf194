import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { directConversationId } from '../../protocol/identifiers.ts'
import { sendMessage } from '../../store/outbox.ts'
import type { Device } from './device.ts'
import { readFaults } from './fault-names.ts'
import { World } from './world.ts'

const none = readFaults('none')
const DAY = 24 * 3_600_000

async function write(author: Device, recipient: Device, text: string): Promise<void> {
  const { who, clock, tab } = author
  if (tab?.db == null) throw new Error('the app is closed')
  const conversation = directConversationId(who.peerId, recipient.who.peerId)
  await sendMessage(tab.db, conversation, { type: 'Text', text }, clock.now(), who.random.bytes)
}

test('a year of attempts to reach someone who is away, and they come on the last day', async () => {
  const config = { sync_interval_seconds: 3600, message_ttl_seconds: 365 * 86_400, max_retry_attempts: 50 }
  const world = new World({ seed: 1, peers: 2, faults: none, config })
  const [alice, bob] = world.devices as [Device, Device]
  for (const device of world.devices) await device.create(world.config)
  alice.open()
  await world.run(1000)
  await write(alice, bob, 'patience')
  await world.run(364 * DAY)
  const [queued] = (await alice.tab?.db?.offline_queue.toArray()) ?? []
  // 5 minutes and each time twice as long: the seventeenth is past the year.
  expect(queued?.retry_count).toBe(16)

  bob.open()
  await world.run(60_000)
  expect(await bob.tab?.db?.messages.count()).toBe(2)
  expect(await alice.tab?.db?.offline_queue.count()).toBe(0)
  expect(world.oracle.findings).toEqual([])
})
