import { expect, test } from './fixtures.ts'
import { GigiPage, introduce } from './gigi-page.ts'
import { hide, inPlainBrowser } from './plain-browser.ts'
import { attempts } from './store-view.ts'

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
