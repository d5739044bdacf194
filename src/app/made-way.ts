/** What an installation does yet that made way for another: what is to be gone at its time goes, prekeys above all. */
import { readConfig } from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { cleanUp } from '../sync/clean-up.ts'
import { clock, log, timer } from './ports.ts'

/** One cleanup, where no node runs. Whoever calls it holds the lock. Rejects with what the store throws. */
export async function cleanAlone(db: GigiDatabase, signal: AbortSignal): Promise<void> {
  await cleanUp(db, await raiseEpoch(db), clock, signal)
}

/** A cleanup now, and one in each interval until it is called off. One that fails is made up for by the next. */
export async function cleanUntil(db: GigiDatabase, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    try {
      await cleanAlone(db, signal)
      const { cleanup_interval_seconds: seconds } = await readConfig(db)
      await timeOrAbort(seconds * 1000, signal)
    } catch (error) {
      log.warn('could not clean up', { reason: String(error) })
      await timeOrAbort(AFTER_FAULT_MS, signal)
    }
}

/** A cleanup that failed is tried again after this long, milliseconds. */
const AFTER_FAULT_MS = 60_000

function timeOrAbort(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const over = (): void => {
      cancel()
      signal.removeEventListener('abort', over)
      resolve()
    }
    const cancel = timer.after(ms, over)
    signal.addEventListener('abort', over)
  })
}
