/**
 * `npm run reserve -- --clients 1000`: that many clients reserve at a relay; it is killed and, once all have noticed and
 * been without it for a while, started again. Prints, as one line of JSON, in how many milliseconds they were back after
 * it was, and between the first and the last of them (`spread`). With `--move` it comes back at another address with
 * another key.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Crowd } from '../src/testing/crowd.ts'
import { startRelayProcess } from '../src/testing/relay-process.ts'

/** Longest time for all to reserve, milliseconds. */
const PATIENCE_MS = 120_000

/** Looks at whiles: a busy wait would take the core that the clients need. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`)
    await delay(10)
  }
}

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    /** How long the relay stays away, milliseconds. */
    away: { type: 'string', default: '5000' },
    move: { type: 'boolean', default: false },
  },
})
const clients = Number(values.clients)
const folder = await mkdtemp(join(tmpdir(), 'gigi-reserve-'))
let relay = await startRelayProcess(join(folder, 'first'))
try {
  const crowd = new Crowd(clients, relay.config)
  await crowd.start()
  await relay.kill()
  await until(() => crowd.online === 0, 'all to notice')
  await delay(Number(values.away))
  relay = values.move
    ? await startRelayProcess(join(folder, 'second'))
    : await startRelayProcess(join(folder, 'first'), relay.port)
  crowd.config = relay.config
  await until(() => crowd.online === clients, 'all reservations again')
  const after = crowd.since.map((at) => Math.round(at - relay.since))
  const at = (share: number): number => after[Math.ceil(share * clients) - 1] ?? 0
  const figures = { p50: at(0.5), p99: at(0.99), max: at(1), spread: at(1) - (after[0] ?? 0) }
  console.log(JSON.stringify({ clients, ...figures }))
  await crowd.stop()
} finally {
  await relay.kill()
  await rm(folder, { recursive: true, force: true })
}
