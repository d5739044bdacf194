/** `npm start` ends here: reads the environment, starts the relay, and ends it on SIGTERM or SIGINT. */
import { fileURLToPath } from 'node:url'
import { readSettings, StartError } from './config.ts'
import { createLog, reasonOf } from './log.ts'
import { type Relay, startRelay } from './relay.ts'

const log = createLog((line) => process.stderr.write(line))
let relay: Relay | undefined
let ending = false

// Ctrl-C reaches the whole process group, and whoever started us passes it on once more: the first one counts.
async function end(): Promise<void> {
  if (ending) return
  ending = true
  await relay?.stop()
  process.exit(0)
}
process.on('SIGTERM', () => void end()).on('SIGINT', () => void end())
// A promise that a library forgot, over one client, must not end the relay for all.
process.on('unhandledRejection', (error) =>
  log(`unhandled: ${error instanceof Error ? error.stack : reasonOf(error)}`),
)

try {
  relay = await startRelay({
    settings: readSettings(process.env, process.argv.slice(2)),
    appFolder: fileURLToPath(new URL('../dist', import.meta.url)),
    log,
  })
  process.stdout.write(`Gigi is ready: ${relay.url}\n`)
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
