import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fromBase64url, toBase64url } from '../protocol/identifiers.ts'
import { saveRelayConfig } from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { noteWaking, readPush } from '../store/push.ts'
import { GigiDatabase } from '../store/schema.ts'
import { beginPush, settlePush, stopPush, type Subscriptions, unsubscribe } from './push.ts'
import { readWaking } from './waking.ts'

const keyOf = (byte: number): string => toBase64url(Uint8Array.of(4, ...Array<number>(64).fill(byte)))
const [KEY, OTHER_KEY] = [keyOf(1), keyOf(2)]

/** A browser with one subscription at the most, as browsers have them. */
class FakeBrowser {
  current: { endpoint: string; key: string } | null = null
  made = 0
  /** What subscribing comes to, where it fails. */
  failure: Error | null = null

  readonly push = {
    getSubscription: () => Promise.resolve(this.#view()),
    subscribe: ({ applicationServerKey: key }: { applicationServerKey: string }) => {
      if (this.failure !== null) return Promise.reject(this.failure)
      if (this.current !== null && this.current.key !== key)
        return Promise.reject(new DOMException('of another key', 'InvalidStateError'))
      this.current ??= { endpoint: `https://push.example/${++this.made}`, key }
      return Promise.resolve(this.#view())
    },
  } as unknown as Subscriptions

  readonly endpoint = (): Promise<string | null> => Promise.resolve(this.current?.endpoint ?? null)

  #view(): unknown {
    if (this.current === null) return null
    const { endpoint, key } = this.current
    return {
      endpoint,
      options: { userVisibleOnly: true, applicationServerKey: fromBase64url(key).buffer },
      unsubscribe: () => {
        this.current = null
        return Promise.resolve(true)
      },
    }
  }
}

let db: GigiDatabase
let browser: FakeBrowser

beforeEach(async () => {
  db = new GigiDatabase(`push-${Math.random()}`)
  browser = new FakeBrowser()
  vi.stubGlobal('Notification', { permission: 'granted' })
  await relaySays(KEY)
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await db.delete()
})

const relaySays = (vapid: string | undefined): Promise<void> =>
  saveRelayConfig(db, { relays: [], iceServers: [], ...(vapid === undefined ? {} : { vapid }) })
const waking = () => readWaking(db, browser.endpoint)

test('it can be switched on and off, and the browser follows', async () => {
  expect(await waking()).toBe('off')
  await beginPush(db, browser.push)
  expect(await readPush(db)).toEqual({
    ...{ key: 'push', endpoint: 'https://push.example/1' },
    ...{ vapid: KEY, wanted: 1 },
  })
  expect(await waking()).toBe('on')
  await stopPush(db)
  expect(await waking()).toBe('off')
  // The relay is still to hear of it.
  expect(await readPush(db)).toMatchObject({ endpoint: 'https://push.example/1', wanted: 0 })
  await settlePush(db, browser.push)
  expect(browser.current).toBeNull()
})

test('what is as it should be is left alone', async () => {
  await beginPush(db, browser.push)
  await settlePush(db, browser.push)
  await beginPush(db, browser.push)
  expect(browser.made).toBe(1)
})

test('a subscription that the browser lost is made anew', async () => {
  await beginPush(db, browser.push)
  browser.current = null
  expect(await waking()).toBe('lost')
  await settlePush(db, browser.push)
  expect(await waking()).toBe('on')
  expect(await readPush(db)).toMatchObject({ endpoint: 'https://push.example/2', wanted: 1 })
})

test('a relay with another key gets a subscription with that', async () => {
  await beginPush(db, browser.push)
  await relaySays(OTHER_KEY)
  expect(await waking()).toBe('lost')
  await settlePush(db, browser.push)
  expect(await waking()).toBe('on')
  expect(browser.current?.key).toBe(OTHER_KEY)
})

test('a relay that wakes nobody for now changes nothing, and is said', async () => {
  await beginPush(db, browser.push)
  await relaySays(undefined)
  expect(await waking()).toBe('no-key')
  await settlePush(db, browser.push)
  await relaySays(KEY)
  expect(await waking()).toBe('on')
  expect(browser.made).toBe(1)
})

test('a subscription that the relay refuses is said, until it takes it', async () => {
  await beginPush(db, browser.push)
  const [epoch, endpoint] = [await raiseEpoch(db), 'https://push.example/1']
  await noteWaking(db, epoch, endpoint, 'refused')
  expect(await waking()).toBe('refused')
  // Switched off and on it is the same subscription, of which the relay has not said anything new.
  await stopPush(db)
  expect(await waking()).toBe('off')
  await beginPush(db, browser.push)
  expect(await waking()).toBe('refused')
  await noteWaking(db, epoch, 'https://push.example/another', 'done')
  expect(await waking()).toBe('refused')
  await noteWaking(db, epoch, endpoint, 'done')
  expect(await waking()).toBe('on')
})

test('of another subscription than the one that the relay refused nothing is said yet', async () => {
  await beginPush(db, browser.push)
  await noteWaking(db, await raiseEpoch(db), 'https://push.example/1', 'refused')
  browser.current = null
  expect(await waking()).toBe('lost')
  await settlePush(db, browser.push)
  expect(await waking()).toBe('on')
})

test('where the relay has no key there is nothing to switch on', async () => {
  await relaySays(undefined)
  expect(await waking()).toBeNull()
  await expect(beginPush(db, browser.push)).rejects.toMatchObject({ code: 'push-no-key' })
})

test.each([
  [new DOMException('Registration failed - push service error', 'AbortError'), 'push-unreachable'],
  [new DOMException('Registration failed - permission denied', 'NotAllowedError'), 'notifications-denied'],
])('%s is told as %s, and nothing is stored', async (failure, code) => {
  browser.failure = failure
  await expect(beginPush(db, browser.push)).rejects.toMatchObject({ code })
  expect(await readPush(db)).toBeNull()
})

test('what cannot be made anew for now stays wanted', async () => {
  await beginPush(db, browser.push)
  browser.current = null
  browser.failure = new DOMException('Registration failed', 'AbortError')
  await expect(settlePush(db, browser.push)).rejects.toMatchObject({ code: 'push-unreachable' })
  vi.stubGlobal('Notification', { permission: 'denied' })
  await expect(settlePush(db, browser.push)).rejects.toMatchObject({ code: 'notifications-denied' })
  expect(await waking()).toBe('lost')
  vi.stubGlobal('Notification', { permission: 'granted' })
  browser.failure = null
  await settlePush(db, browser.push)
  expect(await waking()).toBe('on')
})

test('letting go of the subscription alone leaves it wanted', async () => {
  await beginPush(db, browser.push)
  await unsubscribe(browser.push)
  expect(browser.current).toBeNull()
  expect(await waking()).toBe('lost')
})

test('a push service that never answers is not waited for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const hangs = { ...browser.push, subscribe: () => new Promise<never>(() => undefined) }
    const outcome = beginPush(db, hangs).catch((error: unknown) => error)
    await vi.waitFor(() => {
      expect(vi.getTimerCount()).toBe(1)
    })
    vi.runAllTimers()
    expect(await outcome).toMatchObject({ code: 'push-unreachable' })
  } finally {
    vi.useRealTimers()
  }
})
