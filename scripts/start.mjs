/** `npm start`: sets up what is missing, then runs the relay, which serves the app. */
import { NODE, ROOT, script } from './run.mjs'
import { ensureBuilt, ensureInstalled } from './setup.mjs'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

await script(async () => {
  await ensureInstalled()
  await ensureBuilt()
  const relay = spawn(NODE, [join(ROOT, 'relay', 'main.ts')], { cwd: ROOT, stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => relay.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal))
  return await new Promise((resolve, reject) => {
    relay.once('error', reject)
    relay.once('close', (code, signal) =>
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)),
    )
  })
})
