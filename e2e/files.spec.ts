/** Files between two people, in real browsers: what comes, comes whole, or it is said why not. */
import { expect, test } from './fixtures.ts'
import {
  attach,
  fileOf,
  fileReaches,
  kept,
  keptBytes,
  noise,
  png,
  progressOf,
  save,
  savedHash,
  sha256,
} from './file-steps.ts'
import { introduce } from './gigi-page.ts'

const LARGE = 60_000_000

test('a picture appears by itself, opens, and is saved as it was sent', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const buffer = png(900, 600, [200, 40, 60])
  await attach(alice, { name: 'holiday.png', mimeType: 'image/png', buffer })
  await fileReaches(bob, 'holiday.png', 'complete')
  // Drawn from what came, in the shape that it has.
  const picture = fileOf(bob, 'holiday.png').getByRole('button', { name: 'Open holiday.png' })
  const colour = (): Promise<number[]> =>
    picture.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const copy = document.createElement('canvas')
      copy.width = copy.height = 1
      copy.getContext('2d')?.drawImage(canvas, 0, 0, 1, 1)
      const [red = 0, green = 0, blue = 0] = copy.getContext('2d')?.getImageData(0, 0, 1, 1).data ?? []
      return [red, green, blue].map((value) => Math.round(value / 20))
    })
  await expect.poll(colour).toEqual([10, 2, 3])
  await picture.click()
  const viewer = bob.page.getByRole('dialog', { name: 'holiday.png' })
  await expect(viewer.getByRole('img', { name: 'holiday.png' })).toBeVisible()
  await expect
    .poll(() => viewer.getByRole('img').evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBe(900)
  await bob.page.keyboard.press('Escape')
  await expect(viewer).toBeHidden()
  expect(await savedHash(bob, 'holiday.png')).toBe(sha256(buffer))
  await fileReaches(alice, 'holiday.png', 'complete')
  await alice.hasStatus('holiday.png', 'acknowledged')
})

test('several files at once, one of them without bytes, come in their order and are the same', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const files = [
    { name: 'first.bin', mimeType: 'application/octet-stream', buffer: noise(3_000_000, 1) },
    { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
    { name: 'last.txt', mimeType: 'text/plain', buffer: Buffer.from('the end') },
  ]
  await attach(alice, files)
  for (const { name, buffer } of files) {
    await fileReaches(bob, name, 'complete')
    await fileReaches(alice, name, 'complete')
    const download = await save(bob, name)
    expect(download.suggestedFilename()).toBe(name)
    expect(await savedHash(bob, name)).toBe(sha256(buffer))
  }
  expect(await bob.texts()).toEqual(files.map(({ name }) => name))
  // The sender has it too, also after a reload.
  await alice.page.reload()
  await alice.openConversation('Bob')
  expect(await savedHash(alice, 'first.bin')).toBe(sha256(files[0]?.buffer ?? Buffer.alloc(0)))
})

test('a large file waits for Download, rests at Pause, and goes on where it was', async ({ newcomer }) => {
  test.setTimeout(120_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const buffer = noise(50_000_000, 2)
  await attach(alice, { name: 'film.bin', mimeType: 'application/octet-stream', buffer })
  await fileReaches(bob, 'film.bin', 'offered')
  await fileReaches(alice, 'film.bin', 'offered')
  await fileOf(bob, 'film.bin').getByRole('button', { name: 'Download' }).click()
  await expect.poll(() => progressOf(bob, 'film.bin'), { timeout: 30_000 }).toBeGreaterThan(0)
  await fileOf(bob, 'film.bin').getByRole('button', { name: 'Pause' }).click()
  await fileReaches(bob, 'film.bin', 'paused')
  await fileReaches(alice, 'film.bin', 'offered')
  const before = await progressOf(bob, 'film.bin')
  expect(before).toBeLessThan(buffer.length)
  await bob.page.reload()
  await bob.openConversation('Alice')
  await fileReaches(bob, 'film.bin', 'paused')
  await fileOf(bob, 'film.bin').getByRole('button', { name: 'Resume' }).click()
  await fileReaches(bob, 'film.bin', 'complete', 60_000)
  await fileReaches(alice, 'film.bin', 'complete')
  expect(await savedHash(bob, 'film.bin')).toBe(sha256(buffer))
})

test('the sender is away and comes back: it waits, and comes then', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  await alice.send('hello')
  await alice.hasStatus('hello', 'acknowledged')
  // The message is left for him by mail; nobody is there who has the bytes.
  await bob.page.goto('about:blank')
  await alice.presence('offline')
  const buffer = noise(3_000_000, 3)
  await attach(alice, { name: 'later.bin', mimeType: 'application/octet-stream', buffer })
  await alice.hasStatus('later.bin', 'synced')
  await alice.page.goto('about:blank')
  await bob.open()
  await bob.openConversation('Alice')
  await fileReaches(bob, 'later.bin', 'transferring')
  await expect(fileOf(bob, 'later.bin')).toContainText('Waiting for someone who has it')
  await alice.open()
  await fileReaches(bob, 'later.bin', 'complete', 30_000)
  expect(await savedHash(bob, 'later.bin')).toBe(sha256(buffer))
})

