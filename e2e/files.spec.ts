/** Files between two people, in real browsers: what comes, comes whole. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test } from './fixtures.ts'
import { type GigiPage, introduce } from './gigi-page.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const bytesOf = (length: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}

const attach = (page: GigiPage, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> =>
  page.page.getByLabel('Attach file').setInputFiles(files)

const fileOf = (page: GigiPage, name: string) => page.message(name).getByTestId('file')

async function saved(page: GigiPage, name: string): Promise<{ bytes: Buffer; name: string }> {
  const downloading = page.page.waitForEvent('download')
  await fileOf(page, name).getByRole('link', { name: 'Save' }).click()
  const download = await downloading
  return { bytes: await readFile(await download.path()), name: download.suggestedFilename() }
}

test('a small file comes by itself, and is the same', async ({ newcomer }) => {
  const [alice, bob] = [await newcomer(), await newcomer()]
  await introduce(alice, bob)
  const buffer = bytesOf(3_000_000, 1)
  await attach(alice, [{ name: 'notes.bin', mimeType: 'application/octet-stream', buffer }])
  await expect(fileOf(bob, 'notes.bin')).toHaveAttribute('data-state', 'complete')
  const copy = await saved(bob, 'notes.bin')
  expect(sha256(copy.bytes)).toBe(sha256(buffer))
  expect(copy.name).toBe('notes.bin')
  await expect(fileOf(alice, 'notes.bin')).toHaveAttribute('data-state', 'complete')
  await alice.hasStatus('notes.bin', 'acknowledged')
})
