/** One browser with a long history: what a page of it, the list, a cold start and the memory of it cost. */
import type { Page } from 'playwright'
import type { ConversationId } from '../../src/domain/ids.ts'
import type { Ground } from './browsers.ts'
import { median, quantile } from './statistics.ts'

const CONVERSATIONS = 200
const PAGES = 60
const LOOKS = 20

export interface History {
  /** Where the profile is, with no browser on it. */
  readonly profile: string
  readonly conversation: ConversationId
}

export interface HistoryCosts {
  /** Milliseconds. */
  readonly page: number
  readonly unread: number
  readonly open: number
  /** Of the main thread, with the conversation open. */
  readonly heapMiB: number
}

/** Makes a profile with so many messages in 200 conversations. */
export async function makeHistory(ground: Ground, messages: number): Promise<History> {
  const browser = await ground.browser()
  const app = await browser.app()
  await app.begin('Alice')
  await app.page.close()
  const bench = await browser.bench()
  const conversation = await bench.evaluate(
    ([messages, conversations]) => globalThis.bench.fill(messages, conversations),
    [messages, CONVERSATIONS] as const,
  )
  await browser.close()
  return { profile: browser.profile, conversation }
}

/** One round, on a copy of the profile. */
export async function measureHistory(
  ground: Ground,
  { profile, conversation }: History,
): Promise<HistoryCosts> {
  const browser = await ground.browser(profile)
  try {
    const open = await coldStart(await browser.context.newPage(), ground.url, conversation)
    const [shown] = browser.context.pages().slice(-1)
    const heapMiB = shown === undefined ? NaN : await heapOf(shown)
    await shown?.close()
    const bench = await browser.bench()
    const pages = await bench.evaluate(
      ([conversation, times]) => globalThis.bench.pages(conversation, times),
      [conversation, PAGES] as const,
    )
    const looks = await bench.evaluate((times) => globalThis.bench.unread(times), LOOKS)
    return { page: quantile(pages, 0.5), unread: median(looks), open, heapMiB }
  } finally {
    await browser.close()
  }
}

/** Milliseconds from the begin of the navigation until a message is in the page; the browser has just been started. */
async function coldStart(page: Page, url: string, conversation: ConversationId): Promise<number> {
  await page.addInitScript(() => {
    const look = (): void => {
      if (document.querySelector('[data-message-id]') === null) return
      observer.disconnect()
      requestAnimationFrame(() => performance.mark('history'))
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true })
  })
  await page.goto(`${url}/#/c/${conversation}`)
  await page.waitForFunction(() => performance.getEntriesByName('history').length > 0)
  return page.evaluate(() => performance.getEntriesByName('history')[0]?.startTime ?? NaN)
}

async function heapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize / 1024 / 1024
}
