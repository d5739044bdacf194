import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import { healthOf, temporaryFolder, testClient, until } from './testing.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

interface Running {
  readonly process: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<number | null>
}

/** The relay as `npm start` runs it, without the app. */
async function run(env: Record<string, string>, args: readonly string[] = ['--no-app']): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: await temporaryFolder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  return { process: child, output, ended: new Promise((resolve) => child.once('close', resolve)) }
}

async function urlOf({ output }: Running): Promise<string> {
  await until(() => output.stdout.endsWith('\n'), `the relay to be ready: ${output.stderr}`)
  const url = /^Gigi is ready: (http:\/\/localhost:\d+)\n$/.exec(output.stdout)?.[1]
  expect(url, output.stdout).toBeDefined()
  return url ?? ''
}

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
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ PORT: 'http' }, /^PORT is "http": set it to a number/],
    [{ PORT: port }, new RegExp(`^Port ${port} on 127.0.0.1 is taken: .*set PORT to another`)],
    [{ HOST: '203.0.113.7' }, /^HOST 203.0.113.7 is not an address of this machine/],
    [{ DATA_DIR: join(MAIN, 'data') }, /^Cannot write to the data folder .*set DATA_DIR/],
    [{ DATA_DIR: folder }, /^The peer key .* is damaged/],
    [{ ICE_SERVERS: 'stun' }, /^ICE_SERVERS is not JSON/],
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
