import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import encodeQR from 'qr'
import { expect, test } from './fixtures.ts'
import { GigiPage } from './gigi-page.ts'

const [WIDTH, HEIGHT] = [640, 480]

/** A film of one picture (YUV4MPEG2): a grey wall with the code on it. */
function filmOf(text: string): Buffer {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 })
  const scale = Math.floor(HEIGHT / rows.length)
  const luma = Buffer.alloc(WIDTH * HEIGHT, 150)
  for (const [y, row] of rows.entries())
    for (const [x, isDark] of row.entries())
      for (let line = 0; line < scale; line++) {
        const at = (y * scale + line) * WIDTH + x * scale
        luma.fill(isDark ? 16 : 235, at, at + scale)
      }
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, 128)
  const head = `YUV4MPEG2 W${String(WIDTH)} H${String(HEIGHT)} F10:1 Ip A1:1 C420jpeg\n`
  return Buffer.concat([Buffer.from(`${head}FRAME\n`), luma, colours])
}

test('a code that is held before the camera opens the conversation; without leave it says what to do', async ({
  newcomer,
  relay,
  launchOptions,
}) => {
  const bob = await newcomer()
  await bob.begin('Bob')
  await bob.online()
  const folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-camera-'))
  const film = join(folder, 'code.y4m')
  await writeFile(film, filmOf(await bob.inviteLink()))
  const camera = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]
  const browser = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions.args ?? []), ...camera],
  })
  try {
    const context = await browser.newContext({ permissions: ['camera'] })
    const alice = new GigiPage(await context.newPage(), relay.url)
    await alice.open()
    await alice.begin('Alice')
    await alice.page.getByRole('button', { name: 'New chat' }).click()
    await alice.page.getByRole('button', { name: 'Scan a code' }).click()
    await expect(alice.page.getByRole('heading', { name: 'Bob' })).toBeVisible()
    await alice.send('I have your code')
    await bob.openConversation('Alice')
    await expect(bob.message('I have your code')).toBeVisible()

    await context.clearPermissions()
    await alice.page.getByRole('button', { name: 'New chat' }).click()
    await alice.page.getByRole('button', { name: 'Scan a code' }).click()
    await expect(alice.page.getByRole('alert')).toContainText('paste the link')
    await alice.page.getByRole('button', { name: 'Stop scanning' }).click()
    await expect(alice.page.getByRole('button', { name: 'Scan a code' })).toBeVisible()
  } finally {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  }
})
