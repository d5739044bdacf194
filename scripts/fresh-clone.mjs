/**
 * That `npm start` serves from a fresh clone, on the Node that is installed, with nothing of ours there. Run by
 * CI, apart from `npm test`, since it installs everything once more.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outerEnvironment, ROOT, say } from './run.mjs'

const folder = await mkdtemp(join(tmpdir(), 'gigi-clone-'))
try {
  const cloned = spawnSync('git', ['clone', '--quiet', ROOT, folder], { stdio: 'inherit' })
  if (cloned.status !== 0) throw new Error('could not clone')
  await serves('the first start, which installs and builds')
  await serves('the second start')
  say('npm start serves from a fresh clone')
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** @param {string} which */
async function serves(which) {
  const began = Date.now()
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...outerEnvironment(), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const url = await Promise.race([
    readyAddress(child.stdout),
    exited.then(([code]) => {
      throw new Error(`npm start ended with ${String(code)}`)
    }),
  ])
  say(`${which}: ready after ${((Date.now() - began) / 1000).toFixed(1)} s`)
  const page = await (await fetch(url)).text()
  if (!page.includes('<div id="app"')) throw new Error('the page is not the app')
  const script = /src="([^"]+\.js)"/.exec(page)?.[1]
  if (script === undefined) throw new Error('the page has no script')
  for (const path of [script, '/sw.js', '/manifest.webmanifest', '/config.json', '/healthz']) {
    const response = await fetch(new URL(path, url))
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
  }
  child.kill('SIGTERM')
  const [code] = await exited
  // npm itself reports the signal that it was sent.
  if (code !== 0 && code !== 143 && code !== null) throw new Error(`npm start ended with ${String(code)}`)
}

/** @param {import('node:stream').Readable} output */
async function readyAddress(output) {
  let text = ''
  for await (const chunk of output) {
    text += String(chunk)
    const address = /Gigi is ready: (\S+)/.exec(text)?.[1]
    if (address !== undefined) return address
  }
  throw new Error(`no address was printed: ${text}`)
}
