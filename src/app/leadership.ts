/**
 * One node for each profile (D8): of all tabs, the one that holds the Web Lock leads; when it goes, the
 * browser gives the lock to the next that waits.
 */
const LOCK = 'gigi-node'

/**
 * Runs `lead` whenever this tab holds the lock, until `lead` resolves; then waits for it again. `lead` must
 * have stopped everything when it resolves or rejects. Rejects when the browser has no Web Locks.
 */
export async function takeTurns(
  lead: () => Promise<void>,
  failed: (error: unknown) => Promise<void>,
): Promise<never> {
  for (;;) {
    try {
      await navigator.locks.request(LOCK, lead)
    } catch (error) {
      await failed(error)
    }
  }
}
