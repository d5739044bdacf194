import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { MAIN, run, urlOf } from './test-process.ts'
import { healthOf, temporaryFolder, testClient } from './testing.ts'

const peerIdAt = async (url: string): Promise<string> => (await healthOf({ url })).peerId

test('it prints one line, ends cleanly on SIGTERM with clients connected, and keeps its peer id', async () => {
  const folder = await temporaryFolder()
  const first = await run({ DATA_DIR: folder })
  const url = await urlOf(first)
  const peerId = await peerIdAt(url)
  const client = await testClient()
  await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${new URL(url).port}/ws/p2p/${peerId}`))
  first.process.kill('SIGTERM')
  first.process.kill('SIGINT')
  expect(await first.ended).toBe(0)
  expect(first.output.stderr).toBe('')
  // The mailbox is whole in its one file: it was closed.
  expect((await readdir(folder)).sort()).toEqual(['mailbox.sqlite', 'relay.key'])

  const second = await run({ DATA_DIR: folder, HOST: '0.0.0.0' })
  expect(await peerIdAt(await urlOf(second))).toBe(peerId)
  second.process.kill('SIGINT')
  expect(await second.ended).toBe(0)
})

test('what keeps it from starting is said in one line, with exit code 1', async () => {
  const running = await run({})
  const port = new URL(await urlOf(running)).port
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'relay.key'), 'damaged')
  const pushless = await temporaryFolder()
  await writeFile(join(pushless, 'push.key'), 'damaged')
  const damaged = await temporaryFolder()
  await writeFile(join(damaged, 'mailbox.sqlite'), 'damaged'.repeat(100))
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ PORT: 'http' }, /^PORT is "http": set it to a number/],
    [{ PORT: port }, new RegExp(`^Port ${port} on 127.0.0.1 is taken: .*set PORT to another`)],
    [{ HOST: '203.0.113.7' }, /^HOST 203.0.113.7 is not an address of this machine/],
    [{ DATA_DIR: join(MAIN, 'data') }, /^Cannot write to the data folder .*set DATA_DIR/],
    [{ DATA_DIR: folder }, /^The peer key .* is damaged/],
    [{ ICE_SERVERS: 'stun' }, /^ICE_SERVERS is not JSON/],
    [{ MAILBOX_MB: 'much' }, /^MAILBOX_MB is "much": set it to a whole number/],
    [{ PUSH_CONTACT: 'me' }, /^PUSH_CONTACT is "me": set it to where push services can reach you/],
    [{ PUSH_CONTACT: 'mailto:me@gigi.example', DATA_DIR: pushless }, /^The push key .* is damaged/],
    [{ DATA_DIR: damaged }, /^Cannot use the mailbox .*mailbox.sqlite \(file is not a database\)/],
  ]
  await Promise.all(
    cases.map(async ([env, line]) => {
      const failed = await run(env)
      expect(await failed.ended).toBe(1)
      expect(failed.output.stdout).toBe('')
      expect(failed.output.stderr).toMatch(line)
      expect(failed.output.stderr).toMatch(/^[^\n]+\n$/)
    }),
  )
})
