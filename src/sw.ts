/**
 * Service worker: keeps the app's own files, so that it opens without a network, and runs errands while no tab is open.
 */
/// <reference lib="webworker" />
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { runErrand } from './app/errand.ts'
import { openConversation, tellArrivals, tellForTab } from './app/notifications.ts'
import { log } from './app/ports.ts'
import { answerPush, renewSubscription } from './app/pushed.ts'
import { isTellWord } from './app/telling.ts'

declare const self: ServiceWorkerGlobalScope

precacheAndRoute(self.__WB_MANIFEST)
cleanupOutdatedCaches()
// The app is one page; what the relay answers itself is not a page of ours.
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/healthz$/, /^\/config\.json$/],
  }),
)

// A new version waits until the user asks for it.
self.addEventListener('message', (event: ExtendableMessageEvent) => {
  const word: unknown = event.data
  if (typeof word === 'object' && word !== null && 'type' in word && word.type === 'SKIP_WAITING')
    void self.skipWaiting()
  if (isTellWord(word)) event.waitUntil(tellForTab(self, word))
})

// TypeScript's library knows neither `sync` nor `periodicsync`.
self.addEventListener('sync', (event) => {
  ;(event as ExtendableEvent).waitUntil(goOnErrand({ again: true }))
})
self.addEventListener('periodicsync', (event) => {
  ;(event as ExtendableEvent).waitUntil(goOnErrand({ again: false }))
})
self.addEventListener('push', (event) => {
  event.waitUntil(answerPush(self))
})
// TypeScript's library knows of it as an event of no kind.
self.addEventListener('pushsubscriptionchange', (event) => {
  ;(event as ExtendableEvent).waitUntil(renewSubscription(self).finally(() => goOnErrand({ again: false })))
})
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(openConversation(self, event.notification))
})

/** `again`: the browser calls once more, some minutes later, when this rejects: so it does while a tab leads, or time was short. */
async function goOnErrand({ again }: { readonly again: boolean }): Promise<void> {
  const { end, arrivals } = await runErrand(async (arrivals) => {
    await tellArrivals(self, arrivals)
  })
  log.info('an errand is over', { end, arrivals: arrivals.length })
  if (again && (end === 'busy' || end === 'cut-off')) throw new Error(`the errand is not done: ${end}`)
}
