/** Errands of the service worker, where the browser knows them: what waits goes out though every tab is closed. */
import { log } from './ports.ts'

const TAG = 'gigi-errand'
/** The least time between two errands that nothing asks for, milliseconds: browsers make it longer as they see fit. */
const PERIOD_MS = 12 * 3_600_000

/** TypeScript's library knows neither manager; Chromium alone has them. */
interface Managers {
  readonly sync?: { register(tag: string): Promise<void> }
  readonly periodicSync?: { register(tag: string, options: { minInterval: number }): Promise<void> }
}

async function registration(): Promise<ServiceWorkerRegistration | null> {
  return 'serviceWorker' in navigator ? navigator.serviceWorker.ready : null
}

const managersOf = (registration: ServiceWorkerRegistration | null): Managers =>
  (registration ?? {}) as unknown as Managers

/** Something waits: the service worker is to see to it when it can. Without it that happens when a tab is open again. */
export function askForErrand(): void {
  void registration().then(askForErrandAt)
}

/** The same, also from within the service worker. Resolves when the browser knows, or knows no errands. */
export async function askForErrandAt(registration: ServiceWorkerRegistration | null): Promise<void> {
  try {
    await managersOf(registration).sync?.register(TAG)
  } catch (error) {
    log.info('no errand of the service worker', { reason: String(error) })
  }
}

/** Has the service worker look for mail now and then, where the browser grants it to an installed app. */
export async function askForPeriodicErrands(): Promise<void> {
  const { periodicSync } = managersOf(await registration())
  if (periodicSync === undefined) return
  // A name that TypeScript's library does not know.
  const name = 'periodic-background-sync' as PermissionName
  const { state } = await navigator.permissions.query({ name })
  if (state === 'granted') await periodicSync.register(TAG, { minInterval: PERIOD_MS })
}
