/** What the service worker does while no tab of the app is open: the browser's own events, fired by its tools. */
import type { Page } from '@playwright/test'
import { Background } from './background.ts'
import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'
import { debts, storedMessages } from './store-view.ts'

const texts = async (page: Page): Promise<string[]> => (await storedMessages(page)).map(({ text }) => text)
const statusOf = async (page: Page, text: string): Promise<string | undefined> =>
  (await storedMessages(page)).find((message) => message.text === text)?.status

test('with every tab closed: mail is fetched and committed, its sender hears of it, and who wrote is shown', async ({
  relay,
  resident,
}) => {
  test.setTimeout(120_000)
  const [atAlices, atBobs] = [await resident(), await resident()]
  const [alice, bob] = [await atAlices.open(), await atBobs.open()]
  await bob.page.context().grantPermissions(['notifications'])
  await introduce(alice, bob)
  await bob.serviceWorkerReady()
  await bob.settings()
  await bob.page.getByRole('switch', { name: 'Notify me while Gigi is closed' }).click()
  await expect(bob.page.getByRole('switch', { name: 'Say who wrote' })).toBeVisible()
  const background = await Background.at(bob.page, relay.url)

  await alice.presence('offline')
  await alice.send('one')
  await alice.send('two')
  await alice.hasStatus('two', 'synced')
  await atAlices.close()

  await background.periodicSync()
  await expect.poll(() => texts(background.page), { timeout: 30_000 }).toEqual(['one', 'two'])
  await expect.poll(() => background.notifications, { timeout: 30_000 }).toEqual(['Alice: 2 new messages'])
  // The proof went out as well, though Alice is not there.
  await expect.poll(() => debts(background.page)).toBe(0)

  const again = await atAlices.open()
  await again.openConversation('Bob')
  await again.hasStatus('two', 'delivered')
  await bob.open()
  await bob.openConversation('Alice')
  await expect.poll(() => bob.texts()).toEqual(['one', 'two'])
  await again.hasStatus('two', 'acknowledged')
})

test('with every tab closed: what was written goes out, and word of it comes back', async ({
  newcomer,
  relay,
}) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.serviceWorkerReady()
  await alice.page.close()
  await bob.presence('offline')
  await relay.stop()
  await bob.send('from the tunnel')
  await bob.hasStatus('from the tunnel', 'pending')
  const context = bob.page.context()
  await bob.page.close()
  await relay.start()

  const background = await Background.at(await context.newPage(), relay.url)
  expect(await statusOf(background.page, 'from the tunnel')).toBe('Pending')
  await background.sync()
  await expect.poll(() => statusOf(background.page, 'from the tunnel'), { timeout: 30_000 }).toBe('Synced')
  const again = await alice.inNewTab()
  await again.openConversation('Bob')
  await expect(again.message('from the tunnel')).toBeVisible()
  await expect.poll(() => debts(again.page)).toBe(0)

  await background.sync()
  await expect
    .poll(() => statusOf(background.page, 'from the tunnel'), { timeout: 30_000 })
    .toBe('Acknowledged')
})

test('a tab that is opened in mid-errand takes over at once', async ({ newcomer, relay }) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.serviceWorkerReady()
  const background = await Background.at(bob.page, relay.url)
  await background.sync()
  const held = (): Promise<boolean> =>
    background.page.evaluate(async () =>
      ((await navigator.locks.query()).held ?? []).some(({ name }) => name === 'gigi-node'),
    )
  await expect.poll(held).toBe(true)
  await bob.open()
  await expect(bob.network).toHaveAttribute('data-state', 'online', { timeout: 5_000 })
})
