/** Two browsers: 10,000 messages that waited, and single ones, as Gigi delivers them and over a bare data channel. */
import type { Page } from 'playwright'
import type { Browser, Ground } from './browsers.ts'
import { median } from './statistics.ts'

const QUEUED = 10_000
const SINGLE = 50

export interface Delivery {
  /** Milliseconds. */
  readonly gigi: number
  readonly raw: number
  readonly live: number
  readonly rawLive: number
  readonly longestTask: number
}

/** Two who know each other, one of them with messages that wait; profiles with no browser on them. */
export interface Acquaintance {
  readonly alice: string
  readonly bob: string
  readonly waiting: string
}

export async function acquaint(ground: Ground): Promise<Acquaintance> {
  const [alice, bob] = [await ground.browser(), await ground.browser()]
  const [hers, his] = [await alice.app(), await bob.app()]
  await Promise.all([hers.begin('Alice'), his.begin('Bob')])
  await hers.add(await his.inviteLink())
  await hers.send('hello')
  await hers.hasStatus('hello', 'delivered')
  await Promise.all([alice.close(), bob.close()])
  const writer = await ground.browser(alice.profile)
  const page = await writer.bench()
  await page.evaluate((count) => globalThis.bench.queue(count), QUEUED)
  await writer.close()
  return { alice: alice.profile, bob: bob.profile, waiting: writer.profile }
}

/** One round, bare in new profiles and by Gigi in copies. */
export async function deliver(ground: Ground, { alice, bob, waiting }: Acquaintance): Promise<Delivery> {
  const bare = await between(ground, [undefined, undefined], overRawChannel)
  const live = await between(ground, [alice, bob], oneByOne)
  const caughtUp = await between(ground, [waiting, bob], catchUp)
  return { ...bare, live, ...caughtUp }
}

/** Runs something between two browsers, each on a copy of a profile or a new one. */
export async function between<T>(
  ground: Ground,
  [from, to]: readonly [string | undefined, string | undefined],
  run: (one: Browser, other: Browser) => Promise<T>,
): Promise<T> {
  const [one, other] = [await ground.browser(from), await ground.browser(to)]
  try {
    return await run(one, other)
  } finally {
    await Promise.all([one.close(), other.close()])
  }
}

async function overRawChannel(alice: Browser, bob: Browser): Promise<Pick<Delivery, 'raw' | 'rawLive'>> {
  const [here, there] = [await alice.bench(), await bob.bench()]
  const offer = await here.evaluate(() => globalThis.bench.offer())
  const answer = await there.evaluate((sdp) => globalThis.bench.answer(sdp), offer)
  await here.evaluate((sdp) => globalThis.bench.accept(sdp), answer)
  const rawLive = await here.evaluate((count) => globalThis.bench.rawDeliveries(count), SINGLE)
  for (const page of [here, there]) await page.evaluate(() => globalThis.bench.clearRaw())
  await here.evaluate((count) => globalThis.bench.fillRaw(count), QUEUED)
  const raw = await here.evaluate(() => globalThis.bench.rawCatchUp())
  return { raw, rawLive: median(rawLive) }
}

async function oneByOne(alice: Browser, bob: Browser): Promise<number> {
  const [hers, his] = [await alice.app(), await bob.app()]
  await hers.openConversation('Bob')
  await his.online()
  await hers.path('direct')
  return median(await singles(hers.page))
}

async function catchUp(alice: Browser, bob: Browser): Promise<Pick<Delivery, 'gigi' | 'longestTask'>> {
  const hers = await alice.app()
  await hers.openConversation('Bob')
  await hers.online()
  const arriving = hers.page.evaluate(arrival, QUEUED)
  const his = await bob.app()
  const { took, since } = await arriving
  const tasks = await Promise.all([hers, his].map(({ page }) => page.evaluate(longestTask, since)))
  return { gigi: took, longestTask: Math.max(...tasks) }
}

/** In the page: milliseconds from each of some clicks until what was sent is shown as delivered. */
export async function singles(page: Page): Promise<number[]> {
  return page.evaluate(async (count) => {
    const [box, log] = [document.querySelector('textarea'), document.querySelector('[role=log]')]
    const send = document.querySelector<HTMLButtonElement>('form button[type=submit]')
    if (box === null || log === null || send === null) throw new Error('no conversation is open')
    const took: number[] = []
    for (let i = 0; i < count; i++) {
      box.value = `single ${String(i)}`
      box.dispatchEvent(new InputEvent('input', { bubbles: true }))
      const isThere = (): boolean =>
        [...log.querySelectorAll('[data-status=delivered], [data-status=acknowledged]')].some(
          (message) => message.querySelector('[data-testid=text]')?.textContent === `single ${String(i)}`,
        )
      const there = new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!isThere()) return
          observer.disconnect()
          resolve()
        })
        observer.observe(log, { subtree: true, childList: true, attributes: true })
      })
      await new Promise((resolve) => setTimeout(resolve))
      const since = performance.now()
      send.click()
      await there
      took.push(performance.now() - since)
    }
    return took
  }, SINGLE)
}

/**
 * In the page: from when it shows that the peer is there, milliseconds until all that waited is proven to be stored by them
 * and what is on the screen says so. `since` is the former, by the clock of the machine.
 */
async function arrival(count: number): Promise<{ took: number; since: number }> {
  const isThere = (): boolean => document.querySelector('[data-path=direct], [data-path=relayed]') !== null
  if (isThere()) throw new Error('the peer is there too early')
  await new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      if (!isThere()) return
      observer.disconnect()
      resolve()
    })
    observer.observe(document, { subtree: true, childList: true, attributes: true })
  })
  const since = performance.now()
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('gigi')
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error ?? new Error('the database cannot be opened'))
  })
  const proven = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const reading = db.transaction('receipts').objectStore('receipts').getAll()
      reading.onerror = () => reject(reading.error ?? new Error('the receipts cannot be read'))
      reading.onsuccess = () => {
        const sets = (reading.result as { delivered: [number, number][] }[]).map((row) => row.delivered)
        resolve(Math.max(0, ...sets.map((set) => set.reduce((sum, [a, b]) => sum + b - a + 1, 0))))
      }
    })
  // Only messages have a status: what still waits or was lost in between shows.
  const waits = (): boolean => document.querySelector('[data-status=pending], [data-status=synced]') !== null
  while ((await proven()) < count || waits()) await new Promise((resolve) => setTimeout(resolve, 10))
  return { took: performance.now() - since, since: performance.timeOrigin + since }
}

/** In the page: the longest task since then, milliseconds; 0 where none took 50. */
function longestTask(since: number): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      observer.disconnect()
      const tasks = list.getEntries().filter(({ startTime }) => performance.timeOrigin + startTime >= since)
      resolve(Math.max(0, ...tasks.map(({ duration }) => duration)))
    }).observe({ type: 'longtask', buffered: true })
    // Where there was none the observer is never called.
    setTimeout(() => resolve(0), 1000)
  })
}
