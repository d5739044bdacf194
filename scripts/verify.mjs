/** `npm run verify`: format, lint, types and unit tests, on two cores, since each of them uses one. */
import { run, script } from './run.mjs'

await script(async () => {
  const codes = await Promise.all([lane(['format', 'lint']), lane(['types', 'unit'])])
  return codes.find((code) => code !== 0) ?? 0
})

/**
 * Runs npm scripts one after another, up to the first that fails, and shows the output of each when it has ended.
 *
 * @param {readonly string[]} names
 */
async function lane(names) {
  for (const name of names) {
    let output = ''
    const code = await run('npm', ['run', '--silent', name], {
      stdio: ['ignore', 'pipe', 'pipe'],
      onOutput: (text) => (output += text),
    })
    process.stdout.write(`${name}: ${code === 0 ? 'ok' : 'failed'}\n${output}`)
    if (code !== 0) return code
  }
  return 0
}
