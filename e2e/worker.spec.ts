import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from '@playwright/test'
import { build } from 'vite'
import { type Relay, startRelay } from '../relay/relay.ts'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'
import type { FlushReport } from './worker/flush-report.ts'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const ENTRY = fileURLToPath(new URL('worker/flush-worker.ts', import.meta.url))

/** A relay that serves the app and, beside it, the service worker of this test. */
async function relayWithWorker(folder: string): Promise<Relay> {
  const appFolder = join(folder, 'dist')
  await cp(DIST, appFolder, { recursive: true })
  await build({
    configFile: false,
    logLevel: 'error',
    // Service workers may not import at run time, so everything is one classic file.
    build: {
      target: 'es2023',
      outDir: appFolder,
      emptyOutDir: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: ENTRY,
        output: { format: 'iife', codeSplitting: false, entryFileNames: 'flush-worker.js' },
      },
    },
  })
  return startRelay({
    settings: {
      host: '127.0.0.1',
      port: 0,
      dataDir: folder,
      publicUrl: undefined,
      iceServers: [],
      mailboxBytes: 64 * 1024 * 1024,
      serveApp: true,
    },
    appFolder,
    log: () => undefined,
  })
}

/** Registers the worker from a page of the same origin that has none of the app. Returns its registration's id. */
async function register(page: Page, devtools: CDPSession): Promise<string> {
  const registered = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const found = registrations.find(({ scopeURL }) => scopeURL.endsWith('/flush/'))
      if (found !== undefined) resolve(found.registrationId)
    })
  })
  await devtools.send('ServiceWorker.enable')
  await page.evaluate(async () => {
    const { installing } = await navigator.serviceWorker.register('/flush-worker.js', { scope: '/flush/' })
    while (installing !== null && installing.state !== 'activated')
      await new Promise((resolve) => installing.addEventListener('statechange', resolve, { once: true }))
  })
  return registered
}

/** The first report that the worker gives after this was called. */
async function reports(page: Page): Promise<{ next: Promise<FlushReport> }> {
  await page.evaluate(() => {
    const channel = new BroadcastChannel('gigi-flush')
    const heard = new Promise((resolve) => {
      channel.addEventListener('message', ({ data }) => {
        resolve(data)
      })
    })
    Object.assign(globalThis, { heard })
  })
  return { next: page.evaluate(() => (globalThis as unknown as { heard: Promise<FlushReport> }).heard) }
}

/** All rows of a table, from a page without the app. */
const rowsOf = (page: Page, table: string): Promise<Record<string, unknown>[]> =>
  page.evaluate(async (name) => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => {
          resolve(request.result)
        }
        request.onerror = () => {
          reject(request.error ?? new Error('IndexedDB'))
        }
      })
    const db = await done(indexedDB.open('gigi'))
    const rows = await done(db.transaction(name).objectStore(name).getAll())
    db.close()
    return rows as Record<string, unknown>[]
  }, table)

test('a service worker sends what waits, without any page of the app: once, and all of it is settled', async ({
  browser,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-worker-'))
  const relay = await relayWithWorker(folder)
  const [aliceContext, bobContext] = [await browser.newContext(), await browser.newContext()]
  const alice = new GigiPage(await aliceContext.newPage(), relay.url)
  const bob = new GigiPage(await bobContext.newPage(), relay.url)
  await Promise.all([alice.open(), bob.open()])
  await Promise.all([alice.begin('Alice'), bob.begin('Bob')])

  // Bob is away when Alice writes, and Alice is when Bob is back.
  const link = await bob.inviteLink()
  await bob.page.goto('about:blank')
  await alice.add(link)
  await alice.send('one')
  await alice.send('two')
  await alice.hasStatus('two', 'pending')
  await alice.open('/healthz')
  await bob.open()
  await bob.online()
  await expect(bob.conversationLink('Alice')).toBeHidden()
  expect(await rowsOf(alice.page, 'offline_queue')).toHaveLength(3)

  const devtools = await aliceContext.newCDPSession(alice.page)
  const registrationId = await register(alice.page, devtools)
  const sync = { origin: relay.url, registrationId, tag: 'flush', lastChance: false }
  const { next } = await reports(alice.page)
  await devtools.send('ServiceWorker.dispatchSyncEvent', sync)
  expect(await next).toEqual({ window: false, webRtc: false, paths: ['relayed'], troubles: [] })

  await expect(bob.conversationLink('Alice').getByTestId('unread')).toHaveText('2')
  expect(await rowsOf(alice.page, 'offline_queue')).toEqual([])
  const sent = await rowsOf(alice.page, 'messages')
  expect(sent.map((row) => row['sync_status'])).toEqual(['Delivered', 'Delivered', 'Delivered'])

  // A second run finds nothing to do, and the app goes on where the worker stopped.
  const { next: again } = await reports(alice.page)
  await devtools.send('ServiceWorker.dispatchSyncEvent', sync)
  expect(await again).toMatchObject({ troubles: [] })
  await bob.openConversation('Alice')
  expect(await bob.texts()).toEqual(['one', 'two'])
  await alice.open()
  await alice.openConversation('Bob')
  await alice.hasStatus('two', 'acknowledged')
  await alice.send('three')
  await alice.hasStatus('three', 'acknowledged')
  expect(await bob.texts()).toEqual(['one', 'two', 'three'])

  await Promise.all([aliceContext.close(), bobContext.close()])
  await relay.stop()
  await rm(folder, { recursive: true, force: true })
})
