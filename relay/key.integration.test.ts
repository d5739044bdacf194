import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { StartError } from './config.ts'
import { loadKey } from './key.ts'
import { temporaryFolder } from './testing.ts'

test('a key is made once, for its owner alone, and read ever after', async () => {
  const folder = join(await temporaryFolder(), 'not', 'there')
  const made = await loadKey(folder)
  const read = await loadKey(folder)
  expect(peerIdFromPrivateKey(read).toString()).toBe(peerIdFromPrivateKey(made).toString())
  expect(await readdir(folder)).toEqual(['relay.key'])
  expect((await stat(join(folder, 'relay.key'))).mode & 0o777).toBe(0o600)
})

test.each(['', 'not base64 of a key', 'CAISIA=='])(
  'a key file with %j in it is refused, not replaced',
  async (content) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'relay.key'), content)
    await expect(loadKey(folder)).rejects.toThrow(StartError)
    await expect(loadKey(folder)).rejects.toThrow(/is damaged .* restore it from a backup, or delete it/)
  },
)

test('a data folder that cannot be written is refused', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(loadKey(join(folder, 'file'))).rejects.toThrow(
    /^Cannot write to the data folder [^\n]+set DATA_DIR/,
  )
  await mkdir(join(folder, 'relay.key'))
  await expect(loadKey(folder)).rejects.toThrow(/^Cannot read the peer key [^\n]+$/)
})
