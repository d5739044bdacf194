/** Installs and builds what is missing or stale, and nothing else. Runs on Node 20 with nothing installed. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { NODE, outerEnvironment, ROOT, run, say, SetupError } from './run.mjs'

const LOCK_FILE = join(ROOT, 'package-lock.json')
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json')
const BUILD_STAMP = join(ROOT, 'dist', '.build')
/** What the build is made of. */
const SOURCES = [
  ...['src', 'public', 'scripts/precompress.ts', 'index.html', 'vite.config.ts', 'svelte.config.js'],
  ...['tsconfig.json', 'package.json', 'package-lock.json'],
]

/** Makes node_modules what package-lock.json says. */
export async function ensureInstalled() {
  if (await isInstalled()) return
  await alone(async () => {
    if (await isInstalled()) return
    say('Installing what is missing, this takes a minute ...')
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    const code = await run('npm', args, { stdio: ['ignore', 2, 2], env: outerEnvironment() })
    if (code !== 0)
      throw new SetupError('npm ci failed, see above: check the network and the disk, then start again.')
    if (!(await isInstalled()))
      throw new SetupError('npm ci left node_modules incomplete: delete it and start again.')
  })
}

/** Builds the app into dist/ when its sources changed. */
export async function ensureBuilt() {
  const sources = await hashOfSources()
  if (await isBuilt(sources)) return
  await alone(async () => {
    if (await isBuilt(sources)) return
    say('Building the app ...')
    let output = ''
    const code = await run('npm', ['run', '--silent', 'build'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: outerEnvironment(),
      onOutput: (text) => (output += text),
    })
    if (code !== 0) {
      process.stderr.write(output)
      throw new SetupError('The build failed, see above.')
    }
    // Last, and Vite empties dist/ first: a build that was cut short is never taken for a whole one.
    await writeFile(`${BUILD_STAMP}.new`, sources)
    await rename(`${BUILD_STAMP}.new`, BUILD_STAMP)
  })
}

/**
 * npm notes what it installed when it is done, in the form of package-lock.json. Optional packages are those of
 * other platforms.
 */
async function isInstalled() {
  const [wanted, installed] = await Promise.all([readPackages(LOCK_FILE), readPackages(INSTALLED)])
  if (wanted === undefined)
    throw new SetupError('package-lock.json is missing or damaged: restore it from git.')
  if (installed === undefined || !existsSync(NODE)) return false
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted)) {
    if (path === '') continue
    const have = installed[path]
    if (have === undefined ? !(optional || devOptional) : have.version !== version) return false
  }
  return true
}

/**
 * @param {string} path
 * @returns {Promise<Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined>}
 */
async function readPackages(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8')).packages
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined
    throw error
  }
}

/** @param {string} sources */
async function isBuilt(sources) {
  try {
    return (await readFile(BUILD_STAMP, 'utf8')) === sources
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function hashOfSources() {
  const files = (await Promise.all(SOURCES.map((source) => filesUnder(join(ROOT, source))))).flat().sort()
  const hash = createHash('sha256')
  for (const file of files) {
    const content = createHash('sha256').update(await readFile(file))
    hash.update(`${relative(ROOT, file).split(sep).join('/')} ${content.digest('hex')}\n`)
  }
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesUnder(path) {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const found = await Promise.all(
      entries.map((entry) => {
        const inner = join(path, entry.name)
        if (entry.isDirectory()) return filesUnder(inner)
        return entry.isFile() && !entry.name.endsWith('.test.ts') ? [inner] : []
      }),
    )
    return found.flat()
  } catch (error) {
    if (isMissing(error)) return []
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path]
    throw error
  }
}

/**
 * Runs `work` while no other script of this checkout does. The lock is a folder, because making one succeeds for
 * one process only; it names its owner, so that the lock of one that was killed is taken over.
 *
 * @param {() => Promise<void>} work
 */
async function alone(work) {
  const lock = join(tmpdir(), `gigi-setup-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`)
  const owner = join(lock, 'pid')
  let waited = false
  for (;;) {
    try {
      await mkdir(lock)
      await writeFile(owner, String(process.pid))
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    if (!(await isHeld(owner))) {
      await rm(lock, { recursive: true, force: true })
    } else if (!waited) {
      waited = true
      say('Waiting for another start in this folder ...')
    }
    await delay(200)
  }
  try {
    await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

/** @param {string} owner */
async function isHeld(owner) {
  const pid = await readFile(owner, 'utf8').catch((error) => {
    if (isMissing(error)) return ''
    throw error
  })
  // Made a moment ago, and not yet signed: wait and look again. One that is never signed is taken over below.
  if (pid === '') return await delay(1000).then(() => existsSync(owner))
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** @param {unknown} error */
const isMissing = (error) => error instanceof Error && 'code' in error && error.code === 'ENOENT'
