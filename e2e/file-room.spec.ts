/** The real file room keeps to its contract, as the one in memory does that unit tests use. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { fileRoomContract } from '../src/testing/file-room-contract.ts'
import { expect, test } from './fixtures.ts'

const ROOT = fileURLToPath(new URL('file-room', import.meta.url))
const BASE = '/file-room/'
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

let folder = ''
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-room-'))
  await build({
    root: ROOT,
    base: BASE,
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'es2023' },
  })
})
test.afterAll(() => rm(folder, { recursive: true, force: true }))

test('the file room of a browser keeps to the contract', async ({ resident, relay }) => {
  const { page } = await (await resident()).open()
  await page.route(`${relay.url}${BASE}**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(BASE.length) || 'index.html'
    await route.fulfill({
      body: await readFile(join(folder, name)),
      contentType: TYPES[extname(name)] ?? 'application/octet-stream',
    })
  })
  await page.goto(relay.url + BASE)
  await page.waitForFunction(() => 'contract' in globalThis)
  expect(await page.evaluate(() => globalThis.contract.names)).toEqual(fileRoomContract.map(([name]) => name))
  for (const [name] of fileRoomContract)
    await test.step(name, () => page.evaluate((name) => globalThis.contract.run(name), name))
})
