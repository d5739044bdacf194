/** A large file, with both browsers and the relay killed on the way: it goes on where it was, and is the same at the end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from './fixtures.ts'
import { attach, fileOf, fileReaches, keptBytes, progressOf, savedHash, writeLarge } from './file-steps.ts'
import { introduce } from './gigi-page.ts'

const MEGABYTES = 300
const SIZE = MEGABYTES * 1024 * 1024

test(`${MEGABYTES} MiB, with both sides and the relay killed in between, are the same at the end`, async ({
  resident,
  relay,
}) => {
  test.setTimeout(300_000)
  const folder = await mkdtemp(join(tmpdir(), 'gigi-e2e-file-'))
  try {
    const path = join(folder, 'large.bin')
    const hash = await writeLarge(path, MEGABYTES)
    const [atAlices, atBobs] = [await resident(), await resident()]
    let [alice, bob] = [await atAlices.open(), await atBobs.open()]
    await introduce(alice, bob)
    await attach(alice, path)
    await fileReaches(bob, 'large.bin', 'offered', 60_000)
    await fileOf(bob, 'large.bin').getByRole('button', { name: 'Download' }).click()

    /** Resolves when so large a part of it has come. */
    const comes = (part: number): Promise<void> =>
      expect.poll(() => progressOf(bob, 'large.bin'), { timeout: 90_000 }).toBeGreaterThan(SIZE * part)

    await comes(0.1)
    await atBobs.kill()
    bob = await atBobs.open()
    await bob.openConversation('Alice')
    // It was not begun anew.
    await expect(fileOf(bob, 'large.bin').getByRole('progressbar')).toBeVisible()
    expect(await progressOf(bob, 'large.bin')).toBeGreaterThan(0)

    await comes(0.3)
    await atAlices.kill()
    alice = await atAlices.open()
    await alice.openConversation('Bob')

    await comes(0.5)
    await relay.stop('SIGKILL')
    await relay.start()

    await comes(0.7)
    await Promise.all([atAlices.kill(), atBobs.kill()])
    alice = await atAlices.open()
    bob = await atBobs.open()
    await bob.openConversation('Alice')
    await fileReaches(bob, 'large.bin', 'complete', 120_000)
    expect(await savedHash(bob, 'large.bin')).toBe(hash)
    await alice.openConversation('Bob')
    await fileReaches(alice, 'large.bin', 'complete')
    // Once, and nothing beside it but the hashes of its chunks.
    expect(await keptBytes(bob)).toBe(SIZE + (SIZE / (256 * 1024)) * 32)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
