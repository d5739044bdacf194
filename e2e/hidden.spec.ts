import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, chromium, type LaunchOptions } from '@playwright/test'
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

test('in a hidden tab timed attempts come on time, though the timers of the tab do not', async ({
  newcomer,
  relay,
  launchOptions,
}) => {
  test.setTimeout(150_000)
  const profile = await mkdtemp(join(tmpdir(), 'gigi-e2e-hidden-'))
  const { browser, child } = await plainBrowser(profile, launchOptions)
  try {
    const page = browser.contexts()[0]?.pages()[0]
    if (page === undefined) throw new Error('the browser has no page')
    const [alice, bob] = [new GigiPage(page, relay.url), await newcomer()]
    await alice.open()
    await introduce(alice, bob)
    // With its service worker, which would fetch in time what is to wait.
    await bob.page.context().close()
    await alice.presence('offline')
    await alice.configure('Retry interval (seconds)', 3)
    await alice.send('into the dark')
    // Another tab before it hides it.
    const other = await page.context().newPage()
    await other.bringToFront()
    await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden')
    // Five minutes later browsers wake the timers of such a tab once a minute; this one does so at once.
    await page.evaluate(() => {
      const real = globalThis.setTimeout
      const slow = (task: () => void, ms = 0) => real(task, Math.max(ms, 60_000))
      Object.assign(globalThis, { setTimeout: slow })
    })
    // Due after 3, 9 and 21 seconds.
    await expect.poll(() => attempts(page, 'into the dark'), { timeout: 40_000 }).toBe(3)
    expect(await page.evaluate(() => document.visibilityState)).toBe('hidden')
  } finally {
    await browser.close()
    if (child.exitCode === null) {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})
