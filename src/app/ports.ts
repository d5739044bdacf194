/** The world as browsers and workers have it. The only place below the interface that touches it (D12). */
import type { Clock, Log, Random, Timer } from '../sync/ports.ts'

export const clock: Clock = { now: () => Date.now() }

/** Longest delay that setTimeout takes, milliseconds: 2^31 - 1. Waking early is harmless (D7). */
const MAX_DELAY_MS = 2 ** 31 - 1

export const timer: Timer = {
  after(delayMs, wake) {
    const handle = setTimeout(wake, Math.min(delayMs, MAX_DELAY_MS))
    return () => {
      clearTimeout(handle)
    }
  },
}

export const random: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  fraction: () => Math.random(),
}

export const log: Log = {
  info(message, details = {}) {
    console.info(`[gigi] ${message}`, details)
  },
  warn(message, details = {}) {
    console.warn(`[gigi] ${message}`, details)
  },
}
