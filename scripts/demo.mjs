/** `npm run demo`: sets up what is missing, then plays a story in two windows, or without windows for pictures of it. */
import { ensureChromium } from './chromium.mjs'
import { NODE, ROOT, run, script } from './run.mjs'
import { ensureBuilt, ensureInstalled } from './setup.mjs'
import { join } from 'node:path'

await script(async () => {
  await ensureInstalled()
  await ensureBuilt()
  const chromium = await ensureChromium()
  const env = { ...process.env, ...(chromium === undefined ? {} : { CHROMIUM_PATH: chromium }) }
  return await run(NODE, [join(ROOT, 'scripts', 'demo', 'story.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
  })
})
