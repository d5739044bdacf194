/** Composition of a tab: the store at once, the rest when the first screen is there, the node when this tab's turn comes. */
import { liveQuery } from 'dexie'
import { backoffMs } from '../domain/backoff.ts'
import { isHandleFault, isQuotaExceeded } from '../store/faults.ts'
import { lastReplacement, readIdentity } from '../store/identity.ts'
import { type Fate, openGuarded } from '../store/guard.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import type { GigiApp } from './api.ts'
import { askForErrand, askForPeriodicErrands } from './background.ts'
import { lazily } from './lazily.ts'
import { takeTurns } from './leadership.ts'
import type { NodeHandle } from './node.ts'
import { closeNoticeWhenSeen } from './notice.ts'
import { log, random, timer } from './ports.ts'
import { createQueries } from './queries.ts'
import { createSearch } from './search-tab.ts'
import { NOBODY, StatusHub } from './status.ts'
import { createKeeper, rememberProfile } from './storage.ts'

/** A node that could not start is tried again: first and longest wait, milliseconds. */
const RESTART = { firstMs: 2_000, maxMs: 60_000 }
/** A node that has not started by then is taken for frozen by tabs that wait, milliseconds: slow networks take seconds. */
const START_MS = 30_000
/** What waits for the first screen waits no longer than that, milliseconds: a tab in the background paints none. */
const FIRST_SCREEN_MS = 2_000

export function composeWindow(): GigiApp {
  const hub = new StatusHub(String(random.fraction()))
  const firstScreen = Promise.withResolvers<void>()
  timer.after(FIRST_SCREEN_MS, firstScreen.resolve)
  const { db, expect } = openGuarded({
    onFate: (fate) => {
      meet(fate, hub)
    },
    onStuck: (why) => {
      if (why !== null) log.warn('the database cannot be opened', { reason: why })
      hub.warn('database', why === null ? null : 'storage-failed')
    },
    after: (delayMs, wake) => timer.after(delayMs, wake),
  })
  rememberProfile(db, expect)
  const app: GigiApp = {
    queries: createQueries(db, new URL(import.meta.env.BASE_URL, location.origin).href, () => hub.facts),
    commands: lazily(async () => {
      const { createCommands } = await import('./commands.ts')
      return createCommands({
        db,
        show: (peer) => {
          hub.show(peer)
        },
        compose: (peer) => {
          hub.compose(peer)
        },
        ...createKeeper(),
      })
    }),
    search: createSearch(db),
    status: hub,
    firstScreenShown: firstScreen.resolve,
  }
  // What waits when the last tab goes is left to the service worker; while a tab leads it is told to come again.
  window.addEventListener('pagehide', askForErrand)
  askForPeriodicErrands().catch((error: unknown) => {
    log.info('no periodic errands', { reason: String(error) })
  })
  closeNoticeWhenSeen()
  void firstScreen.promise.then(() => {
    beginBeside(db)
  })
  runNode(db, hub, firstScreen.promise).catch((error: unknown) => {
    log.warn('the node cannot run in this tab', { reason: String(error) })
    hub.warn('node', 'storage-failed')
  })
  return app
}

/** What goes on beside the conversations; each part that fails is done without, until the next time. */
function beginBeside(db: GigiDatabase): void {
  const doing = (what: string, begun: Promise<unknown>): void => {
    begun.catch((error: unknown) => {
      log.warn(`could not ${what}`, { reason: String(error) })
    })
  }
  const badge = async (): Promise<void> => {
    const { keepBadge } = await import('./badge.ts')
    const recount = keepBadge(db, (title) => {
      document.title = title
    })
    document.addEventListener('visibilitychange', recount)
  }
  const refreshInvite = async (): Promise<void> => (await import('./commands.ts')).keepInviteFresh(db)
  const renew = (): void => {
    doing('renew the invite link', refreshInvite())
  }
  doing('count what is unread', badge())
  doing(
    'see to what wakes this browser',
    import('./push.ts').then(({ keepPush }) => {
      keepPush(db)
    }),
  )
  renew()
  document.addEventListener('visibilitychange', renew)
  // The cleanup does it too.
  doing(
    'go on deleting',
    import('./managing.ts').then(({ finishClearings }) => finishClearings(db)),
  )
}

/** The database is not this tab's any more. Beginning anew ends all that runs, and nothing typed is lost by it. */
function meet(fate: Fate, hub: StatusHub): void {
  log.warn('the database is closed for this tab', { fate })
  hub.cutOff(fate === 'deleted' ? 'deleted' : 'outdated')
  // Of a tab that finds the database newer when it opens, the code may be as old again after that.
  if (fate !== 'newer') location.reload()
}

