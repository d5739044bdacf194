/**
 * Web Push in this browser: what it is subscribed to follows the store, in a tab as in the service worker. The relay is told
 * by whoever runs the node (sync/waking.ts).
 */
import { liveQuery } from 'dexie'
import { toBase64url } from '../protocol/identifiers.ts'
import { endPush, readPush, savePush } from '../store/push.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { UserError } from './api.ts'
import { log, timer } from './ports.ts'
import { canBeWoken, relayKey } from './waking.ts'

/** Held while a subscription is made or ended: of two at once, one would end what the other has just made. */
const PUSH_LOCK = 'gigi-push'
/** A push service that has not answered by then is taken for out of reach, milliseconds: browsers try for minutes. */
const SUBSCRIBE_MS = 20_000
/** A service worker is at work after that, or not at all in this visit, milliseconds. */
const READY_MS = 10_000

/** Of the browser's push manager what is used here. */
export type Subscriptions = Pick<PushManager, 'getSubscription' | 'subscribe'>

/** The push manager of a tab. Throws UserError `push-not-ready` where no service worker comes up. */
export async function pushOfTab(): Promise<Subscriptions> {
  const { pushManager } = await within(READY_MS, 'push-not-ready', navigator.serviceWorker.ready)
  return pushManager
}

/** Subscribes, for good. Throws UserError `push-no-key`, `push-unreachable` or `notifications-denied`; nothing is changed then. */
export const beginPush = (db: GigiDatabase, browser: Subscriptions): Promise<void> =>
  alone(async () => {
    const vapid = await relayKey(db)
    if (vapid === undefined) throw new UserError('push-no-key')
    await savePush(db, await subscribed(browser, vapid), vapid)
  })

/** It is not wanted any more: the relay is told, and the browser lets go of it when that is settled. */
export const stopPush = (db: GigiDatabase): Promise<void> => alone(() => endPush(db))

/**
 * Subscribes anew where that is wanted and the subscription is gone, or of another key than the relay has now; ends one that is
 * not wanted. Never asks the user. Throws as `beginPush` does, and what is wanted stays so.
 */
export const settlePush = (db: GigiDatabase, browser: Subscriptions): Promise<void> =>
  alone(async () => {
    if ((await readPush(db))?.wanted !== 1) {
      await unsubscribe(browser)
      return
    }
    const vapid = await relayKey(db)
    // It may have one again.
    if (vapid === undefined) return
    if (Notification.permission !== 'granted') throw new UserError('notifications-denied')
    await savePush(db, await subscribed(browser, vapid), vapid)
  })

/** Lets the browser forget its subscription; what is wanted stays so. Never rejects. */
export async function unsubscribe(browser: Subscriptions): Promise<void> {
  try {
    await (await browser.getSubscription())?.unsubscribe()
  } catch (error) {
    log.warn('this browser did not end its push subscription', { reason: String(error) })
  }
}

/** Settles from now on: at once, and whenever what is wanted or the relay's key changes. */
export function keepPush(db: GigiDatabase): void {
  if (!canBeWoken()) return
  const failed = (error: unknown): void => {
    log.warn('could not see to what wakes this browser', { reason: String(error) })
  }
  let before = ''
  const read = () =>
    db.transaction('r', db.meta, async () => [(await readPush(db))?.wanted, await relayKey(db)].join())
  liveQuery(read).subscribe({
    next: (now) => {
      // Most of what changes in the rows is no news here.
      if (now === before) return
      before = now
      navigator.serviceWorker.ready.then(({ pushManager }) => settlePush(db, pushManager)).catch(failed)
    },
    error: failed,
  })
}

/** The endpoint of a subscription with that key: the one that there is, or a new one. */
async function subscribed(browser: Subscriptions, vapid: string): Promise<string> {
  try {
    const before = await browser.getSubscription()
    const key = before?.options.applicationServerKey ?? null
    if (before !== null && key !== null && toBase64url(new Uint8Array(key)) === vapid) return before.endpoint
    // A browser has one subscription at a time, and that of another key is of no use any more.
    await before?.unsubscribe()
    const options = { userVisibleOnly: true, applicationServerKey: vapid }
    return (await within(SUBSCRIBE_MS, 'push-unreachable', browser.subscribe(options))).endpoint
  } catch (error) {
    if (error instanceof UserError) throw error
    log.warn('this browser could not subscribe to pushes', { reason: String(error) })
    const isDenied = error instanceof DOMException && error.name === 'NotAllowedError'
    throw new UserError(isDenied ? 'notifications-denied' : 'push-unreachable', { cause: error })
  }
}

const alone = (task: () => Promise<void>): Promise<void> => navigator.locks.request(PUSH_LOCK, task)

/** What comes in that time; a UserError of that code otherwise. */
async function within<T>(
  ms: number,
  code: 'push-not-ready' | 'push-unreachable',
  coming: Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const callOff = timer.after(ms, () => {
    late.reject(new UserError(code))
  })
  return Promise.race([coming, late.promise]).finally(callOff)
}
