/**
 * What the service worker does while no tab is open: the node of this profile, for as long as an errand takes. It fetches
 * and commits what waits, leaves what is queued, stops, and tells who wrote; cut off in between, the next one goes on from the
 * store, and tells what this one has not.
 */
import { isReplaced, readIdentity } from '../store/identity.ts'
import { GigiDatabase } from '../store/schema.ts'
import { beginTelling, readUnread } from '../store/unread.ts'
import type { SyncEngine } from '../sync/engine.ts'
import { NODE_LOCK } from './leadership.ts'
import { composeEngine } from './compose.ts'
import { cleanAlone } from './made-way.ts'
import { clock, log, timer } from './ports.ts'
import { type Arrival, arrivalsSince, type Tell, tellSince } from './telling.ts'

/** How often it looks whether it is done, or a tab wants to lead, milliseconds. */
const LOOK_MS = 250
/** The longest errand, milliseconds: browsers end a service worker that takes minutes, and the next one goes on. */
const ERRAND_MS = 25_000
/** How long a tab that leads is given to fetch what came, milliseconds. */
const WATCH_MS = 10_000

export interface ErrandReport {
  /**
   * done: nothing is left to do. cut-off: it had its time, or a tab took over. busy: a tab leads. nobody: there is no
   * identity here, or another browser has taken it over.
   */
  readonly end: 'done' | 'cut-off' | 'busy' | 'nobody'
  /** What was told: conversations that have more unread than before. */
  readonly arrivals: readonly Arrival[]
}

const NOTHING = { arrivals: [] } as const

/** Runs one errand, if no tab leads, and tells what came in it and in those before that could not. Rejects with what the store throws. */
export function runErrand(tell: Tell): Promise<ErrandReport> {
  return navigator.locks.request(NODE_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock === null) return { end: 'busy', ...NOTHING }
    // A profile that a newer version has changed is not touched: opening it fails.
    const db = new GigiDatabase()
    try {
      return await runWith(db, tell)
    } finally {
      db.close()
    }
  })
}

/** What comes in while a tab leads, or another errand is under way: the first of it, or nothing within WATCH_MS. */
export async function watchArrivals(): Promise<readonly Arrival[]> {
  const db = new GigiDatabase()
  try {
    const before = await readUnread(db, clock.now())
    const end = performance.now() + WATCH_MS
    let arrivals: readonly Arrival[] = []
    while (arrivals.length === 0 && performance.now() < end) {
      await new Promise<void>((resolve) => timer.after(LOOK_MS, resolve))
      arrivals = await arrivalsSince(before, db)
    }
    return arrivals
  } finally {
    db.close()
  }
}

async function runWith(db: GigiDatabase, tell: Tell): Promise<ErrandReport> {
  const identity = await readIdentity(db)
  if (identity === undefined) return { end: 'nobody', ...NOTHING }
  if (await isReplaced(db)) {
    await cleanAlone(db, AbortSignal.timeout(ERRAND_MS))
    return { end: 'nobody', ...NOTHING }
  }
  const before = await beginTelling(db)
  const over = Promise.withResolvers<'nobody' | 'cut-off'>()
  const { engine } = await composeEngine(db, identity, {
    timer,
    errand: true,
    onNearby: () => undefined,
    listener: {
      network: () => undefined,
      peer: () => undefined,
      trouble: (trouble) => {
        if (trouble !== null) log.warn('an errand has trouble', { trouble })
      },
      typing: () => undefined,
      wrote: () => undefined,
      replaced: () => {
        over.resolve('nobody')
      },
      fenced: () => {
        over.resolve('cut-off')
      },
    },
  })
  const end = await runUntil(engine, over.promise)
  // Still under the lock: another errand would begin before it is known what this one has told.
  return { end, arrivals: await tellSince(before, db, tell) }
}

/** Runs the engine until it is done, or it is over. */
async function runUntil(
  engine: SyncEngine,
  over: Promise<'nobody' | 'cut-off'>,
): Promise<ErrandReport['end']> {
  try {
    await engine.start()
    return await Promise.race([quiet(engine), over])
  } finally {
    await engine.stop()
  }
}

/** Resolves when nothing is left to do, the time is over, or a tab waits for the lock. */
async function quiet(engine: SyncEngine): Promise<'done' | 'cut-off'> {
  const end = performance.now() + ERRAND_MS
  while (performance.now() < end && !(await isWanted())) {
    if (engine.isQuiet) return 'done'
    await new Promise<void>((resolve) => timer.after(LOOK_MS, resolve))
  }
  return 'cut-off'
}

async function isWanted(): Promise<boolean> {
  const { pending } = await navigator.locks.query()
  return pending?.some(({ name }) => name === NODE_LOCK) ?? false
}
