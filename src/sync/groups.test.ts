import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConversationId, InstallationId } from '../domain/ids.ts'
import { memberOf } from '../domain/group.ts'
import { highest } from '../domain/sequence-set.ts'
import { openStatement } from '../protocol/group.ts'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import {
  allJoined,
  join,
  leave,
  makeGroup,
  readIn,
  remove,
  say,
  statusesIn,
  textsIn,
} from '../testing/group-steps.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { mergeProfile, readProfile } from '../store/profile.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { databaseOf, quickPerson } from '../testing/people.ts'

let network: MemoryNetwork
let time: FakeTime
let alice: Device
let bob: Device
let carol: Device
let dora: Device
let everyone: Device[]

beforeEach(async () => {
  network = new MemoryNetwork()
  time = new FakeTime()
  const names = ['Alice', 'Bob', 'Carol', 'Dora']
  everyone = []
  for (const [i, name] of names.entries()) {
    const who = quickPerson(name, i + 1)
    everyone.push(new Device(who, await databaseOf(who, time.now()), network, time))
  }
  ;[alice, bob, carol, dora] = everyone as [Device, Device, Device, Device]
  // Alice knows them all; they do not know each other.
  for (const other of [bob, carol, dora]) {
    await alice.befriend(other)
    await other.befriend(alice)
  }
})
afterEach(() => Promise.all(everyone.map((device) => device.goOffline())))

/** Time passes until it is so. */
const passing = (condition: () => Promise<boolean>, what: string): Promise<void> =>
  until(async () => {
    time.advance(200)
    return condition()
  }, what)

const has = (device: Device, group: ConversationId, texts: readonly string[]) => async (): Promise<boolean> =>
  (await textsIn(device, group)).join() === texts.join()

async function gathered(name = 'Friends'): Promise<ConversationId> {
  await Promise.all(everyone.map((device) => device.comeOnline()))
  const group = await makeGroup(alice, name, [bob, carol, dora])
  for (const device of [bob, carol, dora]) await join(device, group)
  await passing(allJoined(everyone, group), 'all to have joined')
  return group
}

describe('a group', () => {
  test('is made, joined, and written in: everybody has it, and the author knows of all of them', async () => {
    const group = await gathered()
    await say(alice, group, 'welcome')
    for (const device of everyone)
      await passing(has(device, group, ['welcome']), `${device.who.nickname} to have it`)
    await say(bob, group, 'hello')
    for (const device of everyone)
      await passing(has(device, group, ['welcome', 'hello']), `${device.who.nickname} to have both`)
    await passing(async () => (await statusesIn(bob, group)).join() === 'Delivered', 'delivery to all')
    for (const device of [alice, carol]) await readIn(device, group)
    await passing(
      async () =>
        (await bob.db.message_acknowledgments.toArray()).filter((row) => row.ack_type === 'Read').length ===
        2,
      'reading by two',
    )
    expect(await statusesIn(bob, group)).toEqual(['Delivered'])
    await readIn(dora, group)
    await passing(async () => (await statusesIn(bob, group)).join() === 'Acknowledged', 'reading by all')
    expect((await bob.db.offline_queue.toArray()).length).toBe(0)
  })

  test('one who is away gets what was written from whoever is there, though its author is gone, and the author hears of it', async () => {
    const group = await gathered()
    await dora.goOffline()
    await say(bob, group, 'one')
    await say(bob, group, 'two')
    for (const device of [alice, carol])
      await passing(has(device, group, ['one', 'two']), 'those who are there')
    await bob.goOffline()
    await dora.comeOnline()
    await passing(has(dora, group, ['one', 'two']), 'Dora to have them')
    await readIn(dora, group)
    // Proof travels through others: Dora is gone when Bob comes.
    const log = (await bob.db.conversations.get(group))?.own_log_id
    await passing(async () => {
      const rows = await Promise.all(
        [carol, alice].map(({ db }) => db.group_statements.get([group, dora.who.peerId])),
      )
      return rows.some(
        (row) =>
          row !== undefined &&
          openStatement(row.sealed).statement.logs.some(
            (stated) => stated.log === log && stated.read.length > 0 && highest(stated.read) === 2,
          ),
      )
    }, 'her statement to be passed on')
    await dora.goOffline()
    await bob.comeOnline()
    await passing(
      async () => (await statusesIn(bob, group)).every((status) => status === 'Delivered'),
      'proof of Dora',
    )
  })

  test('one who is removed gets nothing more, and all end with the same history', async () => {
    const group = await gathered()
    await say(dora, group, 'before')
    for (const device of everyone) await passing(has(device, group, ['before']), 'what she said before')
    await remove(alice, group, dora)
    await passing(async () => (await dora.db.groups.get(group))?.standing === 'removed', 'Dora to hear of it')
    for (const device of [bob, carol])
      await passing(
        async () =>
          memberOf((await device.db.groups.get(group))?.state ?? ({ members: [] } as never), dora.who.peerId)
            ?.standing === 'removed',
        'the others to hear of it',
      )
    await say(bob, group, 'after')
    for (const device of [alice, bob, carol])
      await passing(has(device, group, ['before', 'after']), 'the others')
    await expect(say(dora, group, 'let me in')).rejects.toThrow()
    time.advance(60_000)
    expect(await textsIn(dora, group)).toEqual(['before'])
    for (const device of [alice, bob, carol])
      expect(
        (await device.db.offline_queue.toArray()).filter((row) => row.target_peer_id === dora.who.peerId),
      ).toEqual([])
  })

  test('one who leaves is out for everybody, and gets nothing more', async () => {
    const group = await gathered()
    await leave(carol, group)
    for (const device of [alice, bob, dora])
      await passing(
        async () =>
          memberOf((await device.db.groups.get(group))?.state ?? ({ members: [] } as never), carol.who.peerId)
            ?.standing === 'left',
        'the others to hear of it',
      )
    await say(alice, group, 'she is gone')
    await passing(
      async () => (await statusesIn(alice, group)).join() === 'Delivered',
      'delivery to the others',
    )
    expect(await textsIn(carol, group)).toEqual([])
  })
})

