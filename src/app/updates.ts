/** New versions: the service worker fetches them; the user says when they take over. */
import { registerSW } from 'virtual:pwa-register'
import { log } from './ports.ts'

export interface UpdateFeed {
  /** Calls `listener` with how to switch to the new version, or null while there is none. */
  subscribe(listener: (apply: (() => void) | null) => void): () => void
}

/** Registers the service worker. Where that fails the app works all the same, but not offline. */
export function watchForUpdates(): UpdateFeed {
  const listeners = new Set<(apply: (() => void) | null) => void>()
  let apply: (() => void) | null = null
  const update = registerSW({
    onNeedRefresh() {
      offer().catch((error: unknown) => {
        log.warn('could not offer the new version', { reason: String(error) })
      })
    },
    onRegisterError(error: unknown) {
      log.warn('no service worker', { reason: String(error) })
    },
  })
  async function offer(): Promise<void> {
    const registration = await navigator.serviceWorker.getRegistration()
    // What waits while there is none before it is the first version, slow to begin: there is nothing to change to.
    if (registration?.waiting == null || registration.active === null) return
    apply = () => {
      update(true).catch((error: unknown) => {
        log.warn('could not switch to the new version', { reason: String(error) })
      })
    }
    for (const listener of listeners) listener(apply)
  }
  return {
    subscribe(listener) {
      listeners.add(listener)
      listener(apply)
      return () => listeners.delete(listener)
    },
  }
}
