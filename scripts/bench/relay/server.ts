/** The servers that are measured, each in a process of its own on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Health } from '../../../relay/http.ts'
import type { Memory } from './probe.ts'

const PROBE = new URL('probe.ts', import.meta.url).href
const BARE = fileURLToPath(new URL('bare.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../../../relay/main.ts', import.meta.url))

export interface Server {
  /** Multiaddr, with its peer id. */
  readonly address: string
  /** Who is there, and what they have. */
  readonly held: () => Promise<Health>
  readonly memory: () => Promise<Memory>
  /** Milliseconds of a core that it has used so far. */
  readonly work: () => Promise<number>
  readonly kill: () => Promise<void>
}

/** Gigi's relay as `npm start` runs it, with its data in `folder`. Whoever starts it kills it. */
export async function startGigi(folder: string): Promise<Server> {
  const { url, ...server } = await start([MAIN, '--no-app'], {
    PORT: '0',
    HOST: '127.0.0.1',
    DATA_DIR: folder,
  })
  const health = async (): Promise<Health & { peerId: string }> =>
    (await (await fetch(`${url}/healthz`)).json()) as Health & { peerId: string }
  const { peerId } = await health()
  return { ...server, address: `/ip4/127.0.0.1/tcp/${new URL(url).port}/ws/p2p/${peerId}`, held: health }
}

/** The server without anything of ours. Whoever starts it kills it. */
export async function startBare(): Promise<Server> {
  const { url, ...server } = await start([BARE], {})
  return { ...server, address: url, held: () => server.ask<Health>('held') }
}

interface Started {
  /** Where it says that it is. */
  readonly url: string
  readonly ask: <Answer>(question: string) => Promise<Answer>
  readonly memory: () => Promise<Memory>
  readonly work: () => Promise<number>
  readonly kill: () => Promise<void>
}

async function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Started> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', PROBE, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const url = await readyAt(child, ended)
  // Questions are asked one at a time, so that the next message is the answer.
  const ask = async <Answer>(question: string): Promise<Answer> => {
    const answered = once(child, 'message')
    child.send(question)
    const [answer] = (await Promise.race([answered, ended.then(died)])) as [Answer]
    return answer
  }
  return {
    url,
    ask,
    memory: () => ask('memory'),
    work: () => ask('work'),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const died = (): never => {
  throw new Error('a server ended while it was measured')
}

const readyAt = (child: ChildProcess, ended: Promise<unknown>): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = / is ready: (\S+)\n/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
    ended.then(() => reject(new Error(`a server did not start: ${output}`)), reject)
  })
