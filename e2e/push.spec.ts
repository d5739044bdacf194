/** A browser that is woken when mail comes. Its push service is one of the test; what the relay and the app do is real. */
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { BrowserContext, Locator } from '@playwright/test'
import { Background } from './background.ts'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'
import { knowsOfPush, storedMessages } from './store-view.ts'

test.use({ relayEnv: { PUSH_CONTACT: 'mailto:me@gigi.example', PUSH_LOCAL: '1' } })

/** The paths of what the push service was sent. */
let pushes: string[]
let service: Server
let endpoint: string

test.beforeEach(async () => {
  pushes = []
  service = createServer((request, response) => {
    pushes.push(request.url ?? '')
    response.writeHead(201).end()
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const bound = service.address()
  if (bound === null || typeof bound === 'string') throw new Error('the push service has no port')
  endpoint = `http://127.0.0.1:${bound.port}/bob`
})
test.afterEach(() => {
  service.close()
  service.closeAllConnections()
})

/** Lets pages subscribe at the test's push service, until they unsubscribe: browsers know only that of their vendor. */
async function subscribeThere(context: BrowserContext): Promise<void> {
  await context.addInitScript((endpoint) => {
    const KEPT = 'test.push-key'
    const subscription = (): PushSubscription | null => {
      const key = localStorage.getItem(KEPT)
      if (key === null) return null
      const bytes = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
        letter.charCodeAt(0),
      )
      return {
        endpoint,
        options: { userVisibleOnly: true, applicationServerKey: bytes.buffer },
        unsubscribe: () => {
          localStorage.removeItem(KEPT)
          return Promise.resolve(true)
        },
      } as PushSubscription
    }
    PushManager.prototype.getSubscription = () => Promise.resolve(subscription())
    PushManager.prototype.subscribe = (options) => {
      const key = options?.applicationServerKey
      if (typeof key === 'string') localStorage.setItem(KEPT, key)
      const made = subscription()
      return made === null ? Promise.reject(new Error('not kept')) : Promise.resolve(made)
    }
  }, endpoint)
}

const wakes = ({ page }: GigiPage): Locator =>
  page.getByRole('switch', { name: 'Wake this browser when mail comes' })
const notifies = ({ page }: GigiPage): Locator =>
  page.getByRole('switch', { name: 'Notify me while Gigi is closed' })

/** The endpoints that a relay knows, which has been stopped: while it runs, its file is its own. */
function endpointsIn(dataDir: string): string[] {
  const store = new DatabaseSync(join(dataDir, 'mailbox.sqlite'), { readOnly: true })
  const rows = store.prepare('SELECT endpoint FROM subscriptions').all()
  store.close()
  return rows.map((row) => String(row['endpoint']))
}

test('with every tab closed: mail wakes the browser, which fetches it, says who wrote and lets them know, until that is switched off', async ({
  relay,
  resident,
}) => {
  test.setTimeout(120_000)
  const [atAlices, atBobs] = [await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  const context = bob.page.context()
  await subscribeThere(context)
  await context.grantPermissions(['notifications'])
  await bob.page.reload()
  await introduce(alice, bob)
  await bob.serviceWorkerReady()
  await bob.settings()
  await wakes(bob).click()
  await expect(notifies(bob)).toBeChecked()
  await expect(wakes(bob)).toBeChecked()
  const background = await Background.at(bob.page, relay.url)

  await alice.presence('offline')
  expect(pushes).toEqual([])
  await alice.send('wake up')
  await expect.poll(() => pushes).toEqual(['/bob'])
  await alice.hasStatus('wake up', 'synced')
  await background.push()
  await expect
    .poll(async () => (await storedMessages(background.page)).map(({ text }) => text), { timeout: 30_000 })
    .toEqual(['wake up'])
  await expect.poll(() => background.notifications, { timeout: 30_000 }).toEqual(['Alice: New message'])
  await alice.hasStatus('wake up', 'delivered')

  await bob.open()
  await bob.settings()
  await expect(wakes(bob)).toBeChecked()
  await notifies(bob).click()
  await expect(wakes(bob)).not.toBeChecked()
  await expect.poll(() => knowsOfPush(bob.page)).toBe(false)
  await expect.poll(() => bob.page.evaluate(() => localStorage.getItem('test.push-key'))).toBeNull()
  await relay.stop()
  expect(endpointsIn(relay.dataDir)).not.toContain(endpoint)
  await relay.start()
})

test('a push is seen though nothing came, once, and until the app is looked at', async ({
  relay,
  resident,
}) => {
  const bob = await (await resident()).open()
  await bob.page.context().grantPermissions(['notifications'])
  await bob.begin('Bob')
  await bob.online()
  await bob.serviceWorkerReady()
  const background = await Background.at(bob.page, relay.url)
  await background.push()
  await expect
    .poll(() => background.notifications, { timeout: 30_000 })
    .toEqual(['Gigi: There may be new messages.'])
  await bob.open()
  await expect.poll(() => background.notifications).toEqual([])
})

test('where the push service cannot be reached it stays off, and says why', async ({ resident }) => {
  const bob = await (await resident()).open()
  await bob.page.context().grantPermissions(['notifications'])
  await bob.begin('Bob')
  await bob.online()
  await bob.settings()
  await wakes(bob).click()
  await expect(bob.page.getByText('Asking the push service')).toBeVisible()
  // Chromium tries for minutes.
  await expect(bob.page.getByText('This browser did not reach its push service')).toBeVisible({
    timeout: 40_000,
  })
  await expect(wakes(bob)).not.toBeChecked()
  expect(await knowsOfPush(bob.page)).toBe(false)
})

test('what the relay refuses is said, and nothing wakes the browser', async ({ resident }) => {
  // In the clear, and not on this machine.
  endpoint = 'http://push.example/bob'
  const bob = await (await resident()).open()
  await subscribeThere(bob.page.context())
  await bob.page.context().grantPermissions(['notifications'])
  await bob.page.reload()
  await bob.begin('Bob')
  await bob.online()
  await bob.settings()
  const refusal = bob.page.getByText('The relay does not go to the push service of this browser')
  await expect(refusal).toBeHidden()
  await wakes(bob).click()
  await expect(refusal).toBeVisible()
  await wakes(bob).click()
  await expect(refusal).toBeHidden()
  await expect(wakes(bob)).not.toBeChecked()
})

test('what the push service refuses is said until it is tried again', async ({ resident }) => {
  const bob = await (await resident()).open()
  await subscribeThere(bob.page.context())
  await bob.page.context().grantPermissions(['notifications'])
  await bob.page.reload()
  await bob.begin('Bob')
  await bob.online()
  await bob.page.evaluate(() => {
    const { prototype } = PushManager
    const works = Object.getOwnPropertyDescriptor(prototype, 'subscribe') ?? {}
    prototype.subscribe = () => {
      Object.defineProperty(prototype, 'subscribe', works)
      return Promise.reject(new DOMException('Registration failed - push service error', 'AbortError'))
    }
  })
  await bob.settings()
  const refusal = bob.page.getByText('This browser did not reach its push service')
  await wakes(bob).click()
  await expect(refusal).toBeVisible()
  await expect(wakes(bob)).not.toBeChecked()
  await wakes(bob).click()
  await expect(notifies(bob)).toBeChecked()
  await expect(refusal).toBeHidden()
})
