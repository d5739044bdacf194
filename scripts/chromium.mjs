/** Finds a Chromium for the end-to-end tests, and installs one where there is none. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { run, say, SetupError } from './run.mjs'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * The Chromium to test with: $CHROMIUM_PATH, or one that the system has. Undefined means Playwright's own.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const given = process.env.CHROMIUM_PATH
  if (given !== undefined && given !== '') return given
  return PLACES.find((place) => existsSync(place))
}

/** Makes sure that a Chromium is there and starts. Gives its path, or undefined for Playwright's own. */
export async function ensureChromium() {
  const given = process.env.CHROMIUM_PATH
  if (given !== undefined && given !== '') {
    if (starts(given)) return given
    throw new SetupError(
      `CHROMIUM_PATH is ${given}, which does not start: set it to a Chromium, or unset it.`,
    )
  }
  const found = PLACES.find(starts)
  if (found !== undefined) return found
  if (await hasPlaywrights()) return undefined

  say('Installing Chromium for the tests ...')
  const quiet = {
    stdio: /** @type {import('node:child_process').StdioOptions} */ (['ignore', 2, 2]),
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    const installed =
      (await run('apt-get', ['update', '-qq'], quiet)) === 0 &&
      (await run('apt-get', ['install', '-y', '-qq', 'chromium'], quiet)) === 0
    const place = PLACES.find(starts)
    if (installed && place !== undefined) return place
  }
  await run('npx', ['playwright', 'install', 'chromium'], quiet)
  if (await hasPlaywrights()) return undefined
  throw new SetupError('No Chromium, and none could be installed: install one and set CHROMIUM_PATH to it.')
}

/** @param {string} path */
const starts = (path) => existsSync(path) && spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0

async function hasPlaywrights() {
  const { chromium } = await import('playwright')
  return existsSync(chromium.executablePath())
}
