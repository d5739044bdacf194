import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addContact } from '../store/contacts.ts'
import { DEFAULT_SETTINGS, saveSettings } from '../store/identity.ts'
import { type ConversationRow, GigiDatabase, type Settings } from '../store/schema.ts'
import { person } from '../testing/people.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import type { ErrandReport } from './errand.ts'
import { tellForTab } from './notifications.ts'
import { answerPush } from './pushed.ts'
import type { Arrival } from './telling.ts'

const [bob, alice] = [person('Bob', 1), person('Alice', 2)]
const FROM_ALICE: Arrival = {
  conversation: directConversationId(bob.peerId, alice.peerId),
  name: 'Alice',
  unread: 1,
  isRequest: false,
  isMuted: false,
}

interface Shown {
  readonly title: string
  readonly body?: string
  readonly tag?: string
  readonly silent?: boolean | null
}

/** A service worker's surroundings, as far as answering needs them. */
class FakeWorker {
  /** By tag, as a tray has them. */
  readonly tray = new Map<string, Shown>()
  /** The tags of Background Sync that were asked for. */
  readonly errands: string[] = []
  isVisible = false
  isSubscribed = true

  readonly scope = {
    clients: {
      matchAll: () =>
        Promise.resolve([
          { url: 'https://gigi.example/', visibilityState: this.isVisible ? 'visible' : 'hidden' },
        ]),
    },
    registration: {
      showNotification: (title: string, options: NotificationOptions) => {
        const { body = '', tag = '', silent = null } = options
        this.tray.set(tag, { title, body, silent })
        return Promise.resolve()
      },
      getNotifications: ({ tag }: { tag: string }) =>
        Promise.resolve(this.tray.has(tag) ? [{ close: () => this.tray.delete(tag) }] : []),
      sync: { register: (tag: string) => Promise.resolve(void this.errands.push(tag)) },
      pushManager: {
        getSubscription: () =>
          Promise.resolve({ unsubscribe: () => Promise.resolve((this.isSubscribed = false)) }),
      },
    },
  } as unknown as ServiceWorkerGlobalScope

  get shown(): readonly Shown[] {
    return [...this.tray.values()]
  }
}

const NOTICE: Shown = { title: 'Gigi', body: 'There may be new messages.', silent: true }

let worker: FakeWorker

beforeEach(async () => {
  worker = new FakeWorker()
  vi.stubGlobal('Notification', { permission: 'granted' })
  await settings({ notifications: true })
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await Dexie.delete('gigi')
})

async function inDatabase(write: (db: GigiDatabase) => Promise<unknown>): Promise<void> {
  const db = new GigiDatabase()
  await write(db)
  db.close()
}
const settings = (changed: Partial<Settings>): Promise<void> =>
  inDatabase((db) => saveSettings(db, { ...DEFAULT_SETTINGS, ...changed }))

/** Answers a push, where an errand and the tab that leads come to this. */
const push = (
  end: ErrandReport['end'],
  arrivals: readonly Arrival[] = [],
  watched: readonly Arrival[] = [],
): Promise<void> =>
  answerPush(worker.scope, {
    runErrand: async (tell) => {
      if (end === 'done' || end === 'cut-off') await tell(arrivals)
      return { end, arrivals }
    },
    watchArrivals: () => Promise.resolve(watched),
  })

test('who wrote is shown, and nothing else', async () => {
  await push('done', [FROM_ALICE])
  expect(worker.shown).toEqual([{ title: 'Alice', body: 'New message', silent: false }])
})

test('what a tab in the background fetched is shown', async () => {
  await push('busy', [], [FROM_ALICE])
  expect(worker.shown).toMatchObject([{ title: 'Alice' }])
})