test('dropped and pasted files are sent, and one that is being prepared can be called off', async ({
  newcomer,
}) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const give = (kind: 'drop' | 'paste', name: string): Promise<void> =>
    alice.composer.evaluate(
      (box, [kind, name]) => {
        const data = new DataTransfer()
        data.items.add(new File(['given'], name, { type: 'text/plain' }))
        const event =
          kind === 'drop'
            ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
        box.dispatchEvent(event)
      },
      [kind, name] as const,
    )
  await give('drop', 'dropped.txt')
  await fileReaches(bob, 'dropped.txt', 'complete')
  await give('paste', 'pasted.txt')
  await fileReaches(bob, 'pasted.txt', 'complete')
  expect(await bob.texts()).toEqual(['dropped.txt', 'pasted.txt'])

  await alice.page.evaluate((bytes) => {
    const input = document.querySelector<HTMLInputElement>('input[type=file]')
    const data = new DataTransfer()
    data.items.add(new File([new Uint8Array(bytes)], 'huge.bin'))
    if (input === null) throw new Error('nothing to attach with')
    input.files = data.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
    // At once: it is to be called off before it is ready.
    requestAnimationFrame(() => {
      document.querySelector<HTMLButtonElement>('ul[aria-label="Files being prepared"] button')?.click()
    })
  }, 4 * LARGE)
  await expect(alice.page.getByRole('list', { name: 'Files being prepared' })).toBeHidden()
  await expect(alice.message('huge.bin')).toHaveCount(0)
  await expect.poll(() => keptBytes(alice)).toBeLessThan(1000)
})

test('a deleted message frees the bytes, unless it is brought back', async ({ newcomer }) => {
  test.setTimeout(90_000)
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const buffer = noise(2_000_000, 4)
  await attach(alice, { name: 'gone.bin', mimeType: 'application/octet-stream', buffer })
  await fileReaches(bob, 'gone.bin', 'complete')
  const remove = async (): Promise<void> => {
    await bob.message('gone.bin').getByRole('button', { name: 'Message options' }).click()
    await bob.page.getByRole('menuitem', { name: 'Delete for me' }).click()
    await expect(bob.message('gone.bin')).toHaveCount(0)
  }
  await remove()
  await bob.page.getByRole('button', { name: 'Undo' }).click()
  await fileReaches(bob, 'gone.bin', 'complete')
  expect(await savedHash(bob, 'gone.bin')).toBe(sha256(buffer))
  await remove()
  await expect.poll(() => kept(bob), { timeout: 30_000 }).toEqual({})
  expect(await keptBytes(alice)).toBeGreaterThanOrEqual(buffer.length)
})

test('who stops sharing refuses from then on, also after a reload', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const buffer = noise(25_000_000, 5)
  await attach(alice, { name: 'mine.bin', mimeType: 'application/octet-stream', buffer })
  await fileReaches(bob, 'mine.bin', 'offered')
  await alice.message('mine.bin').getByRole('button', { name: 'Message options' }).click()
  await alice.page.getByRole('menuitem', { name: 'Stop sharing' }).click()
  await fileReaches(alice, 'mine.bin', 'failed')
  await alice.page.reload()
  await alice.openConversation('Bob')
  await fileReaches(alice, 'mine.bin', 'failed')
  await bob.presence('online')
  await fileOf(bob, 'mine.bin').getByRole('button', { name: 'Download' }).click()
  await fileReaches(bob, 'mine.bin', 'failed')
  await expect(fileOf(bob, 'mine.bin')).toContainText('no longer shared with you')
})
