/**
 * Loaded into a server's process before the server, which need not know of it: tells whoever started the process what it
 * uses. Needs `--expose-gc`, so that garbage counts for nothing.
 */
import { setTimeout as delay } from 'node:timers/promises'

/** What a process holds, bytes. */
export interface Memory {
  /** Of the machine's memory. */
  readonly resident: number
  /** What its objects and buffers take of that. */
  readonly live: number
}

async function memory(): Promise<Memory> {
  // What the first collection finalises, the second one frees; buffers are freed a turn later.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.()
    await delay(50)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, live: heapUsed + external }
}

/** Milliseconds of a core that it has used. */
function work(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

process.on('message', (question) => {
  if (question === 'work') process.send?.(work())
  if (question === 'memory') void memory().then((answer) => process.send?.(answer))
})
// Whoever measures is gone.
process.on('disconnect', () => process.exit(1))
