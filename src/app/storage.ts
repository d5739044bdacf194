/** What the browser says of our storage, what it promises, and what is left where it has deleted the database. */
import { liveQuery } from 'dexie'
import { isPeerId, type PeerId } from '../domain/ids.ts'
import { readIdentity } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { Profile, StorageView } from './api.ts'
import type { CommandOptions } from './commands.ts'
import { log } from './ports.ts'

/** Beside the database, so that it may outlive it: the peer id and the nickname of whoever is here. */
const PROFILE_KEY = 'gigi.profile'

/** Keeps word of the profile outside of the database, whenever it is found, made or renamed, and tells who it is. */
export function rememberProfile(db: GigiDatabase, found: (self: PeerId) => void): void {
  const warn = (error: unknown): void => {
    log.warn('could not note whose profile this is', { reason: String(error) })
  }
  liveQuery(() => readIdentity(db)).subscribe({
    next(identity) {
      if (identity === undefined) return
      found(identity.peer_id)
      const profile: Profile = { peerId: identity.peer_id, nickname: identity.nickname }
      try {
        localStorage.setItem(PROFILE_KEY, JSON.stringify(profile))
      } catch (error) {
        warn(error)
      }
    },
    error: warn,
  })
}

/** The profile that was last seen in this browser. */
export function rememberedProfile(): Profile | null {
  const noted = localStorage.getItem(PROFILE_KEY)
  if (noted === null) return null
  try {
    const profile: unknown = JSON.parse(noted)
    return isProfile(profile) ? profile : null
  } catch (error) {
    log.warn('what was noted of the profile cannot be read', { reason: String(error) })
    return null
  }
}

const isProfile = (value: unknown): value is Profile =>
  typeof value === 'object' &&
  value !== null &&
  'peerId' in value &&
  typeof value.peerId === 'string' &&
  isPeerId(value.peerId) &&
  'nickname' in value &&
  typeof value.nickname === 'string'

/** Null where the browser does not tell, as on pages that are not secure. */
export async function readStorage(): Promise<StorageView | null> {
  if (!('storage' in navigator)) return null
  const { usage, quota } = await navigator.storage.estimate()
  if (usage === undefined || quota === undefined) return null
  return { usedBytes: usage, quotaBytes: quota, promised: await navigator.storage.persisted() }
}

/** How the browser is asked to keep what is stored: unasked by the user once at the most, since it may ask them in turn. */
export function createKeeper(): Pick<CommandOptions, 'keep' | 'keepStorage'> {
  let asked = false
  const keepStorage = async (): Promise<boolean> => {
    asked = true
    if (!('storage' in navigator)) return false
    return (await navigator.storage.persisted()) || (await navigator.storage.persist())
  }
  return {
    keepStorage,
    keep: () => {
      if (asked) return
      keepStorage().catch((error: unknown) => {
        log.warn('could not ask the browser to keep the storage', { reason: String(error) })
      })
    },
  }
}
