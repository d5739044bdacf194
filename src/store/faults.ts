/** Faults of the storage itself, told apart. */
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase } from './schema.ts'

/** Whether a write failed for lack of room. Dexie wraps what IndexedDB threw, so the causes are looked at too. */
export const isQuotaExceeded = (error: unknown): boolean => isNamed(error, ['QuotaExceededError'])

/** What is thrown where a handle was closed, or the browser's storage gave way, in the middle of something. */
const HANDLE_FAULTS = ['AbortError', 'DatabaseClosedError', 'InvalidStateError', 'UnknownError']

/** Whether a write failed that may well succeed on a fresh handle, which Dexie opens by itself. */
export const isHandleFault = (error: unknown): boolean =>
  !isQuotaExceeded(error) && isNamed(error, HANDLE_FAULTS)

function isNamed(error: unknown, names: readonly string[]): boolean {
  for (let cause = error; cause instanceof Error; cause = 'inner' in cause ? cause.inner : cause.cause)
    if (names.includes(cause.name)) return true
  return false
}

/** Stores so many bytes, and removes them again. Rejects with what the storage says to that. */
export async function tryToStore(db: GigiDatabase, epoch: number, bytes: number): Promise<void> {
  await db.transaction('rw', db.meta, async () => {
    await checkEpoch(db, epoch)
    await db.meta.put({ key: 'trial', filler: new Uint8Array(bytes) })
  })
  await db.transaction('rw', db.meta, async () => {
    await checkEpoch(db, epoch)
    await db.meta.delete('trial')
  })
}
