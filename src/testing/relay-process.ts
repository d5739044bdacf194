/** The relay as `npm start` runs it, in a process of its own that can be killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RelayConfig } from '../protocol/relay-config.ts'

const MAIN = fileURLToPath(new URL('../../relay/main.ts', import.meta.url))

export interface RelayProcess {
  readonly port: number
  /** When it said that it takes clients, on the clock of `performance`. */
  readonly since: number
  /** What clients are told: where it is on loopback, and its key. */
  readonly config: RelayConfig
  /** Ends it by SIGKILL, as a crash would: it says goodbye to nobody. */
  readonly kill: () => Promise<void>
}

/**
 * Resolves when it takes clients. Its key is in `dataDir`, so that it is the same relay each time; port 0 is any free
 * one. Rejects, with what it says, when it does not start. Whoever starts it kills it.
 */
export async function startRelayProcess(dataDir: string, port = 0): Promise<RelayProcess> {
  const child = spawn(process.execPath, [MAIN, '--no-app'], {
    env: { PATH: process.env['PATH'], PORT: String(port), HOST: '127.0.0.1', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /^Gigi is ready: (\S+)\n/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
    ended.then(() => reject(new Error(`the relay did not start: ${output}`)), reject)
  })
  const since = performance.now()
  const { peerId } = (await (await fetch(`${url}/healthz`)).json()) as { peerId: string }
  const at = Number(new URL(url).port)
  return {
    port: at,
    since,
    config: { relays: [`/ip4/127.0.0.1/tcp/${at}/ws/p2p/${peerId}`], iceServers: [] },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
