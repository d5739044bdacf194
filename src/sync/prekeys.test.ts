/** What becomes of prekeys in the engine as it runs, over weeks (SPEC 18.6). */
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../domain/config.ts'
import { letterAad, openItem, type PrekeyId, prekeyId } from '../protocol/letter.ts'
import { PREKEY_KEPT_MS, PREKEY_LIFE_MS } from '../protocol/limits.ts'
import type { HeldItem } from '../protocol/mailbox.ts'
import { openPrekey } from '../protocol/prekey.ts'
import type { GigiDatabase, PrekeyRow } from '../store/schema.ts'
import { Device } from '../testing/device.ts'
import { FakeTime } from '../testing/fake-world.ts'
import { are, hasPrekey, itemsOf, openLinkOf, passUntil, visitUntil } from '../testing/mail-steps.ts'
import { MemoryPost } from '../testing/memory-mailbox.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { copyOf, databaseOf, person } from '../testing/people.ts'
import { quickSealer } from '../testing/quick-sealer.ts'

const DAY = 86_400_000
/** Until the next cleanup, and the next look whether a prekey is due. */
const MARGIN_MS = DEFAULT_CONFIG.cleanup_interval_seconds * 1000 + 60_000

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
})
afterEach(() => Promise.all([alice.goOffline(), bob.goOffline()]))

/** Which prekey Bob's mailbox gives. */
async function published(): Promise<PrekeyId | null> {
  const sealed = await post.store().prekey(bob.who.peerId, 'any')
  if (sealed === 'denied') throw new Error('denied')
  return sealed && prekeyId(openPrekey(sealed).prekey.publicKey)
}

const keyOf = async (id: PrekeyId | null): Promise<PrekeyRow | undefined> => bob.db.prekeys.get(id ?? '')

/** Bob runs for so long, in steps, and all that it gives him to do is done after each. */
async function runFor(ms: number): Promise<void> {
  for (const end = time.now() + ms; time.now() < end;) {
    time.advance(Math.min(DAY / 2, end - time.now()))
    await done()
  }
}

