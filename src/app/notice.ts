/** The notification that is shown of a push for which there is nothing better to show: which one it is, and its end. */
import { log } from './ports.ts'

/** There is one at a time: the next takes its place. */
export const NOTICE_TAG = 'gigi-woken'

/** Closes it, if it is there. */
export async function closeNotice(registration: ServiceWorkerRegistration): Promise<void> {
  for (const notice of await registration.getNotifications({ tag: NOTICE_TAG })) notice.close()
}

/** Whoever looks at the app need not be told any more that there may be something: now, and each time it is looked at. */
export function closeNoticeWhenSeen(): void {
  if (!('serviceWorker' in navigator)) return
  const close = async (): Promise<void> => {
    const registration = await navigator.serviceWorker.getRegistration()
    if (registration !== undefined && document.visibilityState === 'visible') await closeNotice(registration)
  }
  const closeNow = (): void => {
    close().catch((error: unknown) => {
      log.info('could not close the notice', { reason: String(error) })
    })
  }
  document.addEventListener('visibilitychange', closeNow)
  closeNow()
}
