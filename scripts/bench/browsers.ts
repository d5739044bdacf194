/** Where measurements happen: the built app with a page of measurements beside it, a relay, and browsers with profiles on disk. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { build } from 'vite'
import { CHROMIUM_ARGS } from '../../e2e/chromium.ts'
import { GigiPage } from '../../e2e/gigi-page.ts'
import { readSettings } from '../../relay/config.ts'
import { type Relay, startRelay } from '../../relay/relay.ts'
import { ensureChromium } from '../chromium.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = 'scripts/bench/page/index.html'

export interface Ground {
  /** Folder of the built app. */
  readonly app: string
  /** Where the relay serves it. */
  readonly url: string
  /** Opens a browser on a profile: a new one, or a copy of that in `from`. */
  browser(from?: string): Promise<Browser>
  stop(): Promise<void>
}

export interface Browser {
  readonly context: BrowserContext
  /** Where its profile is; copied while no browser runs on it. */
  readonly profile: string
  /** The app. Its address may go on with a path. */
  app(path?: string): Promise<GigiPage>
  /** The page of measurements, on the same origin. */
  bench(): Promise<Page>
  close(): Promise<void>
}

/** Builds, starts a relay without a mailbox, and finds Chromium. Whoever calls it stops it. */
export async function prepare(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-bench-'))
  const app = join(folder, 'app')
  const input = { index: join(ROOT, 'index.html'), bench: join(ROOT, PAGE) }
  await build({
    root: ROOT,
    logLevel: 'error',
    build: { outDir: app, emptyOutDir: true, rolldownOptions: { input } },
  })
  const executablePath = await ensureChromium()
  const settings = readSettings({ PORT: '0', DATA_DIR: join(folder, 'data'), MAILBOX_MB: '0' }, [])
  const relay: Relay = await startRelay({ settings, appFolder: app, log: () => undefined })
  return {
    app,
    url: relay.url,
    async browser(from) {
      const profile = await mkdtemp(join(folder, 'profile-'))
      if (from !== undefined) await cp(from, profile, { recursive: true })
      const context = await chromium.launchPersistentContext(profile, {
        args: [...CHROMIUM_ARGS, '--enable-precise-memory-info', '--js-flags=--expose-gc'],
        ...(executablePath === undefined ? {} : { executablePath }),
      })
      return {
        context,
        profile,
        async app(path) {
          const page = new GigiPage(await context.newPage(), relay.url)
          await page.open(path)
          return page
        },
        async bench() {
          const page = await context.newPage()
          await page.goto(`${relay.url}/${PAGE}`)
          return page
        },
        close: () => context.close(),
      }
    },
    async stop() {
      await relay.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
