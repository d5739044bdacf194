import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addContact } from '../store/contacts.ts'
import { DEFAULT_SETTINGS, saveSettings } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { until } from '../testing/fake-world.ts'
import { databaseOf, person } from '../testing/people.ts'
import { badgeIcon, keepBadge, readBadge, titleWith } from './badge.ts'

const [bob, alice, carol] = [person('Bob', 1), person('Alice', 2), person('Carol', 3)]

let db: GigiDatabase

beforeEach(async () => {
  db = await databaseOf(bob, 0)
  for (const [{ peerId, nickname }, unread] of [
    [alice, 2],
    [carol, 3],
  ] as const) {
    const { id } = await addContact(db, bob.peerId, { peerId, nickname, relays: [] }, 0)
    await db.conversations.update(id, { unread })
  }
})
afterEach(async () => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  await db.delete()
})

test('it counts the messages of all conversations, unless it is switched off', async () => {
  expect(await readBadge(db)).toBe(5)
  await saveSettings(db, { ...DEFAULT_SETTINGS, badge: false })
  expect(await readBadge(db)).toBe(0)
})

test('the title follows each change, and the end of a silence when it is looked at', async () => {
  let title = ''
  const recount = keepBadge(db, (text) => (title = text))
  for (const unread of [3, 4, 0]) {
    await db.conversations.toCollection().modify({ unread })
    await until(() => title === titleWith(2 * unread), `${2 * unread} unread`)
  }
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000 })
  await db.conversations.toCollection().modify({ unread: 1, muted_until: 2_000 })
  vi.setSystemTime(2_000)
  recount()
  await until(() => title === '(2) Gigi', 'the count of what was muted')
})

test('the title says the count, if there is one', () => {
  expect([0, 3].map(titleWith)).toEqual(['Gigi', '(3) Gigi'])
})

test('the icon says the count where it can', async () => {
  const icon: (number | null)[] = []
  vi.stubGlobal('navigator', {
    setAppBadge: (count: number) => Promise.resolve(icon.push(count)),
    clearAppBadge: () => Promise.resolve(icon.push(null)),
  })
  await badgeIcon(3)
  await badgeIcon(0)
  expect(icon).toEqual([3, null])
  vi.stubGlobal('navigator', { setAppBadge: () => Promise.reject(new Error('not allowed')) })
  await badgeIcon(3)
  vi.stubGlobal('navigator', {})
  await badgeIcon(3)
  expect(icon).toEqual([3, null])
})