test.each(['done', 'cut-off', 'busy'] as const)(
  'of a push that came to nothing (%s) there is one notice, until who wrote is known',
  async (end) => {
    await push(end)
    await push(end)
    expect(worker.shown).toEqual([NOTICE])
    await push('done', [FROM_ALICE])
    expect(worker.shown).toMatchObject([{ title: 'Alice' }])
  },
)

/** A conversation with Alice like that. */
const withAlice = (changed: Partial<ConversationRow>): Promise<void> =>
  inDatabase(async (db) => {
    const contact = { peerId: alice.peerId, nickname: 'Alice', relays: [] }
    const { id } = await addContact(db, bob.peerId, contact, 0)
    await db.conversations.update(id, changed)
  })

test('what is unread already takes the place of a notice', async () => {
  await withAlice({ unread: 3 })
  await push('done')
  expect(worker.shown).toEqual([{ title: 'Alice', body: '3 new messages', silent: true }])
})

test('it is said in the language that was chosen', async () => {
  await settings({ notifications: true, language: 'ar' })
  await push('done')
  expect(worker.shown).toMatchObject([{ body: 'قد تكون هناك رسائل جديدة.' }])
  await push('done', [FROM_ALICE])
  expect(worker.shown).toMatchObject([{ title: 'Alice', body: 'رسالة جديدة' }])
})

test('of what is muted no more is shown than that there may be something', async () => {
  await withAlice({ unread: 3, muted_until: Infinity })
  await push('done')
  expect(worker.shown).toEqual([NOTICE])
})

test('a request is shown as one, and not again', async () => {
  await push('done', [{ ...FROM_ALICE, isRequest: true }])
  expect(worker.shown).toMatchObject([{ title: 'Alice', body: 'Wants to write to you' }])
  worker.tray.clear()
  await withAlice({ unread: 1 })
  await inDatabase((db) => db.contacts.update(alice.peerId, { state: 'request' }))
  await push('done')
  expect(worker.shown).toEqual([NOTICE])
})

test('what a tab tells is shown under the same tag, as the switches for open tabs say', async () => {
  const tell = () => tellForTab(worker.scope, { type: 'TELL', arrivals: [FROM_ALICE], silent: true })
  await push('done', [FROM_ALICE])
  await settings({ notifications: false, notificationNames: false })
  await tell()
  expect(worker.shown).toEqual([{ title: 'Gigi', body: 'New message', silent: true }])
  worker.tray.clear()
  worker.isVisible = true
  await tell()
  worker.isVisible = false
  await settings({ notificationsOpen: false })
  await tell()
  expect(worker.shown).toEqual([])
})

test('whoever looks at the app is shown nothing beside it', async () => {
  worker.isVisible = true
  await push('busy', [], [FROM_ALICE])
  await push('done')
  expect(worker.shown).toEqual([])
})

test('where notifications are off, or not allowed, nobody is named', async () => {
  await settings({ notifications: false })
  await push('done', [FROM_ALICE])
  expect(worker.shown).toEqual([NOTICE])
  worker.tray.clear()
  vi.stubGlobal('Notification', { permission: 'denied' })
  await push('done', [FROM_ALICE])
  expect(worker.shown).toEqual([])
})

test('a browser that nobody uses with this identity any more lets go of its subscription', async () => {
  await push('done')
  expect(worker.isSubscribed).toBe(true)
  await push('nobody')
  expect(worker.isSubscribed).toBe(false)
})

test('a store that fails is told, after something was shown', async () => {
  const failing = answerPush(worker.scope, {
    runErrand: () => Promise.reject(new Error('the database is gone')),
    watchArrivals: () => Promise.resolve([]),
  })
  await expect(failing).rejects.toThrow('the database is gone')
  expect(worker.shown).toEqual([NOTICE])
})

test('an errand that was cut off is gone on with, though no push comes again', async () => {
  for (const end of ['done', 'busy', 'nobody'] as const) await push(end)
  expect(worker.errands).toEqual([])
  await push('cut-off')
  expect(worker.errands).toEqual(['gigi-errand'])
})
