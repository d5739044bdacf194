import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import webpush from 'web-push'
import { StartError } from '../config.ts'
import { temporaryFolder } from '../testing.ts'
import { loadPushKeys } from './keys.ts'

test('keys are made once, for their owner alone, and read ever after', async () => {
  const folder = join(await temporaryFolder(), 'not there')
  const made = await loadPushKeys(folder)
  expect(await loadPushKeys(folder)).toEqual(made)
  expect(await readdir(folder)).toEqual(['push.key'])
  expect((await stat(join(folder, 'push.key'))).mode & 0o777).toBe(0o600)
  expect(Buffer.from(made.publicKey, 'base64url')).toHaveLength(65)
})

test('keys that another tool made with web-push are taken', async () => {
  const folder = await temporaryFolder()
  const keys = webpush.generateVAPIDKeys()
  await writeFile(join(folder, 'push.key'), JSON.stringify(keys, null, 2))
  expect(await loadPushKeys(folder)).toEqual(keys)
})

test('a damaged file is refused, not replaced', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'push.key')
  const [one, other] = [webpush.generateVAPIDKeys(), webpush.generateVAPIDKeys()]
  for (const content of [
    '',
    '{}',
    JSON.stringify(one).slice(0, -5),
    JSON.stringify({ ...one, publicKey: other.publicKey }),
    JSON.stringify({ ...one, privateKey: '' }),
  ]) {
    await writeFile(path, content)
    await expect(loadPushKeys(folder)).rejects.toThrow(StartError)
    await expect(loadPushKeys(folder)).rejects.toThrow(
      /^The push key .* is damaged .* delete it to make a new one, for which browsers/,
    )
    expect(await readFile(path, 'utf8')).toBe(content)
  }
})
