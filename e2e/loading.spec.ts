/** What is sent before the first screen is there, and in which order: measured as bytes and as order, never as time. */
import { stat } from 'node:fs/promises'
import type { Browser, Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'

/** What the scripts of the first screen may come to as they are sent, bytes; gzip for those who take no Brotli. */
const MAX_SCRIPTS = { br: 142_000, gzip: 160_000 }
/** With the page itself and its styles, bytes. */
const MAX_ALL = 152_000

/** How much of the page may move by how much of it, until all is there: the cumulative layout shift, of which 0.1 counts as good. */
const MAX_JUMPS = 0.01

const NETWORK_CODE = /\/assets\/node-[^/]+\.js$/

interface Sent {
  readonly url: string
  /** Bytes of the body as it came. */
  readonly bytes: number
  readonly kind: string
}

/** Notes the moment when that is in the document. */
async function watchFor(page: Page, selector: string): Promise<void> {
  await page.addInitScript((selector) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector(selector) === null) return
      observer.disconnect()
      performance.mark('first screen')
    }).observe(document, { subtree: true, childList: true })
  }, selector)
}

/** All that was asked for before that moment, and whatever has come since. */
async function sent(page: Page): Promise<{ before: Sent[]; after: Sent[] }> {
  await page.waitForFunction(() => performance.getEntriesByName('first screen').length > 0)
  return page.evaluate(() => {
    const since = performance.getEntriesByName('first screen')[0]?.startTime ?? 0
    const all = (['navigation', 'resource'] as const).flatMap((type) => performance.getEntriesByType(type))
    const asked = (all as PerformanceResourceTiming[]).map((entry) => ({
      isBefore: entry.startTime <= since,
      sent: { url: entry.name, bytes: entry.encodedBodySize, kind: entry.initiatorType },
    }))
    const those = (isBefore: boolean) =>
      asked.filter((one) => one.isBefore === isBefore).map(({ sent }) => sent)
    return { before: those(true), after: those(false) }
  })
}

/** The cumulative layout shift since the page was opened. */
const jumps = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list, observer) => {
          observer.disconnect()
          resolve(
            list.getEntries().reduce((sum, entry) => sum + (entry as unknown as { value: number }).value, 0),
          )
        }).observe({ type: 'layout-shift', buffered: true })
        // Where nothing has moved the observer is never called: a frame later there would have been word of it.
        requestAnimationFrame(() => setTimeout(() => resolve(0), 100))
      }),
  )

const scripts = (all: readonly Sent[]): Sent[] => all.filter(({ url }) => url.endsWith('.js'))
const sum = (all: readonly Sent[]): number => all.reduce((bytes, one) => bytes + one.bytes, 0)

/** Bytes of a built script with gzip, as the relay sends it. */
async function gzipped({ url }: Sent): Promise<number> {
  const file = new URL(`../dist${new URL(url).pathname}`, import.meta.url)
  return (await stat(new URL(`${file.href}.gz`)).catch(() => stat(file))).size
}

/** Someone whose browser has no service worker, so that all of it comes over the line, and nothing from a cache. */
async function visitor(browser: Browser, url: string): Promise<GigiPage> {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true })
  return new GigiPage(page, url)
}

test('before the first screen with its history no network code is asked for, and the scripts are small', async ({
  browser,
  relay,
  newcomer,
}) => {
  const bob = await newcomer()
  await bob.begin('Bob')
  const alice = await visitor(browser, relay.url)

  // The very first visit.
  await watchFor(alice.page, 'main.first-start h1')
  await alice.open()
  const first = await sent(alice.page)
  expect(scripts(first.before).length).toBeGreaterThan(0)
  expect(sum(scripts(first.before))).toBeLessThan(MAX_SCRIPTS.br)
  expect(scripts(first.before).filter(({ url }) => NETWORK_CODE.test(url))).toEqual([])
  await alice.begin('Alice')
  await alice.add(await bob.inviteLink())
  await alice.send('hello')
  await alice.online()

  // And any later one, with a conversation open, in which nothing jumps.
  await watchFor(alice.page, '[data-message-id]')
  await alice.page.reload()
  await alice.online()
  const { before, after } = await sent(alice.page)
  expect(await jumps(alice.page)).toBeLessThan(MAX_JUMPS)
  const initial = scripts(before)
  expect(initial.filter(({ url, bytes }) => bytes === 0 && url.includes('/assets/'))).toEqual([])
  expect(initial.filter(({ url }) => NETWORK_CODE.test(url))).toEqual([])
  // It is asked for after that, so that is its name still.
  expect(after.filter(({ url }) => NETWORK_CODE.test(url))).toHaveLength(1)
  expect(sum(initial)).toBeLessThan(MAX_SCRIPTS.br)
  const bytes = await Promise.all(initial.map(gzipped))
  expect(bytes.reduce((all, one) => all + one, 0)).toBeLessThan(MAX_SCRIPTS.gzip)
  expect(sum(before)).toBeLessThan(MAX_ALL)
  await alice.page.context().close()
})

test('where the network code does not come at all, history is read, and what is written waits', async ({
  browser,
  relay,
  newcomer,
}) => {
  const bob = await newcomer()
  await bob.begin('Bob')
  const alice = await visitor(browser, relay.url)
  await alice.open()
  await alice.begin('Alice')
  await alice.add(await bob.inviteLink())
  await alice.send('hello')
  await alice.page.route(NETWORK_CODE, (route) => route.abort())
  await alice.page.reload()
  await expect(alice.message('hello')).toBeVisible()
  await alice.send('and this')
  await alice.hasStatus('and this', 'pending')
  await alice.page.unroute(NETWORK_CODE)
  await alice.page.reload()
  await alice.hasStatus('and this', 'delivered')
  await alice.page.context().close()
})
