/** Composition of a tab: the store at once, the node when this tab's turn comes. */
import { liveQuery } from 'dexie'
import { lastReplacement, readIdentity } from '../store/identity.ts'
import { type Fate, openGuarded } from '../store/guard.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import type { GigiApp } from './api.ts'
import { createCommands, keepInviteFresh } from './commands.ts'
import { takeTurns } from './leadership.ts'
import type { NodeHandle } from './node.ts'
import { log, random, timer } from './ports.ts'
import { createQueries } from './queries.ts'
import { NOBODY, StatusHub } from './status.ts'
import { createKeeper, rememberProfile } from './storage.ts'

/** A node that could not start is tried again after this long, milliseconds. */
const RESTART_MS = 2_000

export function composeWindow(): GigiApp {
  const hub = new StatusHub(String(random.fraction()))
  const { db, expect } = openGuarded({
    onFate: (fate) => {
      meet(fate, hub)
    },
    onStuck: (why) => {
      if (why !== null) log.warn('the database cannot be opened', { reason: why })
      hub.warn(why === null ? null : 'storage-failed')
    },
    after: (delayMs, wake) => timer.after(delayMs, wake),
  })
  rememberProfile(db, expect)
  const app: GigiApp = {
    queries: createQueries(db, new URL(import.meta.env.BASE_URL, location.origin).href),
    commands: createCommands({
      db,
      show: (peer) => {
        hub.show(peer)
      },
      compose: (peer) => {
        hub.compose(peer)
      },
      ...createKeeper(),
    }),
    status: hub,
  }
  runNode(db, hub).catch((error: unknown) => {
    log.warn('the node cannot run in this browser', { reason: String(error) })
    hub.lead(NOBODY)
    hub.publish({ network: 'offline', trouble: 'storage-failed' })
  })
  return app
}

/** The database is not this tab's any more. Beginning anew ends all that runs, and nothing typed is lost by it. */
function meet(fate: Fate, hub: StatusHub): void {
  log.warn('the database is closed for this tab', { fate })
  hub.cutOff(fate === 'deleted' ? 'deleted' : 'outdated')
  // Of a tab that finds the database newer when it opens, the code may be as old again after that.
  if (fate !== 'newer') location.reload()
}

async function runNode(db: GigiDatabase, hub: StatusHub): Promise<void> {
  const identity = await firstIdentity(db)
  refreshInvite(db)
  document.addEventListener('visibilitychange', () => {
    refreshInvite(db)
  })
  const replacement = await lastReplacement(db)
  await takeTurns(
    async (signal) => {
      // Tabs that wait hear from here on that someone leads.
      hub.lead(NOBODY)
      // Another browser took over while this tab waited: only a tab that is opened after that takes back.
      if ((await lastReplacement(db)) !== replacement) await stayOut(hub)
      // The network code is the larger part of the app; the first screen does not wait for it.
      const { startNode } = await import('./node.ts')
      const node = await startNode(db, identity, hub)
      const stopListening = nudgeOnReturn(node)
      const end = await Promise.race([node.ended, aborted(signal)])
      stopListening()
      await node.stop()
      if (end === 'replaced') await stayOut(hub)
    },
    async (error) => {
      log.warn('the node stopped', { reason: String(error) })
      hub.follow()
      await new Promise<void>((resolve) => timer.after(RESTART_MS, resolve))
    },
    {
      timer,
      answers: (ms) => hub.answers(ms, timer),
      isVisible: () => document.visibilityState === 'visible',
      shutOut: (isOut) => {
        hub.warn(isOut ? 'no-locks' : null)
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
function stayOut(hub: StatusHub): Promise<never> {
  hub.lead(NOBODY)
  hub.publish({ network: 'offline', trouble: 'replaced' })
  return new Promise(() => undefined)
}

/** A link that cannot be renewed now is renewed the next time; everything else goes on without it. */
function refreshInvite(db: GigiDatabase): void {
  keepInviteFresh(db).catch((error: unknown) => {
    log.warn('could not renew the invite link', { reason: String(error) })
  })
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
