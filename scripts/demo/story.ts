/**
 * The story: Alice writes while Bob is away, and Bob comes back. In two windows, slowly enough to watch; with `--headless`,
 * and where there is no screen, without windows. `--pictures <folder>` keeps a picture of each scene.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type BrowserContext, chromium } from 'playwright'
import { CHROMIUM_ARGS } from '../../e2e/chromium.ts'
import { GigiPage } from '../../e2e/gigi-page.ts'
import { readSettings } from '../../relay/config.ts'
import { startRelay } from '../../relay/relay.ts'
import { findChromium } from '../chromium.mjs'

const APP = fileURLToPath(new URL('../../dist', import.meta.url))
const [WIDTH, HEIGHT] = [640, 800]
/** Milliseconds between two keys, and to look at a scene. */
const [KEY_MS, SCENE_MS] = [45, 1_800]

const { values: options } = parseArgs({
  options: { headless: { type: 'boolean', default: false }, pictures: { type: 'string' } },
})
const hasScreen =
  process.platform !== 'linux' ||
  process.env['DISPLAY'] !== undefined ||
  process.env['WAYLAND_DISPLAY'] !== undefined
const headless = options.headless || !hasScreen
const folder = await mkdtemp(join(tmpdir(), 'gigi-demo-'))
const settings = readSettings({ PORT: '0', DATA_DIR: join(folder, 'relay') }, [])
const relay = await startRelay({ settings, appFolder: APP, log: () => undefined })
const windows = new Map<string, BrowserContext>()

/** Opens someone's browser, or opens it again. */
async function open(name: string, place: number): Promise<GigiPage> {
  const executablePath = findChromium()
  const context = await chromium.launchPersistentContext(join(folder, name), {
    headless,
    viewport: { width: WIDTH, height: HEIGHT },
    colorScheme: 'light',
    args: [...CHROMIUM_ARGS, `--window-position=${String(place * (WIDTH + 20))},0`],
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  windows.set(name, context)
  const page = new GigiPage(context.pages()[0] ?? (await context.newPage()), relay.url)
  await page.open()
  return page
}

async function close(name: string): Promise<void> {
  await windows.get(name)?.close()
  windows.delete(name)
}

async function write(who: GigiPage, text: string): Promise<void> {
  await who.composer.pressSequentially(text, { delay: headless ? 0 : KEY_MS })
  await who.page.keyboard.press('Enter')
}

/** Says what is to be seen, leaves time to see it, and keeps a picture of whoever it is about. */
async function scene(name: string, words: string, ...shown: GigiPage[]): Promise<void> {
  process.stdout.write(`${words}\n`)
  if (!headless) await pause(SCENE_MS)
  if (options.pictures === undefined) return
  await mkdir(options.pictures, { recursive: true })
  for (const [i, { page }] of shown.entries())
    await page.screenshot({
      path: join(options.pictures, `demo-${name}${i === 0 ? '' : `-${String(i + 1)}`}.png`),
    })
}

try {
  const [alice, bob] = [await open('alice', 0), await open('bob', 1)]
  await scene('start', 'One name, one click: there is no account.', alice)
  await alice.begin('Alice')
  await bob.begin('Bob')
  await Promise.all([alice.online(), bob.online()])
  await alice.add(await bob.inviteLink())
  await bob.openConversation('Alice')
  await Promise.all([alice.presence('online'), bob.presence('online')])
  await write(alice, 'Hi Bob! Are you coming on Saturday?')
  await write(bob, 'Of course. I bring the cake 🍰')
  await bob.hasStatus('Of course. I bring the cake 🍰', 'acknowledged')
  await scene('together', 'Alice opened Bob’s link, and they talk, from browser to browser.', alice, bob)

  await close('bob')
  await alice.presence('offline')
  await write(alice, 'Lovely! One more thing:')
  await write(alice, 'could you bring the blue blanket as well?')
  await alice.hasStatus('could you bring the blue blanket as well?', 'synced')
  await scene('away', 'Bob has closed his browser. One tick: sealed, and kept for him.', alice)

  const again = await open('bob', 1)
  await again.openConversation('Alice')
  await alice.hasStatus('could you bring the blue blanket as well?', 'acknowledged')
  await write(again, 'The blue one it is.')
  await alice.hasStatus('could you bring the blue blanket as well?', 'acknowledged')
  await alice.message('The blue one it is.').waitFor()
  await scene(
    'back',
    'Bob is back: everything is there, once and in order, and Alice sees it read.',
    alice,
    again,
  )
} finally {
  for (const name of [...windows.keys()]) await close(name)
  await relay.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
