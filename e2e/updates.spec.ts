import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Relay, startRelay } from '../relay/relay.ts'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))

test('a new version is offered in every tab, and taken in all of them at once', async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-update-'))
  const appFolder = join(folder, 'dist')
  await cp(DIST, appFolder, { recursive: true })
  const serve = (port: number): Promise<Relay> =>
    startRelay({
      settings: {
        ...{ host: '127.0.0.1', port, dataDir: folder, publicUrl: undefined },
        ...{ iceServers: [], push: undefined, mailboxBytes: 64 * 1024 * 1024, serveApp: true },
      },
      appFolder,
      log: () => undefined,
    })
  let relay = await serve(0)
  const context = await browser.newContext()
  try {
    const first = new GigiPage(await context.newPage(), relay.url)
    await first.open()
    await first.begin('Alice')
    await first.serviceWorkerReady()
    // A page belongs to the worker from its next visit on.
    await first.page.reload()
    const second = await first.inNewTab()
    const tabs = [first, second]
    for (const { page } of tabs) {
      await expect(page.getByTestId('network')).toBeVisible()
      await page.evaluate(() => Object.assign(globalThis, { isOld: true }))
    }
    await relay.stop()
    await appendFile(join(appFolder, 'sw.js'), '\n// a newer version\n')
    // The relay sends compressed copies where there are some.
    await Promise.all(['br', 'gz'].map((kind) => rm(join(appFolder, `sw.js.${kind}`), { force: true })))
    relay = await serve(Number(new URL(relay.url).port))
    await second.page.evaluate(async () => (await navigator.serviceWorker.ready).update())
    for (const { page } of tabs) await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible()
    await first.page.getByRole('button', { name: 'Reload' }).click()
    for (const { page } of tabs)
      await expect.poll(() => page.evaluate(() => 'isOld' in globalThis).catch(() => true)).toBe(false)
    for (const { page } of tabs) await expect(page.getByRole('button', { name: 'Reload' })).toBeHidden()
  } finally {
    await context.close()
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
