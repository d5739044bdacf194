import { expect, test } from './fixtures.ts'
import { introduce } from './gigi-page.ts'
import { attempts } from './store-view.ts'

test('a worker that was killed is replaced, and attempts go on', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.configure('Retry interval (seconds)', 1)
  // With his service worker, which would fetch it.
  await bob.page.context().close()
  await alice.presence('offline')
  const [worker] = alice.upkeepWorkers()
  if (worker === undefined) throw new Error('there is no worker')
  const next = alice.upkeepWorkerStarts(45_000)
  await worker.evaluate(() => {
    close()
  })
  await alice.send('are you there?')
  await next
  await expect.poll(() => attempts(alice.page, 'are you there?')).toBeGreaterThan(0)
})

test('a tab that comes back from the back and forward cache goes on', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  await alice.send('while you looked elsewhere')
  await bob.page.goBack()
  await bob.openConversation('Alice')
  await expect(bob.message('while you looked elsewhere')).toBeVisible()
  await alice.hasStatus('while you looked elsewhere', 'acknowledged')
})

test('a relay that was away is asked for at once at every sign that it may be back', async ({
  newcomer,
  relay,
}) => {
  test.setTimeout(120_000)
  const alice = await newcomer()
  await alice.begin('Alice')
  await alice.online()
  await relay.stop()
  const isQuestion = (request: { url(): string }): boolean => request.url().endsWith('/config.json')
  for (const sign of ['pageshow', 'resume', 'visibilitychange']) {
    // From the fifth on the next comes a second and a half later by itself, or more.
    for (let i = 0; i < 5; i++) await alice.page.waitForEvent('requestfailed', isQuestion)
    const again = alice.page.waitForRequest(isQuestion, { timeout: 1_300 })
    await alice.page.evaluate((sign) => {
      if (sign === 'pageshow') dispatchEvent(new PageTransitionEvent(sign, { persisted: true }))
      else document.dispatchEvent(new Event(sign))
    }, sign)
    await again
  }
  await relay.start()
  await alice.online()
})

test('a browser that is off the network and on it again recovers by itself within five seconds', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await bob.page.context().setOffline(true)
  await expect(bob.network).not.toHaveAttribute('data-state', 'online')
  await bob.send('from the tunnel')
  await bob.page.context().setOffline(false)
  await expect(bob.network).toHaveAttribute('data-state', 'online', { timeout: 5_000 })
  await bob.hasStatus('from the tunnel', 'acknowledged')
})

test('a node that starts only at the second attempt goes on leading', async ({ newcomer }) => {
  const alice = await newcomer()
  const { page } = alice
  // The first write of an epoch fails.
  await page.addInitScript(() => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its store below
    const { put } = IDBObjectStore.prototype
    let failed = false
    IDBObjectStore.prototype.put = function (value: { key?: string }, key?: IDBValidKey) {
      if (failed || value.key !== 'leader') return put.call(this, value, key)
      failed = true
      throw new DOMException('the disk hiccups', 'UnknownError')
    }
  })
  await page.clock.install()
  await page.reload()
  await alice.begin('Alice')
  await alice.online()
  await page.clock.fastForward(120_000)
  await page.evaluate(() => Promise.resolve())
  expect(await alice.network.getAttribute('data-state')).toBe('online')
})
