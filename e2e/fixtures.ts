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
  /** How the relay is configured beyond what any relay has here. */
  readonly relayEnv: Readonly<Record<string, string>>
  readonly relay: RelayProcess
}

interface TestFixtures {
  /** Opens the app in a new context: someone with an empty profile in memory. */
  readonly newcomer: () => Promise<GigiPage>
  /** Someone with an empty profile on disk. */
  readonly resident: () => Promise<Resident>
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  relayEnv: [{}, { option: true, scope: 'worker' }],

  relay: [
    async ({ relayEnv }, use) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'gigi-e2e-relay-'))
      const relay = new RelayProcess(dataDir, relayEnv)
      await relay.start()
      await use(relay)
      await relay.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],

  newcomer: async ({ browser, relay }, use, testInfo) => {
    const contexts: BrowserContext[] = []
    const heard: string[] = []
    await use(async () => {
      const context = await browser.newContext()
      contexts.push(context)
      listen(context, `newcomer ${contexts.length}`, heard)
      const page = new GigiPage(await context.newPage(), relay.url)
      await page.open()
      return page
    })
    if (testInfo.status !== testInfo.expectedStatus) await tell(contexts, heard)
    await Promise.all(contexts.map((context) => context.close()))
  },

  resident: async ({ relay, launchOptions }, use, testInfo) => {
    const heard: string[] = []
    const residents: { context: BrowserContext | undefined; folder: string }[] = []
    await use(async () => {
      const mine = {
        context: undefined as BrowserContext | undefined,
        folder: await mkdtemp(join(tmpdir(), 'gigi-e2e-profile-')),
      }
      residents.push(mine)
      const name = `resident ${residents.length}`
      return {
        async open() {
          mine.context = await chromium.launchPersistentContext(mine.folder, launchOptions)
          listen(mine.context, name, heard)
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
    // A browser that sleeps would neither tell nor close.
    for (const { context, folder } of residents) if (context !== undefined) signalBrowser(folder, 'SIGCONT')
    if (testInfo.status !== testInfo.expectedStatus)
      await tell(
        residents.flatMap(({ context }) => context ?? []),
        heard,
      )
    for (const { context, folder } of residents) {
      await context?.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
})

/** How many of the last words of the consoles a failure tells. */
const LAST_WORDS = 40

/** Notes what the pages of a context say on their consoles and throw, with the time. */
function listen(context: BrowserContext, name: string, heard: string[]): void {
  const note = (text: string): void => void heard.push(`${new Date().toISOString()} ${name}: ${text}`)
  context.on('console', (message) => {
    if (message.type() !== 'debug') note(message.text())
  })
  context.on('weberror', (error) => {
    note(String(error.error()))
  })
}

/** Prints what the pages show and said: of a failure elsewhere, the output is all that is left. */
async function tell(contexts: readonly BrowserContext[], heard: readonly string[]): Promise<void> {
  console.info(heard.slice(-LAST_WORDS).join('\n'))
  for (const page of contexts.flatMap((context) => context.pages())) {
    const shown = await page
      .locator('body')
      .ariaSnapshot({ timeout: 5_000 })
      .catch((error: unknown) => `cannot be read: ${String(error)}`)
    console.info(`${page.url()} shows:\n${shown}`)
  }
}
