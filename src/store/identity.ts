/** Who we are on this device: the identity, the installation, the settings and the invite link's secret. */
import { DEFAULT_CONFIG, type PersistenceConfig } from '../domain/config.ts'
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import { checkEpoch } from './leadership.ts'
import { retirePrekeys } from './prekeys.ts'
import type { GigiDatabase, IdentityRow, InstallationRow, Settings } from './schema.ts'

export const DEFAULT_SETTINGS: Settings = {
  readReceipts: true,
  nearby: true,
  notifications: false,
  notificationsOpen: true,
  notificationNames: true,
  language: 'system',
  sound: true,
  badge: true,
}

export interface NewIdentity {
  readonly peerId: PeerId
  readonly nickname: string
  readonly entropy: Uint8Array
  readonly installationId: InstallationId
  readonly now: number
}

/** Writes the identity of an empty profile. Returns false, and changes nothing, when there is one already. */
export function createIdentity(db: GigiDatabase, identity: NewIdentity): Promise<boolean> {
  return db.transaction('rw', db.identity, db.installation, async () => {
    if ((await db.identity.get('self')) !== undefined) return false
    await db.identity.add({
      id: 'self',
      peer_id: identity.peerId,
      nickname: identity.nickname,
      entropy: identity.entropy,
      created_at: identity.now,
    })
    await db.installation.put({ key: 'self', id: identity.installationId, last_minted_ms: 0 })
    return true
  })
}

export const readIdentity = (db: GigiDatabase): Promise<IdentityRow | undefined> => db.identity.get('self')

/** The identity of a profile that must have one by now. */
export async function requireIdentity(db: GigiDatabase): Promise<IdentityRow> {
  const identity = await readIdentity(db)
  if (identity === undefined) throw new Error('this profile has no identity yet')
  return identity
}

export async function setNickname(db: GigiDatabase, nickname: string): Promise<void> {
  await db.identity.update('self', { nickname })
}

export const readSettings = async (db: GigiDatabase): Promise<Settings> => ({
  ...DEFAULT_SETTINGS,
  ...(await chosenSettings(db)),
})

/** What was chosen of the settings here. */
export async function chosenSettings(db: GigiDatabase): Promise<Partial<Settings>> {
  const row = await db.meta.get('settings')
  return row?.key === 'settings' ? row.settings : {}
}

/** What differs from before counts as chosen from here on. */
export function saveSettings(db: GigiDatabase, settings: Settings): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    const chosen = { ...(await chosenSettings(db)), ...changes(await readSettings(db), settings) }
    await db.meta.put({ key: 'settings', settings: chosen })
  })
}

/** What of `after` is not as it was. */
function changes<T extends object>(before: T, after: T): Partial<T> {
  const changed: Partial<T> = {}
  for (const key of Object.keys(after) as (keyof T)[])
    if (after[key] !== before[key]) changed[key] = after[key]
  return changed
}

/** The installation row; there is one wherever there is an identity. */
export async function requireInstallation(db: GigiDatabase): Promise<InstallationRow> {
  const row = await db.installation.get('self')
  if (row === undefined) throw new Error('this profile has no installation row')
  return row
}

/** When this node starts, for others: later than any start of this identity that is known (milliseconds). */
export function nextStart(db: GigiDatabase, epoch: number, now: number): Promise<number> {
  return db.transaction('rw', db.meta, db.installation, async () => {
    await checkEpoch(db, epoch)
    const { last_start_ms: last = 0 } = await requireInstallation(db)
    const started = Math.min(MAX_TIME_MS, Math.max(now, last + 1))
    await db.installation.update('self', { last_start_ms: started })
    return started
  })
}

/**
 * Another installation of this identity started then, and this one makes way: our next start is later. What was sealed to
 * our prekeys is opened by nobody but us, and not for ever.
 */
export function noteReplacement(
  db: GigiDatabase,
  epoch: number,
  started: number,
  now: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.installation, db.prekeys, async () => {
    await checkEpoch(db, epoch)
    await retirePrekeys(db, now)
    const { last_start_ms: last = 0 } = await requireInstallation(db)
    await db.installation.update('self', {
      last_start_ms: Math.max(started, last),
      replaced_by_ms: started,
    })
  })
}

/** Whether another installation has taken the identity over, and this one has not been opened since. */
export async function isReplaced(db: GigiDatabase): Promise<boolean> {
  const { replaced_by_ms: replaced = 0, last_start_ms: last = 0 } = await requireInstallation(db)
  return replaced > 0 && replaced >= last
}

/** When this installation was last started by its user; null before the first time. */
export async function lastStart(db: GigiDatabase): Promise<number | null> {
  return (await requireInstallation(db)).last_start_ms ?? null
}

/** The start of the last installation that this one made way for; 0 when there was none. */
export async function lastReplacement(db: GigiDatabase): Promise<number> {
  return (await db.installation.get('self'))?.replaced_by_ms ?? 0
}

export interface InviteSecret {
  readonly secret: string
  readonly expires: number
}

/** The secret of the current invite link, if one was made and has not expired. */
export async function readInviteSecret(db: GigiDatabase, now: number): Promise<InviteSecret | null> {
  const row = await db.meta.get('invite')
  return row?.key === 'invite' && row.expires > now ? { secret: row.secret, expires: row.expires } : null
}

/** The persistence configuration: what was chosen of it, and the defaults. */
export const readConfig = async (db: GigiDatabase): Promise<PersistenceConfig> => ({
  ...DEFAULT_CONFIG,
  ...(await chosenConfig(db)),
})

/** What was chosen of the configuration here. */
export async function chosenConfig(db: GigiDatabase): Promise<Partial<PersistenceConfig>> {
  const row = await db.meta.get('config')
  return row?.key === 'config' ? row.config : {}
}

/**
 * Holds for new rows at once, and for queued rows from their next scheduling; what differs from before counts as chosen.
 * The caller has checked the bounds.
 */
export function saveConfig(db: GigiDatabase, config: PersistenceConfig): Promise<void> {
  return db.transaction('rw', db.meta, async () => {
    const chosen = { ...(await chosenConfig(db)), ...changes(await readConfig(db), config) }
    await db.meta.put({ key: 'config', config: chosen })
  })
}

/** What the relay last told of itself; nothing before the first time. */
export async function readRelayConfig(db: GigiDatabase): Promise<RelayConfig | null> {
  const row = await db.meta.get('relay')
  return row?.key === 'relay' ? row.config : null
}

export async function saveRelayConfig(db: GigiDatabase, config: RelayConfig): Promise<void> {
  await db.meta.put({ key: 'relay', config })
}
