/**
 * Two people whose profiles are put back to earlier states, or lost and restored by the recovery phrase, again and
 * again while they talk: in the end both have the same conversation, in the same order, each message once.
 */
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Device } from '../testing/device.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { copyOf, databaseOf, person } from '../testing/people.ts'
import type { GigiDatabase } from '../store/schema.ts'

const WHO = ['alice', 'bob'] as const
type Who = (typeof WHO)[number]

/**
 * wait: all that can be delivered is; visit: the app is open for a while, and the other one is not; back up: the profile is copied; put back: the copy is used again; lose: only the
 * phrase is left.
 */
const ACTIONS = [
  'write',
  'write',
  'write',
  'come',
  'go',
  'wait',
  'read',
  'back up',
  'put back',
  'lose',
] as const
const WITH_MAIL = [...ACTIONS, 'visit', 'visit', 'visit'] as const
interface Action {
  readonly who: Who
  readonly what: (typeof WITH_MAIL)[number]
}

/** Items that were fetched, in all stories. */
let letters = 0

const storiesOf = (actions: readonly Action['what'][]): fc.Arbitrary<Action[]> =>
  fc.array(fc.record({ who: fc.constantFrom(...WHO), what: fc.constantFrom(...actions) }), {
    minLength: 8,
    maxLength: 28,
    size: 'max',
  })

describe('SPEC 10, 11: however often profiles are put back or lost, both sides end alike', () => {
  test('where there is no mail', async () => {
    await fc.assert(
      fc.asyncProperty(storiesOf(ACTIONS), (story) => live(story, false)),
      { numRuns: 100 },
    )
  })

  test('with mail, which brings letters from other lives', async () => {
    await fc.assert(
      fc.asyncProperty(storiesOf(WITH_MAIL), (story) => live(story, true)),
      { numRuns: 80 },
    )
    expect(letters).toBeGreaterThan(50)
  })
})

async function live(story: Action[], hasMail: boolean): Promise<void> {
  const [network, time] = [new MemoryNetwork(), new FakeTime()]
  const people = { alice: person('Alice', 1), bob: person('Bob', 2) }
  const post = hasMail ? new MemoryPost(time, people.alice.crypto.verify) : undefined
  if (post !== undefined)
    post.serve = (_peer, request, honest) => {
      if (request.type === 'confirm') letters += request.ids.length
      return honest()
    }
  const made = (who: Who, db: GigiDatabase): Device => {
    const device = new Device(people[who], db, network, time)
    device.post = post
    return device
  }
  const device = async (who: Who): Promise<Device> => made(who, await databaseOf(people[who], time.now()))
  const devices = { alice: await device('alice'), bob: await device('bob') }
  await devices.alice.befriend(devices.bob)
  await devices.bob.befriend(devices.alice)
  const backups: Partial<Record<Who, GigiDatabase>> = {}
  const other = (who: Who): Device => devices[who === 'alice' ? 'bob' : 'alice']
  const isFriend = async (who: Who): Promise<boolean> =>
    (await devices[who].db.contacts.get(other(who).who.peerId))?.state === 'accepted'
  let written = 0

  const pass = async (steps: number): Promise<void> => {
    for (let i = 0; i < steps; i++) {
      time.advance(200)
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }
  /** As `pass`, and longer for what is under way. */
  const passSlowly = async (steps: number): Promise<void> => {
    for (let i = 0; i < steps; i++) {
      time.advance(200)
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const visit = async (who: Who): Promise<void> => {
    const wasThere = other(who).engine !== undefined
    await other(who).goOffline()
    if (devices[who].engine === undefined) await devices[who].comeOnline()
    await passSlowly(25)
    await devices[who].goOffline()
    if (wasThere) await other(who).comeOnline()
  }
  if (hasMail) {
    // They let each other leave mail.
    await Promise.all([devices.alice.comeOnline(), devices.bob.comeOnline()])
    await passSlowly(10)
    await Promise.all([devices.alice.goOffline(), devices.bob.goOffline()])
  }

  for (const { who, what } of story) {
    time.advance(10)
    const it = devices[who]
    const isOnline = it.engine !== undefined && what !== 'visit'
    if (what === 'write' && (await isFriend(who))) await it.write(other(who), `${who} ${String(++written)}`)
    if (what === 'read' && (await isFriend(who))) await it.readAll(other(who))
    if (what === 'come' && !isOnline) await it.comeOnline()
    if (what === 'go' && isOnline) await it.goOffline()
    if (what === 'wait') await pass(30)
    if (what === 'visit') await visit(who)
    if (what === 'back up' || what === 'put back' || what === 'lose') await it.goOffline()
    if (what === 'back up') backups[who] = await copyOf(it.db)
    if (what === 'put back' && backups[who] !== undefined)
      devices[who] = made(who, await copyOf(backups[who]))
    // Two who both lost everything know nobody: someone keeps the other.
    if (what === 'lose' && (await isFriend(who === 'alice' ? 'bob' : 'alice')))
      devices[who] = await device(who)
    if (isOnline && devices[who].engine === undefined) await devices[who].comeOnline()
  }

  const { alice, bob } = devices
  for (const it of [alice, bob]) if (it.engine === undefined) await it.comeOnline()
  if (!(await isFriend('alice'))) await alice.befriend(bob)
  if (!(await isFriend('bob'))) await bob.befriend(alice)
  for (const [it, who] of [[alice, bob] as const, [bob, alice] as const]) {
    await it.write(who, `${it.who.nickname} at the end`)
    it.engine?.show(new Set([who.who.peerId]))
  }
  const isAlike = async (): Promise<boolean> => {
    time.advance(200)
    const queued = (await alice.db.offline_queue.count()) + (await bob.db.offline_queue.count())
    return queued === 0 && JSON.stringify(await alice.texts(bob)) === JSON.stringify(await bob.texts(alice))
  }
  try {
    await until(isAlike, 'both to have the same', 5000)
  } catch {
    expect(await alice.texts(bob)).toEqual(await bob.texts(alice))
    throw new Error('something is still queued')
  }
  const texts = await alice.texts(bob)
  expect(new Set(texts).size).toBe(texts.length)
  for (const it of [alice, bob]) {
    expect(await it.statuses()).not.toContain('Pending')
    await it.goOffline()
    it.db.close()
  }
}
