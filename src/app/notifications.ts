/**
 * Notifications, all shown by the service worker: who wrote while no tab was open, or none was looked at, and the way to it.
 * `getNotifications` is never called while one is being shown: Chromium takes what it has stored and not displayed yet for
 * closed.
 */
/// <reference lib="webworker" />
import { isConversationId } from '../domain/ids.ts'
import { DEFAULT_SETTINGS, readSettings } from '../store/identity.ts'
import { GigiDatabase, type Settings } from '../store/schema.ts'
import { badgeIcon, readBadge } from './badge.ts'
import { closeNotice, NOTICE_TAG } from './notice.ts'
import type { Arrival, TellWord } from './telling.ts'
import { wordsOf, type Words } from './words.ts'

const ICON = '/icon-192.png'

/** The app is one page. */
const PAGE = '/'

/** Whether someone looks at the app: it says itself what has come. */
export async function isLookedAt({ clients }: ServiceWorkerGlobalScope): Promise<boolean> {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  return windows.some((window) => isOurs(window) && window.visibilityState === 'visible')
}

const isOurs = ({ url }: WindowClient): boolean => new URL(url).pathname === PAGE

export interface Telling {
  readonly silent?: boolean
  /** For a tab that is open. */
  readonly open?: boolean
}

/**
 * Shows who wrote, one notification for each conversation, as far as nobody looks, the user wants it and the browser lets us; and how
 * much is unread, on the icon.
 * Resolves with whether there was anything to show.
 */
export async function tellArrivals(
  worker: ServiceWorkerGlobalScope,
  arrivals: readonly Arrival[],
  { silent = false, open = false }: Telling = {},
): Promise<boolean> {
  if (arrivals.length === 0) return false
  const { registration } = worker
  const db = new GigiDatabase()
  const [settings, count] = await Promise.all([readSettings(db), readBadge(db)]).finally(() => {
    db.close()
  })
  // Tabs see to it themselves.
  if (!open) await badgeIcon(count)
  if (Notification.permission !== 'granted' || (await isLookedAt(worker))) return false
  if (!(open ? settings.notificationsOpen : settings.notifications)) return false
  await closeNotice(registration)
  const words = wordsOf(settings.language, navigator.languages)
  for (const arrival of arrivals)
    await registration.showNotification(settings.notificationNames ? arrival.name : 'Gigi', {
      body: bodyOf(arrival, settings.notificationNames, words),
      lang: words.language,
      dir: words.direction,
      // The next one of the same conversation takes its place.
      tag: arrival.conversation,
      icon: ICON,
      badge: ICON,
      data: arrival.conversation,
      silent,
    })
  return true
}

/** Shows what a tab has seen coming. */
export async function tellForTab(
  worker: ServiceWorkerGlobalScope,
  { arrivals, silent }: TellWord,
): Promise<void> {
  await tellArrivals(worker, arrivals, { silent, open: true })
}

function bodyOf({ unread, isRequest, author, mentions }: Arrival, isNamed: boolean, words: Words): string {
  if (isRequest) return isNamed ? words.request : words.requestOfSomeone
  if (mentions !== undefined && isNamed && author !== undefined) return words.mentioned(author)
  if (author !== undefined && isNamed) return words.newMessagesOf(author, unread)
  return words.newMessages(unread)
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
  const path = pathTo(notification.data)
  const open = (await clients.matchAll({ type: 'window' })).find(isOurs)
  if (open === undefined) await clients.openWindow(path)
  else await ((await open.navigate(path).catch(() => null)) ?? open).focus()
}

const pathTo = (conversation: unknown): string =>
  typeof conversation === 'string' && isConversationId(conversation) ? `/#/c/${conversation}` : '/'
