import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { CHUNK_BYTES } from '../../domain/files/chunks.ts'
import type { ConversationId, MessageId, PeerId } from '../../domain/ids.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import { shareFile } from '../../store/files.ts'
import { Device } from '../../testing/device.ts'
import { FakeTime, until } from '../../testing/fake-world.ts'
import { bytesOf, Sharer } from '../../testing/file-pair.ts'
import { allJoined, join, makeGroup } from '../../testing/group-steps.ts'
import type { MemoryLinks } from '../../testing/memory-links.ts'
import { MemoryNetwork } from '../../testing/memory-network.ts'
import { databaseOf, quickPerson } from '../../testing/people.ts'

const data = bytesOf(3 * CHUNK_BYTES + 5)

async function shareIn(group: ConversationId, by: Device, sharer: Sharer): Promise<MessageId> {
  const root = toBase64url(sharer.room.store('own-1', data))
  const content = { type: 'FileShare', share_code: toBase64url(by.who.random.bytes(16)), root } as const
  const file = { ...content, filename: 'all.bin', file_size: data.length, file_type: '' }
  return shareFile(by.db, group, file, 'own-1', by.time.now(), by.who.random.bytes)
}

test('a file that was shared in a group comes from another member who has it, also from one who is no contact', async () => {
  const [network, time] = [new MemoryNetwork(), new FakeTime()]
  const devices: Device[] = []
  for (const [i, name] of ['Alice', 'Bob', 'Carol'].entries()) {
    const who = quickPerson(name, i + 1)
    devices.push(new Device(who, await databaseOf(who, time.now()), network, time))
  }
  const [alice, bob, carol] = devices as [Device, Device, Device]
  // Alice knows both; they do not know each other.
  for (const other of [bob, carol]) {
    await alice.befriend(other)
    await other.befriend(alice)
  }
  await Promise.all(devices.map((device) => device.comeOnline()))
  const group = await makeGroup(alice, 'All', [bob, carol])
  await join(bob, group)
  await join(carol, group)
  const passing = (condition: () => Promise<boolean>, what: string): Promise<void> =>
    until(async () => {
      time.advance(200)
      return condition()
    }, what)
  await passing(allJoined(devices, group), 'three members')
  const all = new Map<PeerId, MemoryLinks>()
  const sharers = devices.map(({ who, db }) => new Sharer(who.peerId, db, all, time))
  const [hers, his, carols] = sharers as [Sharer, Sharer, Sharer]
  const message = await shareIn(group, alice, hers)
  const isTold = async (): Promise<boolean> =>
    (await bob.db.files.get(message)) !== undefined && (await carol.db.files.get(message)) !== undefined
  await passing(isTold, 'the message at both')
  await Promise.all(devices.map((device) => device.goOffline()))

  await hers.start()
  await his.start()
  his.meets(hers.peer)
  await his.reaches(message, 'complete')
  await hers.stop()
  // Alice is away: Carol has it from Bob.
  await carols.start()
  await until(() => carols.sought.has(his.peer), 'a wish for a session with him')
  carols.meets(his.peer)
  const { blob } = await carols.reaches(message, 'complete')
  expect(Buffer.compare(carols.room.bytes(blob) ?? new Uint8Array(), data)).toBe(0)
  await Promise.all([his.stop(), carols.stop()])
})
