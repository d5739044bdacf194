import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Relay, startRelay } from '../relay/relay.ts'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'

const DIST = new URL('../dist/', import.meta.url)

test('the app can be installed: a manifest with its icons, and a service worker', async ({
  newcomer,
  relay,
}) => {
  const alice = await newcomer()
  await alice.serviceWorkerReady()
  const manifest = (await (await alice.page.request.get(`${relay.url}/manifest.webmanifest`)).json()) as {
    icons: { src: string; sizes: string; purpose?: string }[]
  }
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true)
  for (const { src, sizes } of manifest.icons) {
    const response = await alice.page.request.get(`${relay.url}/${src}`)
    expect(response.ok()).toBe(true)
    if (sizes === 'any') continue
    const size = await alice.page.evaluate(async (url) => {
      const image = new Image()
      image.src = url
      await image.decode()
      return `${String(image.naturalWidth)}x${String(image.naturalHeight)}`
    }, `/${src}`)
    expect(size).toBe(sizes)
  }
})

test('a new version offers itself, and takes over when the user says so, not before', async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-app-'))
  await cp(DIST, join(folder, 'dist'), { recursive: true })
  let port = 0
  const serve = async (): Promise<Relay> => {
    const settings = {
      host: '127.0.0.1',
      dataDir: folder,
      publicUrl: undefined,
      iceServers: [],
      push: undefined,
      mailboxBytes: 64 * 1024 * 1024,
      serveApp: true,
    }
    const relay = await startRelay({
      settings: { ...settings, port },
      appFolder: join(folder, 'dist'),
      log: () => undefined,
    })
    port = Number(new URL(relay.url).port)
    return relay
  }
  let relay = await serve()
  const context = await browser.newContext()
  const alice = new GigiPage(await context.newPage(), relay.url)
  await alice.open()
  await alice.begin('Alice')
  await alice.serviceWorkerReady()
  await alice.open()

  await relay.stop()
  for (const file of ['sw.js', 'sw.js.br', 'sw.js.gz']) await rm(join(folder, 'dist', file), { force: true })
  await cp(new URL('sw.js', DIST), join(folder, 'dist', 'sw.js'))
  await appendFile(join(folder, 'dist', 'sw.js'), '\n// the next version\n')
  relay = await serve()
  await alice.open()

  const offer = alice.page.getByRole('button', { name: /reload|update/i })
  await expect(offer).toBeVisible()
  const waiting = (): Promise<boolean> =>
    alice.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting !== null)
  expect(await waiting()).toBe(true)
  await Promise.all([alice.page.waitForEvent('load'), offer.click()])
  await expect(alice.conversations).toBeVisible()
  expect(await waiting()).toBe(false)
  await expect(offer).toBeHidden()

  await context.close()
  await relay.stop()
  await rm(folder, { recursive: true, force: true })
})

test('nothing on the first screens breaks the content security policy or throws', async ({ newcomer }) => {
  const alice = await newcomer()
  const wrong: string[] = []
  alice.page.on('pageerror', (error) => wrong.push(error.message))
  alice.page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  await alice.open()
  await alice.begin('Alice')
  await alice.online()
  await alice.inviteLink()
  await alice.settings()
  expect(wrong).toEqual([])
})
