/** `npm test`: sets up what is missing, Chromium included, then checks and tests everything. */
import { ensureChromium } from './chromium.mjs'
import { run, script } from './run.mjs'
import { ensureBuilt, ensureInstalled } from './setup.mjs'

await script(async () => {
  await ensureInstalled()
  const chromium = await ensureChromium()
  const env = { ...process.env, ...(chromium === undefined ? {} : { CHROMIUM_PATH: chromium }) }
  if (process.stdout.isTTY) env.FORCE_COLOR ??= '1'

  const counts = { passed: 0, failed: 0 }
  const code = await firstFailure([
    () => step('verify', env, counts),
    () => step('integration', env, counts),
    () => step('alone', env, counts),
    () => step('simulation', env, counts),
    () => ensureBuilt().then(() => 0),
    () => step('test:e2e', env, counts),
  ])
  if (counts.passed + counts.failed > 0)
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
  return code
})

/** @param {readonly (() => Promise<number>)[]} steps */
async function firstFailure(steps) {
  for (const step of steps) {
    const code = await step()
    if (code !== 0) return code
  }
  return 0
}

/**
 * Runs one npm script, shows its output as it comes, and counts what its test runners sum up.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @param {{ passed: number, failed: number }} counts
 */
async function step(name, env, counts) {
  let output = ''
  const code = await run('npm', ['run', '--silent', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    onOutput: (text) => {
      output += text
      process.stdout.write(text)
    },
  })
  // eslint-disable-next-line no-control-regex -- the colours of a terminal are control characters
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '')
  for (const kind of /** @type {const} */ (['passed', 'failed'])) {
    const vitest = new RegExp(`^ *Tests .*?(\\d+) ${kind}`, 'gm')
    const playwright = new RegExp(`^ +(\\d+) ${kind}\\b(?! *\\|)`, 'gm')
    for (const pattern of [vitest, playwright])
      for (const match of plain.matchAll(pattern)) counts[kind] += Number(match[1])
  }
  return code
}
