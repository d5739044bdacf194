/** Faults of the storage itself, told apart. */

/** Whether a write failed for lack of room. Dexie wraps what IndexedDB threw, so the causes are looked at too. */
export function isQuotaExceeded(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = 'inner' in cause ? cause.inner : cause.cause)
    if (cause.name === 'QuotaExceededError') return true
  return false
}
