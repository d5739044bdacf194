/** One browser: what it costs to store what came, against the same rows without anything around them. */
import type { Ground } from './browsers.ts'

const MESSAGES = 10_000
const BATCH = 200

/** One round, in a new profile: milliseconds. */
export async function measureInserts(ground: Ground): Promise<{ gigi: number; raw: number }> {
  const browser = await ground.browser()
  try {
    const app = await browser.app()
    await app.begin('Alice')
    await app.page.close()
    const bench = await browser.bench()
    return await bench.evaluate(([messages, batch]) => globalThis.bench.inserts(messages, batch), [
      MESSAGES,
      BATCH,
    ] as const)
  } finally {
    await browser.close()
  }
}