async function done(): Promise<void> {
  await passUntil(time, () => bob.engine?.isQuiet === true, 'the engine to be quiet', 0)
  // A cleanup is no part of that.
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Bob comes back, and his prekey is at the mailbox. */
async function comeBack(): Promise<void> {
  await bob.comeOnline()
  await passUntil(time, () => bob.engine?.isQuiet === true, 'the engine to be quiet')
}

test('a running engine makes a new prekey each week, whatever restarts there were', async () => {
  await comeBack()
  const first = await published()
  const made = (await keyOf(first))?.made ?? 0
  await runFor(made + PREKEY_LIFE_MS - 60_000 - time.now())
  expect(await published()).toBe(first)
  await runFor(2 * 60_000)
  const second = await published()
  expect(second).not.toBe(first)

  // Its week is not begun anew by a restart.
  await runFor(3 * DAY)
  await bob.goOffline()
  time.advance(DAY)
  await comeBack()
  expect(await published()).toBe(second)
  await runFor(3 * DAY)
  const third = await published()
  expect(third).not.toBe(second)

  // What had its time meanwhile is replaced at once.
  await bob.goOffline()
  time.advance(PREKEY_LIFE_MS)
  await comeBack()
  expect([null, first, second, third]).not.toContain(await published())
})

test('what was replaced is gone 30 days later, in an engine that runs on and in one that was away', async () => {
  await comeBack()
  const first = await published()
  await runFor(PREKEY_LIFE_MS + 60_000)
  const second = await published()
  const replaced = (await keyOf(first))?.replaced_at ?? 0
  await runFor(replaced + PREKEY_KEPT_MS - 60_000 - time.now())
  expect((await keyOf(first))?.private_key).toHaveLength(32)
  await runFor(MARGIN_MS)
  expect(await keyOf(first)).toBeUndefined()

  const next = (await keyOf(second))?.replaced_at ?? 0
  await bob.goOffline()
  time.advance(next + PREKEY_KEPT_MS - time.now())
  expect(await keyOf(second)).toBeDefined()
  // With nobody to publish anything to.
  post.close()
  await bob.comeOnline()
  await passUntil(time, async () => (await keyOf(second)) === undefined, 'the cleanup')
})

test('a clock that was ahead when one was replaced does not keep it for longer', async () => {
  await comeBack()
  const first = await published()
  await runFor(PREKEY_LIFE_MS + 60_000)
  await bob.db.prekeys.update(first ?? '', { replaced_at: time.now() + 1000 * DAY })
  await runFor(PREKEY_KEPT_MS + 2 * MARGIN_MS)
  expect(await keyOf(first)).toBeUndefined()
})

/** An item of a mailbox, and the prekey that it was sealed to. */
interface Recorded extends HeldItem {
  readonly prekey: PrekeyId
  readonly publicKey: Uint8Array
}

/** A letter of Alice's that lies in Bob's mailbox and says `secret`. */
async function letterToBob(): Promise<Recorded> {
  await visitUntil(bob, hasPrekey(bob), 'a prekey')
  await openLinkOf(bob, alice)
  await alice.write(bob, 'secret')
  await visitUntil(alice, are(alice, 'Synced'), 'the deposit')
  const [item] = (await post.store().fetch(bob.who.peerId, 0)).items
  if (item === undefined) throw new Error('there is no letter')
  const { prekey } = openItem(item.item)
  const publicKey = (await keyOf(prekey))?.public_key
  if (publicKey === undefined) throw new Error('it is not sealed to him')
  return { ...item, prekey, publicKey }
}

test('mail that was sealed to a prekey that is replaced, and kept, opens', async () => {
  const letter = await letterToBob()
  time.advance(PREKEY_LIFE_MS)
  await visitUntil(bob, async () => (await bob.texts(alice)).length === 1, 'the letter')
  expect(await bob.texts(alice)).toEqual(['secret'])
  expect(await published()).not.toBe(letter.prekey)
})

/** What a device with a copy of Bob's database as it is now makes of an item that comes once more. */
async function replay({ id, item }: HeldItem): Promise<readonly string[]> {
  const copy = new Device(bob.who, await copyOf(bob.db), new MemoryNetwork(), time)
  copy.post = new MemoryPost(time, bob.who.crypto.verify)
  copy.post.open()
  const owner = bob.who.peerId
  await copy.post.store().deposit({ owner, grant: id, open: false, id, item, at: time.now() })
  await visitUntil(copy, async () => (await itemsOf(copy)) === 0, 'it to be taken out')
  return copy.texts(alice)
}

/** Whether anything in a database, taken for a private key, opens an item. */
async function opens(db: GigiDatabase, { id, item, publicKey }: Recorded): Promise<boolean> {
  const keys: Uint8Array[] = []
  const collect = (value: unknown): void => {
    if (value instanceof Uint8Array) keys.push(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
  }
  for (const table of db.tables) collect(await table.toArray())
  const sealer = quickSealer(bob.who)
  const tries = keys
    .filter((key) => key.length === 32)
    .map((privateKey) =>
      sealer.open({ publicKey, privateKey }, letterAad(bob.who.peerId, id), openItem(item)),
    )
  return (await Promise.all(tries)).some((opened) => opened !== null)
}

test('what was recorded at a mailbox cannot be opened with the whole database, once its prekey is destroyed', async () => {
  const letter = await letterToBob()
  // It never came to him.
  await post.store().confirm(bob.who.peerId, [letter.id])
  await comeBack()
  await runFor(PREKEY_LIFE_MS + 60_000)
  const replaced = (await keyOf(letter.prekey))?.replaced_at ?? 0
  await runFor(replaced + PREKEY_KEPT_MS - 60_000 - time.now())
  expect(await opens(bob.db, letter)).toBe(true)
  expect(await replay(letter)).toEqual(['secret'])
  await runFor(MARGIN_MS)
  expect(await opens(bob.db, letter)).toBe(false)
  expect(await replay(letter)).toEqual([])
})
