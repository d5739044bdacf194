import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, chromium, type LaunchOptions, type Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { GigiPage, introduce } from './gigi-page.ts'
import { attempts } from './store-view.ts'

/** A browser as it is: those that Playwright starts take every page for visible. */
async function plainBrowser(
  profile: string,
  { executablePath = chromium.executablePath(), args = [] }: LaunchOptions,
): Promise<{ browser: Browser; child: ChildProcess }> {
  const child = spawn(
    executablePath,
    [
      ...args,
      '--headless',
      '--remote-debugging-port=0',
      '--window-size=1280,800',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const [, found] = /DevTools listening on (ws:\S+)/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => {
      reject(new Error('the browser did not start'))
    })
  })
  return { browser: await chromium.connectOverCDP(address, { noDefaults: true }), child }
}

/** Runs a test with a page of such a browser, which is ended. */
async function inPlainBrowser(
  launchOptions: LaunchOptions,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'gigi-e2e-hidden-'))
  const { browser, child } = await plainBrowser(profile, launchOptions)
  try {
    const page = browser.contexts()[0]?.pages()[0]
    if (page === undefined) throw new Error('the browser has no page')
    await run(page)
  } finally {
    await browser.close()
    if (child.exitCode === null) {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Puts another tab before it. */
async function hide(page: Page): Promise<void> {
  const other = await page.context().newPage()
  await other.bringToFront()
  await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden')
}

test('a page that was frozen is reached again within seconds, with all it missed', async ({
  newcomer,
  relay,
  launchOptions,
}) => {
  test.setTimeout(150_000)
  await inPlainBrowser(launchOptions, async (page) => {
    const [alice, bob] = [await newcomer(), new GigiPage(page, relay.url)]
    await bob.open()
    await introduce(alice, bob)
    await hide(page)
    // The event is the last thing that such a page does.
    await page.evaluate(() => {
      document.addEventListener('freeze', () => console.debug('frozen'), { once: true })
    })
    const frozen = page.waitForEvent('console', { predicate: (message) => message.text() === 'frozen' })
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await frozen
    await alice.send('while you froze')
    await alice.hasStatus('while you froze', 'pending')
    await page.bringToFront()
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await expect(bob.message('while you froze')).toBeVisible({ timeout: 5_000 })
    await alice.hasStatus('while you froze', 'acknowledged')
  })
})

test('in a hidden tab timed attempts come on time, though the timers of the tab do not', async ({
  newcomer,
  relay,
  launchOptions,
}) => {
  test.setTimeout(150_000)
  await inPlainBrowser(launchOptions, async (page) => {
    const [alice, bob] = [new GigiPage(page, relay.url), await newcomer()]
    await alice.open()
    await introduce(alice, bob)
    // With its service worker, which would fetch in time what is to wait.
    await bob.page.context().close()
    await alice.presence('offline')
    await alice.configure('Retry interval (seconds)', 3)
    await alice.send('into the dark')
    await hide(page)
    // Five minutes later browsers wake the timers of such a tab once a minute; this one does so at once.
    await page.evaluate(() => {
      const real = globalThis.setTimeout
      const slow = (task: () => void, ms = 0) => real(task, Math.max(ms, 60_000))
      Object.assign(globalThis, { setTimeout: slow })
    })
    // Due after 3, 9 and 21 seconds.
    await expect.poll(() => attempts(page, 'into the dark'), { timeout: 40_000 }).toBe(3)
    expect(await page.evaluate(() => document.visibilityState)).toBe('hidden')
  })
})
