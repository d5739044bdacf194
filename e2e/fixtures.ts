/**
 * What the tests stand on: a real relay of its own for each worker, and people, each in a browser context of
 * their own, or, where something is to outlive the browser, in a browser with a profile on disk.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, test as base, chromium } from '@playwright/test'
import { GigiPage } from './gigi-page.ts'
import { signalBrowser } from './processes.ts'
import { RelayProcess } from './relay-process.ts'

export { expect } from '@playwright/test'

/** Someone with a browser whose profile lasts. */
export interface Resident {
  /** Opens the browser and the app. */
  open(): Promise<GigiPage>
  /** Closes the browser as a user does. */
  close(): Promise<void>
  /** Ends every process of the browser at once. */
  kill(): Promise<void>
  /** The device sleeps: nothing runs, and nothing is told. */
  sleep(): void
  wake(): void
}

interface WorkerFixtures {
  readonly relay: RelayProcess
}

interface TestFixtures {
  /** Opens the app in a new context: someone with an empty profile in memory. */
  readonly newcomer: () => Promise<GigiPage>
  /** Someone with an empty profile on disk. */
  readonly resident: () => Promise<Resident>
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  relay: [
    // eslint-disable-next-line no-empty-pattern -- Playwright finds out from the pattern what a fixture needs
    async ({}, use) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'gigi-e2e-relay-'))
      const relay = new RelayProcess(dataDir)
      await relay.start()
      await use(relay)
      await relay.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],

  newcomer: async ({ browser, relay }, use) => {
    const contexts: BrowserContext[] = []
    await use(async () => {
      const context = await browser.newContext()
      contexts.push(context)
      const page = new GigiPage(await context.newPage(), relay.url)
      await page.open()
      return page
    })
    await Promise.all(contexts.map((context) => context.close()))
  },

  resident: async ({ relay, launchOptions }, use) => {
    const residents: { context: BrowserContext | undefined; folder: string }[] = []
    await use(async () => {
      const mine = {
        context: undefined as BrowserContext | undefined,
        folder: await mkdtemp(join(tmpdir(), 'gigi-e2e-profile-')),
      }
      residents.push(mine)
      return {
        async open() {
          mine.context = await chromium.launchPersistentContext(mine.folder, launchOptions)
          const page = new GigiPage(mine.context.pages()[0] ?? (await mine.context.newPage()), relay.url)
          await page.open()
          return page
        },
        async close() {
          await mine.context?.close()
          mine.context = undefined
        },
        async kill() {
          const { context } = mine
          if (context === undefined) return
          mine.context = undefined
          const gone = new Promise<void>((resolve) => context.once('close', () => resolve()))
          signalBrowser(mine.folder, 'SIGKILL')
          await gone
        },
        sleep() {
          signalBrowser(mine.folder, 'SIGSTOP')
        },
        wake() {
          signalBrowser(mine.folder, 'SIGCONT')
        },
      }
    })
    for (const { context, folder } of residents) {
      // A browser that sleeps would not close.
      if (context !== undefined) signalBrowser(folder, 'SIGCONT')
      await context?.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
})
