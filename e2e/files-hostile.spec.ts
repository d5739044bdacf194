/** Files of people who mean harm: what they send is refused, shown as what it is, and runs nowhere. */
import type { CDPSession } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { attach, fileOf, fileReaches, forge, noise, png, save, savedHash, sha256 } from './file-steps.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

/** In each of the next large pieces that a browser sends over data channels one bit is another than its app wants. */
const tamper = ({ page }: GigiPage): Promise<void> =>
  page.evaluate(() => {
    const { prototype } = RTCDataChannel
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with what it belongs to
    const send = prototype.send as (this: RTCDataChannel, data: ArrayBuffer | ArrayBufferView) => void
    let seen = 0
    prototype.send = function (this: RTCDataChannel, data: unknown) {
      const bytes = data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer)
      if (bytes.length < 10_000 || ++seen < 40) {
        send.call(this, bytes)
        return
      }
      const copy = bytes.slice()
      const middle = copy.length >> 1
      copy[middle] = (copy[middle] ?? 0) ^ 1
      send.call(this, copy)
    }
  })

test('chunks that are not what was promised are not kept, and it is said', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.path('direct')
  await bob.path('direct')
  await tamper(alice)
  const buffer = noise(5_000_000, 1)
  await attach(alice, { name: 'bad.bin', mimeType: 'application/octet-stream', buffer })
  await fileReaches(bob, 'bad.bin', 'failed', 30_000)
  await expect(fileOf(bob, 'bad.bin')).toContainText('not the file that was shared')
  // Messages go on, on a stream of their own; what was kept is what is right.
  await alice.send('still here')
  await expect(bob.message('still here')).toBeVisible()
  await alice.page.reload()
  await alice.openConversation('Bob')
  await bob.presence('online')
  await fileOf(bob, 'bad.bin').getByRole('button', { name: 'Download' }).click()
  await fileReaches(bob, 'bad.bin', 'complete', 30_000)
  expect(await savedHash(bob, 'bad.bin')).toBe(sha256(buffer))
})

/** Bob is away while Alice writes and forges. */
async function forged(
  alice: GigiPage,
  bob: GigiPage,
  file: { name: string; mimeType: string; buffer: Buffer },
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  await introduce(alice, bob)
  await alice.send('hello')
  await alice.hasStatus('hello', 'acknowledged')
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  await alice.page.context().setOffline(true)
  await attach(alice, file)
  await expect(alice.message(file.name)).toBeVisible()
  await forge(alice, change)
  await alice.page.context().setOffline(false)
  await alice.page.reload()
  await bob.open()
  await bob.openConversation('Alice')
}

test('a file of another size than is said is not kept', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const file = { name: 'size.bin', mimeType: '', buffer: noise(1_000_000, 2) }
  await forged(alice, bob, file, { file_size: 1_000_001 })
  await fileReaches(bob, 'size.bin', 'failed', 30_000)
  await expect(fileOf(bob, 'size.bin').getByRole('link', { name: 'Save' })).toHaveCount(0)
})

test('a name with a path, and one that turns around, are shown and saved as names', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  const file = { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('harmless') }
  await forged(alice, bob, file, { filename: '../../x\u202Etxt.exe' })
  await fileReaches(bob, 'xtxt.exe', 'complete')
  const download = await save(bob, 'xtxt.exe')
  expect(download.suggestedFilename()).toBe('xtxt.exe')
  expect(await bob.page.locator('body').innerText()).not.toMatch(/\.\.\/|\u202E/)
})

test('a picture that is a page, or holds one, is never shown as one', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const script = 'document.title="taken";window.taken=true;fetch("/taken")'
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload='${script}'><script>${script}</script></svg>`
  const html = `<!doctype html><script>${script}</script>`
  await attach(alice, [
    { name: 'drawing.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) },
    { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from(html) },
    // As a picture by its name and type.
    { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(svg) },
    { name: 'clip.mp4', mimeType: 'video/mp4', buffer: Buffer.from(html) },
  ])
  for (const name of ['drawing.svg', 'page.html', 'photo.png', 'clip.mp4']) {
    await fileReaches(bob, name, 'complete')
    const link = fileOf(bob, name).getByRole('link', { name: 'Save' })
    const type = await link
      .evaluate(async (a: HTMLAnchorElement) => (await (await fetch(a.href)).blob()).type)
      .catch(
        // The page's own policy lets nobody fetch it; as what it would be opened says its element.
        () => 'not to be fetched',
      )
    expect(['application/octet-stream', 'image/png', 'video/mp4', 'not to be fetched']).toContain(type)
  }
  // Opened like a page, in a tab of its own, it is downloaded, or shows nothing, and runs nothing.
  for (const name of ['drawing.svg', 'page.html']) {
    const href = await fileOf(bob, name).getByRole('link', { name: 'Save' }).getAttribute('href')
    const tab = await bob.page.context().newPage()
    // A download ends the attempt to open it, and so does a browser that does not open it at all.
    await tab.goto(href ?? '').catch(() => null)
    expect(await tab.evaluate(() => 'taken' in window)).toBe(false)
    await tab.close()
  }
  await expect(fileOf(bob, 'photo.png')).toContainText('cannot be shown')
  expect(await bob.page.evaluate(() => 'taken' in window)).toBe(false)
  expect(await bob.page.title()).not.toContain('taken')
  expect(await bob.page.locator('[data-testid=file] :is(iframe, object, embed, svg script)').count()).toBe(0)
})

test('a picture that would fill the memory is not decoded', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const bomb = png(4, 4, [1, 2, 3])
  bomb.writeUInt32BE(50_000, 16)
  bomb.writeUInt32BE(50_000, 20)
  await attach(alice, { name: 'bomb.png', mimeType: 'image/png', buffer: bomb })
  await fileReaches(bob, 'bomb.png', 'complete')
  await expect(fileOf(bob, 'bomb.png')).toContainText('too large to be shown')
})

test('too little room is said, and it comes when there is room', async ({ newcomer, resident }) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await (await resident()).open()]
  await introduce(alice, bob)
  const buffer = noise(30_000_000, 6)
  await attach(alice, { name: 'big.bin', mimeType: '', buffer })
  await fileReaches(bob, 'big.bin', 'offered')
  const cdp: CDPSession = await bob.page.context().newCDPSession(bob.page)
  const origin = new URL(bob.page.url()).origin
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 25_000_000 })
  await fileOf(bob, 'big.bin').getByRole('button', { name: 'Download' }).click()
  await fileReaches(bob, 'big.bin', 'failed')
  await expect(fileOf(bob, 'big.bin')).toContainText('not enough room')
  await cdp.send('Storage.overrideQuotaForOrigin', { origin })
  await fileOf(bob, 'big.bin').getByRole('button', { name: 'Download' }).click()
  await fileReaches(bob, 'big.bin', 'complete', 60_000)
  expect(await savedHash(bob, 'big.bin')).toBe(sha256(buffer))

  // And who shares hears of it at once.
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 25_000_000 })
  await attach(bob, { name: 'too-big.bin', mimeType: '', buffer })
  await expect(bob.page.getByText('too-big.bin was not sent.')).toBeVisible()
  await expect(bob.message('too-big.bin')).toHaveCount(0)
})
