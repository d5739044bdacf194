/** Runs a tool of the project where peers on this machine can connect: `node scripts/on-network.mjs playwright test`. */
import { onNetwork } from './network.mjs'
import { run, script } from './run.mjs'

await script(() => {
  const [command, args] = onNetwork('npx', process.argv.slice(2))
  return run(command, args, { stdio: 'inherit' })
})
