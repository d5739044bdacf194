/**
 * What the service worker does when it is woken: an errand, and then something to be seen. Browsers want each push to be
 * seen where nobody looks at the app: they show words of their own otherwise, or wake us no more.
 */
/// <reference lib="webworker" />
import { readUnread } from '../store/unread.ts'
import { GigiDatabase } from '../store/schema.ts'
import { askForErrandAt } from './background.ts'
import { type ErrandReport, runErrand, watchArrivals } from './errand.ts'
import { isLookedAt, showNotice, tellArrivals } from './notifications.ts'
import { clock, log } from './ports.ts'
import { settlePush, unsubscribe } from './push.ts'
import type { Arrival, Tell } from './telling.ts'

/** How what came is fetched. */
export interface Fetching {
  readonly runErrand: (tell: Tell) => Promise<ErrandReport>
  readonly watchArrivals: () => Promise<readonly Arrival[]>
}

/** Someone left something for us. Rejects when the store fails, after something was shown. */
export async function answerPush(
  worker: ServiceWorkerGlobalScope,
  fetching: Fetching = { runErrand, watchArrivals },
): Promise<void> {
  const seen = { told: false }
  const tell: Tell = async (arrivals) => {
    seen.told = await tellArrivals(worker, arrivals)
  }
  try {
    const { end, arrivals } = await fetchWhatCame(fetching, tell)
    log.info('a push is answered', { end, arrivals: arrivals.length })
    // Nobody opens this browser for this identity now. Whoever does finds it wanted, and subscribes it anew.
    if (end === 'nobody') await unsubscribe(worker.registration.pushManager)
    // No push comes for what is left: it is gone on with as soon as the browser allows.
    if (end === 'cut-off') await askForErrandAt(worker.registration)
  } finally {
    if (!seen.told && !(await isLookedAt(worker))) await showAnything(worker)
  }
}

/** The browser has ended the subscription, or made another: it is put in order. The next who runs the node tells the relay. */
export async function renewSubscription({ registration }: ServiceWorkerGlobalScope): Promise<void> {
  const db = new GigiDatabase()
  await settlePush(db, registration.pushManager).finally(() => {
    db.close()
  })
}

/** A tab that leads fetches it by itself; only, it may not be looked at. */
async function fetchWhatCame({ runErrand, watchArrivals }: Fetching, tell: Tell): Promise<ErrandReport> {
  const report = await runErrand(tell)
  if (report.end !== 'busy') return report
  const arrivals = await watchArrivals()
  await tell(arrivals)
  return { ...report, arrivals }
}

/**
 * What is unread, again and without a sound, as most of it is there already; or else that there may be something. Of a request
 * its beginning was told when it came.
 */
async function showAnything(worker: ServiceWorkerGlobalScope): Promise<void> {
  const db = new GigiDatabase()
  const unread = await readUnread(db, clock.now())
    .catch((error: unknown) => {
      log.warn('what is unread cannot be read', { reason: String(error) })
      return []
    })
    .finally(() => {
      db.close()
    })
  const again = unread.filter(({ isRequest, isMuted }) => !isRequest && !isMuted)
  if (!(await tellArrivals(worker, again, { silent: true }))) await showNotice(worker)
}
