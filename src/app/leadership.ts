/**
 * One node for each profile (D8): of all tabs, the one that holds the Web Lock leads; when it goes, the
 * browser gives the lock to the next that waits. A leader that does not answer any more loses the lock to a tab that
 * someone looks at; should it wake, the epoch keeps it from committing anything, and it stops.
 */
import type { Timer } from '../sync/ports.ts'

/** Held by whoever runs the node of this profile: a tab, or the service worker. */
export const NODE_LOCK = 'gigi-node'
/** How often a tab that waits and is looked at asks whether the leader is alive, milliseconds. */
const ASK_MS = 5_000
/** A leader that has not answered for this long is taken for frozen, milliseconds: longer than any task of ours. */
const ANSWER_MS = 8_000
/** Without locks: how long a tab that opens waits for the answer of another, milliseconds. */
const CLAIM_MS = 1_500

export interface Tabs {
  readonly timer: Timer
  /** Whether the tab that leads answers within so many milliseconds. */
  answers(ms: number): Promise<boolean>
  /** Whether someone looks at this tab: timers of hidden ones are too slow to judge by. */
  isVisible(): boolean
  /** This tab cannot run a node, since another one does and this browser cannot keep them apart; or (false) it can. */
  shutOut(isOut: boolean): void
}

/**
 * Runs `lead` whenever it is this tab's turn, until `lead` resolves; then waits for it again. `signal` says that the
 * turn is over. `lead` must have stopped everything when it resolves or rejects; what it throws goes to `failed`.
 */
export async function takeTurns(
  lead: (signal: AbortSignal) => Promise<void>,
  failed: (error: unknown) => Promise<void>,
  tabs: Tabs,
): Promise<never> {
  const turn = 'locks' in navigator ? turnByLock : turnByAnswer
  for (;;) {
    try {
      await turn(lead, tabs)
    } catch (error) {
      await failed(error)
    }
  }
}

async function turnByLock(lead: (signal: AbortSignal) => Promise<void>, tabs: Tabs): Promise<void> {
  const over = new AbortController()
  let running: Promise<void> | undefined
  const hold = (): Promise<void> => (running = lead(over.signal))
  const waiting = new AbortController()
  const stopWatching = watchLeader(tabs, () => {
    waiting.abort()
  })
  try {
    await navigator.locks.request(NODE_LOCK, { signal: waiting.signal }, () => {
      stopWatching()
      return hold()
    })
  } catch (error) {
    if (!isAbort(error)) throw error
    if (running === undefined) await turnByForce(lead)
    else await ended(over, running)
  } finally {
    stopWatching()
  }
}

/** Takes the lock from a leader that does not answer. */
async function turnByForce(lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const over = new AbortController()
  let running: Promise<void> | undefined
  try {
    await navigator.locks.request(NODE_LOCK, { steal: true }, () => (running = lead(over.signal)))
  } catch (error) {
    if (!isAbort(error) || running === undefined) throw error
    await ended(over, running)
  }
}

/** The lock was taken from us. */
async function ended(over: AbortController, running: Promise<void>): Promise<void> {
  over.abort()
  await running
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'

/** Calls `frozen` when the leader does not answer a tab that waits. Returns how to stop watching. */
function watchLeader(tabs: Tabs, frozen: () => void): () => void {
  let watching = true
  const ask = async (): Promise<void> => {
    if (watching && tabs.isVisible() && !(await tabs.answers(ANSWER_MS)) && isStillLooking()) frozen()
    else later()
  }
  const isStillLooking = (): boolean => watching && tabs.isVisible()
  let cancel = (): void => undefined
  const later = (): void => {
    if (watching) cancel = tabs.timer.after(ASK_MS, () => void ask())
  }
  later()
  return () => {
    watching = false
    cancel()
  }
}

/** Where there are no locks the first tab that nobody answers leads; of two at once the epoch lets one. */
async function turnByAnswer(lead: (signal: AbortSignal) => Promise<void>, tabs: Tabs): Promise<void> {
  while (await tabs.answers(CLAIM_MS)) {
    tabs.shutOut(true)
    await new Promise<void>((resolve) => tabs.timer.after(ASK_MS, resolve))
  }
  tabs.shutOut(false)
  await lead(new AbortController().signal)
}
