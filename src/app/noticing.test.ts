import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConversationId } from '../domain/ids.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { addContact } from '../store/contacts.ts'
import { DEFAULT_SETTINGS, saveSettings } from '../store/identity.ts'
import type { ConversationRow, GigiDatabase } from '../store/schema.ts'
import { beginTelling } from '../store/unread.ts'
import { FakeTime, silentLog, until } from '../testing/fake-world.ts'
import { databaseOf, person, type Person } from '../testing/people.ts'
import { noticeArrivals } from './noticing.ts'
import type { TellWord } from './telling.ts'

const [bob, alice, carol] = [person('Bob', 1), person('Alice', 2), person('Carol', 3)]
/** Between two looks, milliseconds. */
const PAUSE_MS = 1_000

let db: GigiDatabase
let withAlice: ConversationRow
let withCarol: ConversationRow
let time: FakeTime
let stop: () => void
/** What was told, and whether a notification makes a sound of its own. */
let told: string[]
let closed: ReadonlySet<ConversationId>[]
let shown: Set<ConversationId>
let sounds: number
let isAllowed: boolean
let isVisible: boolean

beforeEach(async () => {
  ;[time, told, closed, shown, sounds] = [new FakeTime(), [], [], new Set(), 0]
  ;[isAllowed, isVisible, stop] = [true, false, () => undefined]
  db = await databaseOf(bob, time.now())
  const meet = ({ peerId, nickname }: Person) =>
    addContact(db, bob.peerId, { peerId, nickname, relays: [] }, time.now())
  ;[withAlice, withCarol] = [await meet(alice), await meet(carol)]
})
afterEach(async () => {
  stop()
  await db.delete()
})

async function start(): Promise<void> {
  stop = noticeArrivals(db, {
    clock: time,
    timer: time,
    log: silentLog,
    shown: () => shown,
    play: () => {
      if (isAllowed) sounds++
      return Promise.resolve(isAllowed)
    },
    isVisible: () => isVisible,
    tell: ({ arrivals, silent }: TellWord) => {
      for (const { name, unread } of arrivals) told.push(`${name} ${unread}${silent ? '' : ' aloud'}`)
      return Promise.resolve()
    },
    close: (unread) => {
      closed.push(unread)
      return Promise.resolve()
    },
  })
  // What came in between is looked for once more.
  await looked()
  await looked()
}

/** Waits for the end of a look, and lets the pause pass that follows it. */
async function looked(): Promise<void> {
  await until(() => time.pending === 1, 'the end of a look')
  time.advance(PAUSE_MS)
}

async function becomes({ id }: ConversationRow, changed: Partial<ConversationRow>): Promise<void> {
  await db.conversations.update(id, changed)
  await looked()
}

test('who wrote is told once, with a sound, and what was unread before is not', async () => {
  await db.conversations.update(withCarol.id, { unread: 4 })
  await start()
  await becomes(withAlice, { unread: 1 })
  await becomes(withAlice, { last_activity: 1 })
  expect(told).toEqual(['Alice 1'])
  expect(sounds).toBe(1)
})

test('what an errand could not tell is told by the tab that leads next, once', async () => {
  await beginTelling(db)
  await db.conversations.update(withAlice.id, { unread: 2 })
  await start()
  expect(told).toEqual(['Alice 2'])
  stop()
  await start()
  expect(told).toEqual(['Alice 2'])
})

test('read in between, the same number is news again', async () => {
  await start()
  await becomes(withAlice, { unread: 1 })
  await becomes(withAlice, { unread: 0 })
  await becomes(withAlice, { unread: 1 })
  expect(told).toEqual(['Alice 1', 'Alice 1'])
})

test('notifications of a conversation go when it is read, and those of others stay', async () => {
  await start()
  await becomes(withAlice, { unread: 1 })
  await becomes(withCarol, { unread: 2 })
  await becomes(withCarol, { unread: 1 })
  expect(closed).toEqual([])
  await becomes(withAlice, { unread: 0 })
  expect(closed).toEqual([new Set([directConversationId(bob.peerId, carol.peerId)])])
})

test('where someone looks when it begins, what was read meanwhile goes', async () => {
  isVisible = true
  await db.conversations.update(withCarol.id, { unread: 1 })
  await start()
  expect(closed).toEqual([new Set([directConversationId(bob.peerId, carol.peerId)])])
})

test('a muted conversation is neither told nor heard, and what came in that time is not told after it', async () => {
  await start()
  await becomes(withAlice, { unread: 3, muted_until: time.now() + 10 * PAUSE_MS })
  time.advance(20 * PAUSE_MS)
  await becomes(withCarol, { unread: 1 })
  expect(told).toEqual(['Carol 1'])
  expect(sounds).toBe(1)
  await becomes(withAlice, { unread: 4 })
  expect(told).toEqual(['Carol 1', 'Alice 4'])
})

test('there is one sound in a few seconds', async () => {
  await start()
  await becomes(withAlice, { unread: 1 })
  await becomes(withAlice, { unread: 2 })
  await becomes(withCarol, { unread: 1 })
  expect(sounds).toBe(1)
  time.advance(10 * PAUSE_MS)
  await becomes(withAlice, { unread: 3 })
  expect(sounds).toBe(2)
  expect(told).toHaveLength(4)
})

test('of a conversation before one’s eyes there is no sound', async () => {
  shown.add(directConversationId(bob.peerId, alice.peerId))
  await start()
  await becomes(withAlice, { unread: 1 })
  expect(sounds).toBe(0)
  await becomes(withCarol, { unread: 1 })
  expect(sounds).toBe(1)
})

test('where the browser does not let us make a sound, the notification makes its own', async () => {
  isAllowed = false
  await start()
  await becomes(withAlice, { unread: 1 })
  expect(told).toEqual(['Alice 1 aloud'])
})

test('both can be switched off', async () => {
  await saveSettings(db, { ...DEFAULT_SETTINGS, sound: false })
  await start()
  await becomes(withAlice, { unread: 1 })
  expect([told, sounds]).toEqual([['Alice 1'], 0])
  await saveSettings(db, { ...DEFAULT_SETTINGS, notificationsOpen: false })
  await becomes(withAlice, { unread: 2 })
  expect([told, sounds]).toEqual([['Alice 1'], 1])
})
