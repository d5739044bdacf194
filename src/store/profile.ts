/** What of this profile is kept at its mailbox, and how it comes back into an empty one. */
import { labelOf } from '../domain/nickname.ts'
import { MAX_KEPT_CONTACTS } from '../protocol/limits.ts'
import type { KeptContact, Profile } from '../protocol/profile.ts'
import { newContact } from './contacts.ts'
import { DEFAULT_SETTINGS, readConfig, readSettings, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import type { ContactRow, GigiDatabase } from './schema.ts'

/** Accepted and blocked contacts, those who were added last first, at most MAX_KEPT_CONTACTS; settings and configuration. */
export function readProfile(db: GigiDatabase, epoch: number): Promise<Profile> {
  return db.transaction('r', db.meta, db.identity, db.contacts, async () => {
    await checkEpoch(db, epoch)
    const rows = await db.contacts.where('state').anyOf('accepted', 'blocked').toArray()
    return {
      nickname: (await requireIdentity(db)).nickname,
      contacts: rows
        .sort((a, b) => b.added_at - a.added_at)
        .slice(0, MAX_KEPT_CONTACTS)
        .map(keptContact),
      settings: await readSettings(db),
      config: await readConfig(db),
    }
  })
}

const keptContact = (row: ContactRow): KeptContact => ({
  peer: row.peer_id,
  nickname: row.nickname,
  state: row.state === 'blocked' ? 'blocked' : 'accepted',
  relays: row.relays,
  grantFrom: row.grant_from ?? null,
  grantTo: row.grant_to ?? null,
})

/** Whether this profile has looked at what its mailbox kept. */
export async function isRecalled(db: GigiDatabase): Promise<boolean> {
  return (await db.meta.get('backup')) !== undefined
}

/**
 * Takes in what was kept (null: nothing was), once: people who are not known here, and settings and configuration that
 * were not chosen here. Nothing that is here is changed, but for a nickname that was only made up.
 */
export function mergeProfile(
  db: GigiDatabase,
  epoch: number,
  profile: Profile | null,
  now: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.identity, db.contacts, db.conversations, async () => {
    await checkEpoch(db, epoch)
    if (await isRecalled(db)) return
    await db.meta.put({ key: 'backup', recalled: 1 })
    if (profile === null) return
    const { peer_id: self, nickname } = await requireIdentity(db)
    for (const kept of profile.contacts) await addKept(db, self, kept, now)
    if (nickname === placeholderName(self) && profile.nickname !== '')
      await db.identity.update('self', { nickname: profile.nickname })
    if ((await db.meta.get('settings')) === undefined)
      // Notifications are this browser's own affair: it has to be asked.
      await db.meta.put({ key: 'settings', settings: { ...DEFAULT_SETTINGS, ...profile.settings } })
    if ((await db.meta.get('config')) === undefined)
      await db.meta.put({ key: 'config', config: profile.config })
  })
}

async function addKept(
  db: GigiDatabase,
  self: ContactRow['peer_id'],
  { peer, nickname, state, relays, grantFrom, grantTo }: KeptContact,
  now: number,
): Promise<void> {
  const known = await db.contacts.get(peer)
  // Whoever wrote before we knew them again is a request here, and is what they were.
  if (peer === self || (known !== undefined && known.state !== 'request')) return
  const fresh = newContact(self, { peerId: peer, nickname, relays }, state, now)
  await db.contacts.put({
    ...fresh.contact,
    ...known,
    state,
    relays,
    ...(grantFrom === null ? {} : { grant_from: grantFrom }),
    ...(grantTo === null ? {} : { grant_to: grantTo }),
  })
  const listed = state === 'blocked' ? 0 : 1
  const conversation = (await db.conversations.get(fresh.conversation.id)) ?? fresh.conversation
  await db.conversations.put({ ...conversation, listed, title: labelOf(nickname, peer) })
}

/** What someone is called who restored an identity and gave no name. */
export const placeholderName = (peer: string): string => `Gigi ${peer.slice(-4)}`
