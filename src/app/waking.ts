/** Whether mail wakes this browser, as the settings ask it: `push.ts` changes it. */
import { readRelayConfig } from '../store/identity.ts'
import { readPush } from '../store/push.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { WakingState } from './api.ts'
import { log } from './ports.ts'

/** Whether this browser knows Web Push, on pages like this one. */
export const canBeWoken = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis

/** Whether this browser is woken when mail comes; null: it cannot be, and nobody wants it. */
export function readWaking(
  db: GigiDatabase,
  endpoint: () => Promise<string | null>,
): Promise<WakingState | null> {
  const read = db.transaction('r', db.meta, async () => ({
    row: await readPush(db),
    vapid: await relayKey(db),
  }))
  return read.then(async ({ row, vapid }) => {
    if (row?.wanted !== 1) return vapid === undefined ? null : 'off'
    if (vapid === undefined) return 'no-key'
    if (row.vapid !== vapid || (await endpoint()) !== row.endpoint) return 'lost'
    return row.refused === 1 ? 'refused' : 'on'
  })
}

/** Where this browser is subscribed at the moment. */
export async function endpointOfTab(): Promise<string | null> {
  try {
    const registration = await navigator.serviceWorker.getRegistration()
    return (await registration?.pushManager.getSubscription())?.endpoint ?? null
  } catch (error) {
    log.warn('this browser does not tell its push subscription', { reason: String(error) })
    return null
  }
}

/** The key by which the relay wakes browsers; undefined: it wakes none. */
export const relayKey = async (db: GigiDatabase): Promise<string | undefined> =>
  (await readRelayConfig(db))?.vapid
