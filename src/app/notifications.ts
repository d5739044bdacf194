/** Notifications of the service worker: who wrote while no tab was open, and the way to it. */
/// <reference lib="webworker" />
import { isPeerId, type PeerId } from '../domain/ids.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { DEFAULT_SETTINGS, readIdentity, readSettings } from '../store/identity.ts'
import { GigiDatabase, type Settings } from '../store/schema.ts'
import type { Arrival } from './errand.ts'
import { closeNotice, NOTICE_TAG } from './notice.ts'
import { wordsOf } from './words.ts'

const ICON = '/icon-192.png'

/** The app is one page. */
const PAGE = '/'

/** Whether someone looks at the app: it says itself what has come. */
export async function isLookedAt({ clients }: ServiceWorkerGlobalScope): Promise<boolean> {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  return windows.some(
    ({ url, visibilityState }) => visibilityState === 'visible' && new URL(url).pathname === PAGE,
  )
}

/**
 * Shows who wrote, one notification for each person, as far as nobody looks, the user wants it and the browser lets us.
 * Resolves with whether there was anything to show.
 */
export async function tellArrivals(
  worker: ServiceWorkerGlobalScope,
  arrivals: readonly Arrival[],
  { silent = false }: { readonly silent?: boolean } = {},
): Promise<boolean> {
  if (arrivals.length === 0 || Notification.permission !== 'granted' || (await isLookedAt(worker)))
    return false
  const { registration } = worker
  const { notifications, notificationNames, language } = await settings()
  const words = wordsOf(language, navigator.languages)
  if (!notifications) return false
  for (const { peer, name, unread } of arrivals)
    await registration.showNotification(notificationNames ? name : 'Gigi', {
      body: words.newMessages(unread),
      lang: words.language,
      dir: words.direction,
      // The next one of the same person takes its place.
      tag: peer,
      icon: ICON,
      badge: ICON,
      data: peer,
      silent,
    })
  await closeNotice(registration)
  return true
}

/** Shows, without a sound, that there may be something: the one before it goes, and it goes itself when the app is looked at. */
export async function showNotice({ registration }: ServiceWorkerGlobalScope): Promise<void> {
  if (Notification.permission !== 'granted') return
  // Also of a store that fails: something has to be shown.
  const { language } = await settings().catch(() => DEFAULT_SETTINGS)
  const words = wordsOf(language, navigator.languages)
  await registration.showNotification('Gigi', {
    body: words.maybe,
    lang: words.language,
    dir: words.direction,
    tag: NOTICE_TAG,
    icon: ICON,
    badge: ICON,
    silent: true,
  })
}

async function settings(): Promise<Settings> {
  const db = new GigiDatabase()
  return readSettings(db).finally(() => {
    db.close()
  })
}

/** Brings the app to the front, with the conversation that a notification is about. */
export async function openConversation(
  { clients }: ServiceWorkerGlobalScope,
  notification: Notification,
): Promise<void> {
  const path = await pathTo(notification.data)
  const [open] = await clients.matchAll({ type: 'window' })
  if (open === undefined) await clients.openWindow(path)
  else await ((await open.navigate(path).catch(() => null)) ?? open).focus()
}

async function pathTo(peer: unknown): Promise<string> {
  if (typeof peer !== 'string' || !isPeerId(peer)) return '/'
  const db = new GigiDatabase()
  const self = (
    await readIdentity(db).finally(() => {
      db.close()
    })
  )?.peer_id
  return self === undefined ? '/' : `/#/c/${directConversationId(self, peer satisfies PeerId)}`
}
