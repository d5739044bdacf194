/** What a tab does about notifications, which the service worker shows: has them shown, and closes them. */
import { type ConversationId, isConversationId } from '../domain/ids.ts'
import type { TellWord } from './telling.ts'

const registered = async (): Promise<ServiceWorkerRegistration | undefined> =>
  'serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : undefined

/** Has the service worker show who wrote, unless someone looks at a tab or the browser does not let us. */
export async function tellByWorker(word: TellWord): Promise<void> {
  const isAllowed = 'Notification' in globalThis && Notification.permission === 'granted'
  if (!isAllowed || document.visibilityState === 'visible') return
  const worker = (await registered())?.active
  worker?.postMessage(word)
}

/** Closes those of conversations in which nothing is unread. To be called when someone looks, so that none is just being shown. */
export async function closeRead(unread: ReadonlySet<ConversationId>): Promise<void> {
  for (const shown of (await (await registered())?.getNotifications()) ?? [])
    if (isConversationId(shown.tag) && !unread.has(shown.tag)) shown.close()
}
