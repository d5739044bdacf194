import type { BrowserContext } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'
import { storedMessages, undelivered } from './store-view.ts'

/** A connection that is half open is noticed within this time, milliseconds; a second is for the look of it. */
const HALF_OPEN_MS = 16_000
/** After the network is back, everything works again within this time, milliseconds. */
const RECOVERY_MS = 5_000

/** The connections that a page has made since it was loaded, on its `globalThis`. */
interface Observed {
  readonly connections: RTCPeerConnection[]
}

/** Notes the connections that pages make; a network that is blocked lets WebRTC use TURN servers only, and has none. */
async function observe(context: BrowserContext, network: 'open' | 'blocked'): Promise<void> {
  await context.addInitScript((network) => {
    const Real = RTCPeerConnection
    const connections: RTCPeerConnection[] = []
    Object.assign(globalThis, { connections })
    globalThis.RTCPeerConnection = class extends Real {
      constructor(configuration: RTCConfiguration = {}) {
        const isBlocked = network === 'blocked' && localStorage.getItem('test.blocked') !== 'no'
        super(isBlocked ? { ...configuration, iceServers: [], iceTransportPolicy: 'relay' } : configuration)
        connections.push(this)
      }
    }
  }, network)
}

const connectionsMade = ({ page }: GigiPage): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as Observed).connections.length)

const connectionsOpen = ({ page }: GigiPage): Promise<number> =>
  page.evaluate(
    () =>
      (globalThis as unknown as Observed).connections.filter(
        ({ connectionState }) => connectionState === 'connected',
      ).length,
  )

/** The direct way is free; then the browsers tell their pages that the network has changed. */
async function unblockDirect(pages: readonly GigiPage[]): Promise<void> {
  for (const { page } of pages)
    await page.evaluate(() => {
      localStorage.setItem('test.blocked', 'no')
    })
  for (const { page } of pages) await page.evaluate(() => dispatchEvent(new Event('online')))
}

test('where WebRTC cannot connect messages go by the relay, and change to the direct path when there is one', async ({
  newcomer,
}) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  for (const { page } of [alice, bob]) {
    await observe(page.context(), 'blocked')
    await page.reload()
  }
  await introduce(alice, bob)
  await alice.path('relayed')
  await bob.path('relayed')
  await alice.send('by the relay')
  await alice.hasStatus('by the relay', 'acknowledged')
  await bob.send('and back')
  await bob.hasStatus('and back', 'acknowledged')

  // The path does not change to and fro while there is nothing to change to, though a direct one is looked for again.
  const seen = await watchPath(alice)
  const made = await connectionsMade(alice)
  for (const text of ['one', 'two', 'three']) {
    await alice.send(text)
    await alice.hasStatus(text, 'acknowledged')
  }
  const searches = async (): Promise<number> => (await connectionsMade(alice)) - made
  await expect.poll(searches, { timeout: 60_000 }).toBeGreaterThan(0)
  await alice.send('while it is looked for')
  await alice.hasStatus('while it is looked for', 'acknowledged')
  expect(await seen()).toEqual(['relayed'])

  await unblockDirect([alice, bob])
  // The search that follows may miss its moment on a busy machine; the next one comes half a minute later.
  await alice.path('direct', 60_000)
  await bob.path('direct')
  await alice.send('face to face')
  await alice.hasStatus('face to face', 'acknowledged')
  expect(await seen()).toEqual(['relayed', 'direct'])
})

/** Notes every path that a page shows from now on. */
async function watchPath({ page }: GigiPage): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const seen: string[] = []
    Object.assign(globalThis, { seenPaths: seen })
    const note = (): void => {
      const path = document.querySelector('[data-path]')?.getAttribute('data-path')
      if (path != null && path !== seen.at(-1)) seen.push(path)
    }
    note()
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  return () => page.evaluate(() => (globalThis as unknown as { seenPaths: string[] }).seenPaths)
}

test('a peer that reloads is reached again at once', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('before')
  await alice.hasStatus('before', 'acknowledged')
  await bob.page.reload()
  await alice.send('after')
  await expect(alice.message('after')).toHaveAttribute('data-status', 'acknowledged', {
    timeout: RECOVERY_MS,
  })
})

test('both dial at once: one session, and nothing twice', async ({ newcomer }) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  for (const { page } of [alice, bob]) await observe(page.context(), 'open')
  await introduce(alice, bob)
  for (let round = 0; round < 3; round++) {
    await Promise.all([alice.page.reload(), bob.page.reload()])
    await Promise.all([alice.send(`from Alice ${round}`), bob.send(`from Bob ${round}`)])
    await alice.hasStatus(`from Alice ${round}`, 'acknowledged')
    await bob.hasStatus(`from Bob ${round}`, 'acknowledged')
    await alice.path('direct', 60_000)
    const open = async (): Promise<number[]> => [await connectionsOpen(alice), await connectionsOpen(bob)]
    await expect.poll(open).toEqual([1, 1])
  }
  expect(await alice.texts()).toHaveLength(6)
  expect(await bob.texts()).toEqual(await alice.texts())
})

test('a device that sleeps is noticed, and is back within seconds of waking, with all it missed', async ({
  resident,
}) => {
  test.setTimeout(120_000)
  const [atAlices, atBobs] = [await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await introduce(alice, bob)
  await alice.send('before')
  await alice.hasStatus('before', 'acknowledged')
  atBobs.sleep()
  await expect(alice.page.locator('[data-path]')).toHaveAttribute('data-path', 'none', {
    timeout: HALF_OPEN_MS,
  })
  await alice.send('in the night')
  await alice.hasStatus('in the night', 'synced')
  atBobs.wake()
  await expect(bob.message('in the night')).toBeVisible({ timeout: RECOVERY_MS })
  await alice.hasStatus('in the night', 'acknowledged')
})

test('the relay is killed and comes back in the middle of 200 messages', async ({ newcomer, relay }) => {
  test.setTimeout(180_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  // By the relay, so that its end ends the session as well.
  for (const { page } of [alice, bob]) {
    await observe(page.context(), 'blocked')
    await page.reload()
  }
  await introduce(alice, bob)
  await alice.path('relayed')
  const texts = Array.from({ length: 200 }, (_, i) => `text ${i + 1}`)
  let sent = 0
  const sending = alice.sendMany(texts, () => (sent += 1))
  await expect.poll(() => sent).toBeGreaterThan(60)
  await relay.stop('SIGKILL')
  await expect.poll(() => sent, { timeout: 30_000 }).toBeGreaterThan(120)
  await relay.start()
  await sending
  await expect(alice.network).toHaveAttribute('data-state', 'online', { timeout: 10_000 })
  await expect.poll(() => undelivered(alice.page), { timeout: 30_000 }).toBe(0)
  expect((await storedMessages(bob.page)).map(({ text }) => text)).toEqual(texts)
})
