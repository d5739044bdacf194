/** `npm run test:e2e`: the tests in real browsers. Arguments go to Playwright. */
import { onNetwork } from './network.mjs'
import { run, script } from './run.mjs'

await script(() => {
  const [command, args] = onNetwork('npx', ['playwright', 'test', ...process.argv.slice(2)])
  return run(command, args, { stdio: 'inherit' })
})
