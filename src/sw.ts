/** Service worker: keeps the app's own files, so that it opens without a network. */
/// <reference lib="webworker" />
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

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
})