describe('a member whose profile is lost', () => {
  test('has the group again by the recovery phrase: who is in it, and what was written', async () => {
    const group = await gathered()
    await say(bob, group, 'one')
    await passing(has(dora, group, ['one']), 'Dora to have it')
    await say(dora, group, 'two')
    for (const device of everyone) await passing(has(device, group, ['one', 'two']), 'everybody')
    const kept = await readProfile(dora.db, await raiseEpoch(dora.db), {
      installation: 'AAAAAAAAAAAAAAAAAAAAAA' as InstallationId,
      started: 1,
    })
    expect(kept.groups).toMatchObject([{ id: group, creator: alice.who.peerId, name: 'Friends' }])
    await dora.goOffline()
    await say(carol, group, 'three')
    const again = new Device(dora.who, await databaseOf(dora.who, time.now()), network, time)
    everyone[3] = again
    await mergeProfile(again.db, await raiseEpoch(again.db), kept, time.now())
    await again.comeOnline()
    await passing(has(again, group, ['one', 'two', 'three']), 'all of it to come back')
    await passing(allJoined([alice, bob, carol, again], group), 'all to know that she is in it')
    await say(again, group, 'here again')
    for (const device of [alice, bob, carol])
      await passing(has(device, group, ['one', 'two', 'three', 'here again']), 'the others to hear of her')
  })
})

describe('by mail', () => {
  test('members who are no contacts reach each other, though they are never there together', async () => {
    const post = new MemoryPost(time, alice.who.crypto.verify)
    for (const device of everyone) device.post = post
    const group = await gathered()
    await passing(
      async () => (await bob.db.contacts.get(carol.who.peerId))?.grant_from !== undefined,
      'what lets Bob leave Carol mail',
    )
    for (const device of everyone) await device.goOffline()
    await say(bob, group, 'by mail')
    await bob.comeOnline()
    await passing(async () => (await statusesIn(bob, group)).join() === 'Synced', 'mail to be left for all')
    await bob.goOffline()
    await carol.comeOnline()
    await passing(has(carol, group, ['by mail']), 'mail to come')
    await carol.goOffline()
  })
})