async function runNode(db: GigiDatabase, hub: StatusHub, firstScreen: Promise<void>): Promise<void> {
  const identity = await persistently(() => firstIdentity(db), hub)
  const replacement = await persistently(() => lastReplacement(db), hub)
  let failures = 0
  await takeTurns(
    async (signal) => {
      const begin = async (): Promise<NodeHandle | 'replaced' | 'over'> => {
        // Another browser took over while this tab waited: only a tab that is opened after that takes back.
        if ((await lastReplacement(db)) !== replacement) return 'replaced'
        // The network code is the larger part of the app; the first screen does not share the line with it.
        await firstScreen
        const { startNode } = await import('./node.ts')
        return signal.aborted ? 'over' : startNode(db, identity, hub)
      }
      // Tabs that wait hear from here on that someone leads; not for ever, if it comes to nothing.
      hub.lead(NOBODY)
      const callOff = timer.after(START_MS, () => {
        hub.follow()
      })
      const node = await begin().finally(callOff)
      if (node === 'over') return
      if (node === 'replaced') return stayOut(db, hub, signal)
      failures = 0
      hub.warn('node', null)
      const stopListening = nudgeOnReturn(node)
      const end = await Promise.race([node.ended, aborted(signal)])
      stopListening()
      await node.stop()
      if (end === 'replaced') await stayOut(db, hub, signal)
    },
    async (error) => {
      log.warn('the node stopped', { reason: String(error) })
      hub.follow()
      hub.warn('node', storageTrouble(error))
      await wait(backoffMs(++failures, RESTART, random.fraction()))
    },
    {
      timer,
      answers: (ms) => hub.answers(ms, timer),
      isVisible: () => document.visibilityState === 'visible',
      shutOut: (isOut) => {
        hub.warn('tabs', isOut ? 'no-locks' : null)
      },
    },
  )
}

const aborted = (signal: AbortSignal): Promise<'over'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('over')
    signal.addEventListener('abort', () => {
      resolve('over')
    })
  })

/** Says that another browser uses this identity, and keeps the lock, so that no other tab takes it back unasked. */
async function stayOut(db: GigiDatabase, hub: StatusHub, signal: AbortSignal): Promise<void> {
  hub.lead(NOBODY)
  hub.publish({ network: 'offline', trouble: 'replaced' })
  const { cleanUntil } = await import('./made-way.ts')
  await cleanUntil(db, signal)
  hub.follow()
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => timer.after(ms, resolve))

/** What to say of an error of the store; null for any other. */
function storageTrouble(error: unknown): 'storage-full' | 'storage-failed' | null {
  if (isQuotaExceeded(error)) return 'storage-full'
  return isHandleFault(error) ? 'storage-failed' : null
}

/** Reads what the tab cannot go on without, until it can be read. */
async function persistently<T>(read: () => Promise<T>, hub: StatusHub): Promise<T> {
  for (let failures = 1; ; failures++)
    try {
      const found = await read()
      hub.warn('node', null)
      return found
    } catch (error) {
      log.warn('the profile cannot be read', { reason: String(error) })
      hub.warn('node', 'storage-failed')
      await wait(backoffMs(failures, RESTART, random.fraction()))
    }
}

/** The identity, as soon as there is one: made in this tab or in another. */
function firstIdentity(db: GigiDatabase): Promise<IdentityRow> {
  return new Promise((resolve, reject) => {
    const subscription = liveQuery(() => readIdentity(db)).subscribe({
      next: (identity) => {
        if (identity === undefined) return
        resolve(identity)
        queueMicrotask(() => {
          subscription.unsubscribe()
        })
      },
      error: reject,
    })
  })
}

/** Tells the node of every sign that the network may be back. */
function nudgeOnReturn(node: NodeHandle): () => void {
  const nudge = (): void => {
    node.nudge()
  }
  const nudgeIfShown = (): void => {
    if (document.visibilityState === 'visible') nudge()
  }
  const events = ['online', 'offline', 'pageshow'] as const
  for (const event of events) window.addEventListener(event, nudge)
  document.addEventListener('visibilitychange', nudgeIfShown)
  document.addEventListener('resume', nudge)
  return () => {
    for (const event of events) window.removeEventListener(event, nudge)
    document.removeEventListener('visibilitychange', nudgeIfShown)
    document.removeEventListener('resume', nudge)
  }
}
