/** A real relay in a process of its own, which tests stop, kill and start again on the same port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export class RelayProcess {
  readonly #dataDir: string
  /** What it is configured with beyond what any relay has here. */
  readonly #env: Readonly<Record<string, string>>
  #port = 0
  #child: ChildProcess | undefined

  constructor(dataDir: string, env: Readonly<Record<string, string>> = {}) {
    this.#dataDir = dataDir
    this.#env = env
  }

  get url(): string {
    return `http://localhost:${this.#port}`
  }

  /** The folder of its keys and its mailbox. */
  get dataDir(): string {
    return this.#dataDir
  }

  async start(): Promise<void> {
    // The port stays the same for as long as this object lives.
    if (this.#port === 0) this.#port = await freePort()
    const child = spawn(process.execPath, ['relay/main.ts'], {
      cwd: ROOT,
      env: {
        ...process.env,
        ...this.#env,
        ...{ PORT: String(this.#port), HOST: '127.0.0.1', DATA_DIR: this.#dataDir },
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown]
    if (!String(line).includes('Gigi is ready')) throw new Error(`the relay did not start: ${String(line)}`)
  }

  /** Ends it; with SIGKILL as a crash does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
