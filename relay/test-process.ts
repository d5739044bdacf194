/** The relay as `npm start` runs it, in a process of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { temporaryFolder, until } from './testing.ts'

export const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

export interface Running {
  readonly process: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<number | null>
}

/** Starts it without the app; it is killed at the end of the test. */
export async function run(
  env: Record<string, string>,
  args: readonly string[] = ['--no-app'],
): Promise<Running> {
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

/** Where it is, once it takes clients. */
export async function urlOf({ output }: Running): Promise<string> {
  await until(() => output.stdout.endsWith('\n'), `the relay to be ready: ${output.stderr}`, 30_000)
  const url = /^Gigi is ready: (http:\/\/localhost:\d+)\n$/.exec(output.stdout)?.[1]
  expect(url, output.stdout).toBeDefined()
  return url ?? ''
}
