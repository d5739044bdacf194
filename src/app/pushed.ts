/**
 * What the service worker does when it is woken: an errand, and then something to be seen. Browsers want each push to be
 * seen where nobody looks at the app: they show words of their own otherwise, or wake us no more.
 */
/// <reference lib="webworker" />
import { readUnread } from '../store/unread.ts'
import { GigiDatabase } from '../store/schema.ts'
import { type Arrival, type ErrandReport, runErrand, watchArrivals } from './errand.ts'
import { isLookedAt, showNotice, tellArrivals } from './notifications.ts'
import { clock, log } from './ports.ts'
import { settlePush, unsubscribe } from './push.ts'

/** How what came is fetched. */
export interface Fetching {
  readonly runErrand: () => Promise<ErrandReport>
  readonly watchArrivals: () => Promise<readonly Arrival[]>
}

/** Someone left something for us. Rejects when the store fails, after something was shown. */
export async function answerPush(
  worker: ServiceWorkerGlobalScope,
  fetching: Fetching = { runErrand, watchArrivals },
): Promise<void> {
  let told = false
  try {
    const { end, arrivals } = await fetchWhatCame(fetching)
    log.info('a push is answered', { end, arrivals: arrivals.length })
    // Nobody opens this browser for this identity now. Whoever does finds it wanted, and subscribes it anew.
    if (end === 'nobody') await unsubscribe(worker.registration.pushManager)
    told = await tellArrivals(worker, arrivals)
  } finally {
    if (!told && !(await isLookedAt(worker))) await showAnything(worker)
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
async function fetchWhatCame({ runErrand, watchArrivals }: Fetching): Promise<ErrandReport> {
  const report = await runErrand()
  return report.end === 'busy' ? { ...report, arrivals: await watchArrivals() } : report
}

/** What is unread, again and without a sound, as most of it is there already; or else that there may be something. */
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
  if (!(await tellArrivals(worker, unread, { silent: true }))) await showNotice(worker)
}
