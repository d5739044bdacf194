import type { BrowserContext } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { GigiPage, introduce } from './gigi-page.ts'
import { storedMessages, undelivered } from './store-view.ts'

/** A leader that goes is followed within this time, milliseconds. */
const HANDOVER_MS = 3_000

/** Resolves when the tab of `alice` holds the lock of the node, and no other. */
async function leads({ page }: GigiPage): Promise<boolean> {
  const { held, clientId } = await page.evaluate(async () => {
    // A lock of one's own is how a page learns the id that it has among those who hold locks.
    const name = `who-am-i-${String(Math.random())}`
    return navigator.locks.request(name, async () => {
      const state = await navigator.locks.query()
      const holder = (lock: string) => state.held?.find((info) => info.name === lock)?.clientId
      return { held: holder('gigi-node'), clientId: holder(name) }
    })
  })
  return held === clientId
}

test('five tabs send at once, the leaders are closed one after another: 500 messages, each once', async ({
  newcomer,
}) => {
  test.setTimeout(240_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const tabs = [alice]
  for (let i = 1; i < 5; i++) {
    const tab = await alice.inNewTab()
    await tab.openConversation('Bob')
    await tab.online()
    tabs.push(tab)
  }
  let next = 0
  const confirmed = new Set<string>()
  const chunk = (): string[] => Array.from({ length: 10 }, () => `text ${String(++next)}`)
  const closed = new Set<GigiPage>()
  const sender = async (tab: GigiPage): Promise<void> => {
    while (next < 500 && !closed.has(tab)) {
      const texts = chunk()
      try {
        await tab.sendMany(texts, (text) => confirmed.add(text))
      } catch (error) {
        if (!closed.has(tab)) throw error
        // What the tab had not said to be stored is said again in another: the texts are looked up first.
        const survivor = tabs.at(-1)
        if (survivor === undefined) throw error
        // The lock is free when the tab and its last commits are done with.
        await expect.poll(() => leads(tab).catch(() => false)).toBe(false)
        const stored = new Set((await storedMessages(survivor.page)).map(({ text }) => text))
        await survivor.sendMany(texts.filter((text) => !confirmed.has(text) && !stored.has(text)))
      }
    }
  }
  const senders = tabs.map(sender)
  for (const leader of tabs.slice(0, 4)) {
    const goal = confirmed.size + 60
    await expect.poll(() => confirmed.size, { timeout: 60_000 }).toBeGreaterThan(goal)
    await expect.poll(() => leads(leader)).toBe(true)
    closed.add(leader)
    await leader.page.close()
  }
  await Promise.all(senders)
  const last = tabs[4]
  if (last === undefined) throw new Error('no tab is left')
  await expect
    .poll(async () => new Set((await storedMessages(bob.page)).map(({ text }) => text)).size, {
      timeout: 60_000,
    })
    .toBe(500)
  const [hers, his] = [await storedMessages(last.page), await storedMessages(bob.page)]
  expect(hers.length).toBe(500)
  expect(his.map(({ text }) => text)).toEqual(hers.map(({ text }) => text))
  for (const text of confirmed) expect(hers.some((message) => message.text === text)).toBe(true)
  await expect.poll(() => undelivered(last.page)).toBe(0)
})

for (const [how, end] of [
  ['closed', (leader: GigiPage) => leader.page.close()],
  [
    'crashed',
    async (leader: GigiPage) => {
      const devtools = await leader.page.context().newCDPSession(leader.page)
      const crashed = leader.page.waitForEvent('crash')
      // The answer dies with the page.
      devtools.send('Page.crash').catch(() => undefined)
      await crashed
    },
  ],
  ['navigated away', (leader: GigiPage) => leader.page.goto('about:blank')],
] as const)
  test(`a leader that is ${how} is followed within three seconds`, async ({ newcomer }) => {
    const [alice, bob] = [await newcomer(), await newcomer()]
    await introduce(alice, bob)
    const second = await alice.inNewTab()
    await second.openConversation('Bob')
    await second.online()
    await end(alice)
    const isBack = async (): Promise<boolean> =>
      (await leads(second)) && (await second.network.getAttribute('data-state')) === 'online'
    await expect.poll(isBack, { timeout: HANDOVER_MS, intervals: [100] }).toBe(true)
    await second.send('carried on')
    await second.hasStatus('carried on', 'acknowledged')
  })

test('a leader that freezes loses its place, and commits nothing when it wakes', async ({ newcomer }) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const second = await alice.inNewTab()
  await second.openConversation('Bob')
  await second.online()
  expect(await leads(alice)).toBe(true)
  const refused: string[] = []
  alice.page.on('console', (message) => {
    if (message.text().includes('FencedError')) refused.push(message.text())
  })
  const woke = alice.page.evaluate(() => {
    const end = Date.now() + 30_000
    while (Date.now() < end);
  })
  // They reach the connection of the tab that sleeps, which tries to commit them when it wakes.
  await bob.send('to whom it may concern')
  await bob.send('and one more')
  await expect.poll(() => leads(second), { timeout: 25_000 }).toBe(true)
  await second.send('while it slept')
  await second.hasStatus('while it slept', 'acknowledged')
  await woke
  await expect.poll(() => refused.length).toBeGreaterThan(0)
  await alice.send('awake again')
  await alice.hasStatus('awake again', 'acknowledged')
  expect(await leads(second)).toBe(true)
  await bob.send('good morning')
  await expect(alice.message('good morning')).toBeVisible()
  const texts = ['to whom it may concern', 'and one more', 'while it slept', 'awake again', 'good morning']
  expect(await bob.texts()).toEqual(texts)
  expect(await alice.texts()).toEqual(texts)
  expect((await storedMessages(second.page)).map(({ text }) => text)).toEqual(texts)
})

test('without Web Locks one tab runs, the second says why it does not, and takes over when the first goes', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const context: BrowserContext = alice.page.context()
  await context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'locks')
  })
  await alice.open()
  await introduce(alice, bob)
  const second = await alice.inNewTab()
  await expect(second.page.getByRole('alert')).toContainText('Web Locks')
  await second.openConversation('Bob')
  await second.send('from the second tab')
  await second.hasStatus('from the second tab', 'acknowledged')
  await alice.page.close()
  await second.online()
  await expect(second.page.getByRole('alert')).toBeHidden()
  await second.send('carried on')
  await second.hasStatus('carried on', 'acknowledged')
})
