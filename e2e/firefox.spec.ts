/** What must hold in Firefox as well: its transactions end where those of Chromium go on. Where there is one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { firefoxPath, FirefoxPage, launchFirefox } from './firefox-page.ts'
import { expect, test } from './fixtures.ts'
import { signalBrowser } from './processes.ts'
import { storedMessages } from './store-view.ts'

const KILLS = 4
const TEXTS_A_KILL = 10

test.skip(firefoxPath === undefined, 'there is no Firefox here')

test('in Firefox: two people talk; tabs, restarts and kills lose and double nothing', async ({ relay }) => {
  test.setTimeout(300_000)
  const path = firefoxPath ?? ''
  const profiles = await Promise.all(
    ['alice', 'bob'].map((name) => mkdtemp(join(tmpdir(), `gigi-e2e-firefox-${name}-`))),
  )
  const [atAlices = '', atBobs = ''] = profiles
  const browsers = new Set<Browser>()
  const start = async (profile: string): Promise<Browser> => {
    const browser = await launchFirefox(path, profile)
    browsers.add(browser)
    return browser
  }
  try {
    let herBrowser = await start(atAlices)
    const hisBrowser = await start(atBobs)
    let alice = await FirefoxPage.open(herBrowser, relay.url)
    const bob = await FirefoxPage.open(hisBrowser, relay.url)
    await alice.begin('Alice')
    await bob.begin('Bob')
    await alice.add(await bob.inviteLink())
    await alice.send('hello')
    await bob.openConversation('Alice')
    await alice.hasStatus('hello', 'acknowledged')
    await bob.send('hello yourself')
    await bob.hasStatus('hello yourself', 'acknowledged')

    // Of two tabs the one that leads is closed.
    const second = await FirefoxPage.open(herBrowser, relay.url)
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
      signalBrowser(atAlices, 'SIGKILL')
      browsers.delete(herBrowser)
      herBrowser = await start(atAlices)
      alice = await FirefoxPage.open(herBrowser, relay.url)
      await alice.openConversation('Bob')
      expect((await storedMessages(alice.page)).map(({ text }) => text)).toEqual(expected)
    }
    await alice.hasStatus(expected.at(-1) ?? '', 'acknowledged')
    expect((await storedMessages(bob.page)).map(({ text }) => text)).toEqual(expected)
  } finally {
    for (const browser of browsers) await browser.close()
    for (const profile of profiles) await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})
