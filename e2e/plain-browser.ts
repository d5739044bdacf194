/** Browsers in which a page can be hidden: those that Playwright starts take every page for visible. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, chromium, expect, type LaunchOptions, type Page } from '@playwright/test'

/** A browser as it is. */
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
export async function inPlainBrowser(
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
export async function hide(page: Page): Promise<void> {
  const other = await page.context().newPage()
  await other.bringToFront()
  await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden')
}
