/** The relay's log: one line for each thing out of the ordinary, on stderr. Clients coming and going is ordinary. */
import { MAX_LOG_LINES_PER_MINUTE } from './limits.ts'
import { RateLimit } from './rate.ts'

export type Log = (line: string) => void

const CONTROL = /\p{Cc}+/gu

/** A log that passes at most so many lines a minute on to `log`, and how many it dropped in between. */
export function limitedLog(log: Log, perMinute: number, now: () => number = Date.now): Log {
  const rate = new RateLimit(perMinute)
  let dropped = 0
  return (line) => {
    if (!rate.take(now())) {
      dropped++
      return
    }
    if (dropped > 0) log(`${dropped} further lines were dropped`)
    dropped = 0
    log(line)
  }
}

/** A log that writes to `write`, escapes nothing into further lines, and drops what is over the limit. */
export const createLog = (write: (line: string) => void, now: () => number = Date.now): Log =>
  limitedLog(
    (line) => write(`${new Date(now()).toISOString()} ${line.replace(CONTROL, ' ')}\n`),
    MAX_LOG_LINES_PER_MINUTE,
    now,
  )

/** What an error says, on one line. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The code of a system error, such as EADDRINUSE, or what the error says. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : reasonOf(error)
