/** What must hold in Firefox as well: its transactions end where those of Chromium go on. Where there is one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { firefoxPath, FirefoxPage, launchFirefox } from './firefox-page.ts'
import { test as base, expect } from './fixtures.ts'
import { signalBrowser } from './processes.ts'
import { storedMessages, undelivered } from './store-view.ts'

const KILLS = 4
const TEXTS_A_KILL = 10

/** Someone whose Firefox has a profile on disk. */
interface Inhabitant {
  /** A new tab, in the browser that runs or in a new one. */
  open(): Promise<FirefoxPage>
  /** Ends every process of the browser at once. */
  kill(): void
}

const test = base.extend<{ readonly inhabitant: (name: string) => Promise<Inhabitant> }>({
  inhabitant: async ({ relay }, use) => {
    const browsers = new Map<string, Browser>()
    const profiles: string[] = []
    await use(async (name) => {
      const profile = await mkdtemp(join(tmpdir(), `gigi-e2e-firefox-${name}-`))
      profiles.push(profile)
      return {
        async open() {
          const browser = browsers.get(profile) ?? (await launchFirefox(firefoxPath ?? '', profile))
          browsers.set(profile, browser)
          return FirefoxPage.open(browser, relay.url)
        },
        kill() {
          browsers.delete(profile)
          signalBrowser(profile, 'SIGKILL')
        },
      }
    })
    for (const browser of browsers.values()) await browser.close()
    for (const profile of profiles) await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  },
})

test.skip(firefoxPath === undefined, 'there is no Firefox here')

async function introduce(alice: FirefoxPage, bob: FirefoxPage): Promise<void> {
  await alice.begin('Alice')
  await bob.begin('Bob')
  await alice.add(await bob.inviteLink())
  await alice.send('hello')
  await bob.openConversation('Alice')
  await alice.hasStatus('hello', 'acknowledged')
}

const texts = async ({ page }: FirefoxPage): Promise<string[]> =>
  (await storedMessages(page)).map(({ text }) => text)

test('in Firefox: two people talk; tabs, restarts and kills lose and double nothing', async ({
  inhabitant,
}) => {
  test.setTimeout(300_000)
  const [atAlices, atBobs] = [await inhabitant('alice'), await inhabitant('bob')]
  let alice = await atAlices.open()
  const bob = await atBobs.open()
  await introduce(alice, bob)
  await bob.send('hello yourself')
  await bob.hasStatus('hello yourself', 'acknowledged')

  // Of two tabs the one that leads is closed.
  const second = await atAlices.open()
  await second.openConversation('Bob')
  await alice.page.close()
  await second.online()
  await second.send('from the second tab')
  await second.hasStatus('from the second tab', 'acknowledged')
  alice = second

  const expected = ['hello', 'hello yourself', 'from the second tab']
  for (let kill = 1; kill <= KILLS; kill++) {
    for (let i = 1; i <= TEXTS_A_KILL; i++) {
      const text = `text ${kill}/${i}`
      await alice.send(text)
      expected.push(text)
    }
    atAlices.kill()
    alice = await atAlices.open()
    await alice.openConversation('Bob')
    expect(await texts(alice)).toEqual(expected)
  }
  await alice.hasStatus(expected.at(-1) ?? '', 'acknowledged')
  expect(await texts(bob)).toEqual(expected)
})

test('in Firefox: a first version that is not done when the page is reloaded is no new version', async ({
  inhabitant,
}) => {
  const gigi = await (await inhabitant('alice')).open()
  await gigi.page.evaluateOnNewDocument(() => {
    const seen = { offer: false }
    Object.assign(globalThis, { seen })
    new MutationObserver(() => {
      seen.offer ||= [...document.querySelectorAll('button')].some(
        ({ textContent }) => textContent === 'Reload',
      )
    }).observe(document, { subtree: true, childList: true })
  })
  await gigi.page.waitForFunction(
    async () => (await navigator.serviceWorker.getRegistration())?.installing != null,
  )
  await gigi.page.reload()
  await gigi.begin('Alice')
  await gigi.page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    return registration?.active?.state === 'activated'
  })
  await gigi.online()
  const { offer } = await gigi.page.evaluate(
    () => (globalThis as unknown as { seen: { offer: boolean } }).seen,
  )
  expect(offer).toBe(false)
})

test('in Firefox: several tabs send at once, leaders and relay go, the receiver is killed; then the database is deleted', async ({
  inhabitant,
  relay,
}) => {
  test.setTimeout(300_000)
  const [atAlices, atBobs] = [await inhabitant('alice'), await inhabitant('bob')]
  const first = await atAlices.open()
  let bob = await atBobs.open()
  await introduce(first, bob)
  const tabs = [first, await atAlices.open(), await atAlices.open()]
  for (const tab of tabs.slice(1)) await tab.openConversation('Bob')

  const send = async (tab: FirefoxPage, name: string): Promise<void> => {
    for (let i = 1; i <= 15; i++) await tab.sendUnseen(`${name} ${i}`)
  }
  const [leader, heir, last] = tabs as [FirefoxPage, FirefoxPage, FirefoxPage]
  await Promise.all([
    send(leader, 'first').then(() => leader.page.close()),
    send(heir, 'second'),
    send(last, 'third'),
  ])
  await heir.page.close()
  await relay.stop('SIGKILL')
  await send(last, 'without a relay')
  atBobs.kill()
  await relay.start()
  bob = await atBobs.open()
  await expect.poll(() => undelivered(last.page), { timeout: 60_000 }).toBe(0)

  const names = ['first', 'second', 'third', 'without a relay']
  const all = ['hello', ...names.flatMap((name) => Array.from({ length: 15 }, (_, i) => `${name} ${i + 1}`))]
  const hers = await texts(last)
  expect([...hers].sort()).toEqual([...all].sort())
  expect(await texts(bob)).toEqual(hers)

  // From outside of the app, whose handle is closed by it.
  await last.page
    .evaluate(
      () =>
        new Promise<void>((resolve) => {
          const deleting = indexedDB.deleteDatabase('gigi')
          deleting.onsuccess = () => {
            resolve()
          }
        }),
    )
    .catch((error: unknown) => {
      // The page begins anew as soon as its database is gone.
      if (!String(error).includes('navigation') && !String(error).includes('destroyed')) throw error
    })
  await last.page.waitForSelector('::-p-text(deleted what Gigi kept for Alice)')
})
