/** `npm run dev`: the Vite server with hot reload, and a relay on a port of its own. One Ctrl-C ends both. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { NODE, ROOT, script, SetupError } from './run.mjs'
import { ensureInstalled } from './setup.mjs'

await script(async () => {
  await ensureInstalled()
  const relay = spawn(NODE, [join(ROOT, 'relay', 'main.ts'), '--no-app'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => relay.once('close', resolve))
  const end = () => relay.kill('SIGTERM')
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end)

  const url = await Promise.race([urlOf(relay), ended.then(() => undefined)])
  if (url === undefined) throw new SetupError('The relay did not start, see above.')
  const { createServer } = await import('vite')
  const server = await createServer({
    root: ROOT,
    // To the relay it looks as if it were asked itself, so it names its own address, which the page then dials.
    server: { proxy: { '/config.json': { target: url, changeOrigin: true } } },
  })
  await server.listen()
  server.printUrls()
  await ended
  await server.close()
  return 0
})

/**
 * The address in the relay's ready line.
 *
 * @param {import('node:child_process').ChildProcess} relay
 * @returns {Promise<string>}
 */
function urlOf(relay) {
  return new Promise((resolve) => {
    let output = ''
    relay.stdout?.on('data', (chunk) => {
      output += String(chunk)
      const url = /ready: (\S+)\n/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
}
