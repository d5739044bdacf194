/** What of this profile is kept at its mailbox (SPEC 20), and how what was kept is taken in. */
import { labelOf } from '../domain/nickname.ts'
import type { PeerId } from '../domain/ids.ts'
import { SHELF, type Shelf } from '../domain/shelf.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { MAX_KEPT_REVOCATIONS } from '../protocol/limits.ts'
import { type KeptContact, type KeptGrant, type Profile, SETTING_KEYS } from '../protocol/profile.ts'
import { newContact } from './contacts.ts'
import { grantsThatHold, latestToEnd } from './grants.ts'
import { chosenConfig, chosenSettings, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { latestMade, outdatePrekeys } from './prekeys.ts'
import { retentionOf } from './retention.ts'
import type { ContactRow, ConversationRow, GigiDatabase, Settings } from './schema.ts'

/** Accepted and blocked contacts, those first that are to be kept before others; what was chosen of settings and configuration. */
export function readProfile(db: GigiDatabase, epoch: number, writer: Profile['writer']): Promise<Profile> {
  const { meta, identity, contacts, conversations, prekeys, revoked_grants } = db
  const tables = [meta, identity, contacts, conversations, prekeys, revoked_grants]
  return db.transaction('r', tables, async () => {
    await checkEpoch(db, epoch)
    const rows = await db.contacts.where('state').anyOf('accepted', 'blocked').toArray()
    const byPeer = new Map((await db.conversations.toArray()).map((row) => [row.peer_id, row]))
    return {
      writer,
      prekeyMade: await latestMade(db),
      nickname: (await requireIdentity(db)).nickname,
      contacts: inOrderOfWorth(rows, byPeer).map((row) => keptContact(row, byPeer.get(row.peer_id))),
      settings: keptSettings(await chosenSettings(db)),
      config: await chosenConfig(db),
      revoked: latestToEnd(await db.revoked_grants.toArray(), MAX_KEPT_REVOCATIONS),
    }
  })
}

/** Notifications, which the browser has to be asked for, and the language, which it speaks before it reads any of this, are its own affair. */
function keptSettings(chosen: Partial<Settings>): Profile['settings'] {
  const kept: { -readonly [K in keyof Profile['settings']]: Profile['settings'][K] } = {}
  for (const key of SETTING_KEYS) {
    const value = chosen[key]
    if (value !== undefined) kept[key] = value
  }
  return kept
}

/**
 * Whoever opens our link is a contact, and may be anyone: those to whom we wrote come first, then those whom the user has
 * chosen, and among them those with whom there was something last.
 */
function inOrderOfWorth(
  contacts: readonly ContactRow[],
  byPeer: ReadonlyMap<PeerId, ConversationRow>,
): ContactRow[] {
  const worth = (row: ContactRow): number => {
    if (byPeer.get(row.peer_id)?.own_log_id !== undefined) return 2
    const cameByOurLink = row.brought_secret !== undefined && row.invite_secret === undefined
    return row.state === 'accepted' && cameByOurLink ? 0 : 1
  }
  const activity = (row: ContactRow): number => byPeer.get(row.peer_id)?.last_activity ?? row.added_at
  return contacts.toSorted((a, b) => worth(b) - worth(a) || activity(b) - activity(a))
}

const keptContact = (row: ContactRow, conversation: ConversationRow | undefined): KeptContact => ({
  peer: row.peer_id,
  nickname: row.nickname,
  state: row.state === 'blocked' ? 'blocked' : 'accepted',
  relays: row.relays,
  grantFrom: row.grant_from ?? null,
  grantTo: row.grant_to ?? null,
  grantsBefore: row.grants_before ?? [],
  alias: row.alias ?? null,
  shelf: conversation?.listed ?? SHELF.listed,
  mutedUntil: conversation?.muted_until ?? null,
  retention: conversation === undefined ? null : retentionOf(conversation),
})

/**
 * Takes in what was kept: people who are not known here, what others may still do by our leave, and settings and
 * configuration that were not chosen here. What is here stands, but for a nickname that was only made up. The same
 * again changes nothing.
 */
export function mergeProfile(db: GigiDatabase, epoch: number, profile: Profile, now: number): Promise<void> {
  const { meta, identity, contacts, revoked_grants, prekeys } = db
  const tables = [meta, identity, contacts, db.conversations, revoked_grants, prekeys]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const { peer_id: self, nickname } = await requireIdentity(db)
    const revoked = await addRevocations(db, profile.revoked, now)
    const peers = profile.contacts.map(({ peer }) => peer)
    const known = await db.contacts.bulkGet(peers)
    const conversations = await db.conversations.bulkGet(
      peers.map((peer) => directConversationId(self, peer)),
    )
    for (const [i, kept] of profile.contacts.entries()) {
      if (kept.peer === self) continue
      const valid = grantsThatHold(grantsTo(kept), now).filter(({ id }) => !revoked.has(id))
      // A conversation without a contact is what is left of one that was deleted here: nobody brings them back unasked.
      if (known[i] === undefined && conversations[i] !== undefined)
        await db.revoked_grants.bulkPut([...valid])
      // Whoever wrote before we knew them again is a request here, and is what they were.
      else if (known[i] === undefined || known[i].state === 'request')
        await addKept(db, self, known[i], kept, valid, now)
      else if (known[i].state === 'blocked') await db.revoked_grants.bulkPut([...valid])
      else await addGrants(db, known[i], kept, valid, now)
    }
    if (nickname === placeholderName(self) && profile.nickname !== '')
      await db.identity.update('self', { nickname: profile.nickname })
    await mergeChoices(db, profile)
    await outdatePrekeys(db, profile.prekeyMade)
  })
}

const grantsTo = ({ grantTo, grantsBefore }: KeptContact): KeptGrant[] =>
  grantTo === null ? [...grantsBefore] : [...grantsBefore, grantTo]

async function addKept(
  db: GigiDatabase,
  self: PeerId,
  known: ContactRow | undefined,
  kept: KeptContact,
  valid: readonly KeptGrant[],
  now: number,
): Promise<void> {
  const { peer, nickname, state, relays, grantFrom, grantTo } = kept
  const fresh = newContact(self, { peerId: peer, nickname, relays }, state, now)
  const isValid = valid.some(({ id }) => id === grantTo?.id)
  const row: ContactRow = {
    ...fresh.contact,
    ...known,
    ...(kept.alias === null ? {} : { alias: kept.alias }),
    state,
    relays,
    ...(grantFrom === null ? {} : { grant_from: grantFrom }),
    ...(grantTo === null || !isValid ? {} : { grant_to: grantTo }),
    grants_before: valid.filter(({ id }) => !isValid || id !== grantTo?.id),
  }
  await db.contacts.put(row)
  const before = await db.conversations.get(fresh.conversation.id)
  await db.conversations.put({
    ...(before ?? fresh.conversation),
    ...(kept.mutedUntil === null ? {} : { muted_until: kept.mutedUntil }),
    ...(kept.retention === null ? {} : { retention_seconds: kept.retention }),
    listed: shelfOf(kept, before),
    title: row.alias ?? labelOf(nickname, peer),
  })
}

/** Where it stood; but what was written here since does not vanish from the list. */
function shelfOf({ state, shelf }: KeptContact, before: ConversationRow | undefined): Shelf {
  if (state === 'blocked') return SHELF.hidden
  return before !== undefined && shelf === SHELF.hidden ? before.listed : shelf
}

/** Adds what was revoked elsewhere and holds still. Returns all that is revoked. */
async function addRevocations(
  db: GigiDatabase,
  revoked: readonly KeptGrant[],
  now: number,
): Promise<ReadonlySet<string>> {
  const known = new Set(await db.revoked_grants.toCollection().primaryKeys())
  const added = revoked.filter(({ id, ends }) => ends > now && !known.has(id))
  if (added.length > 0) await db.revoked_grants.bulkAdd([...added])
  return known.union(new Set(added.map(({ id }) => id)))
}

/** Blocking an accepted contact is to revoke whatever this identity ever gave them. */
async function addGrants(
  db: GigiDatabase,
  known: ContactRow,
  { grantFrom }: KeptContact,
  valid: readonly KeptGrant[],
  now: number,
): Promise<void> {
  const { grant_to: given, grants_before: before = [] } = known
  const added = valid.filter(({ id }) => id !== given?.id && before.every((other) => other.id !== id))
  if (added.length > 0)
    await db.contacts.update(known.peer_id, { grants_before: grantsThatHold([...before, ...added], now) })
  if (grantFrom !== null && known.grant_from === undefined)
    await db.contacts.update(known.peer_id, { grant_from: grantFrom })
}

async function mergeChoices(db: GigiDatabase, profile: Profile): Promise<void> {
  const [settings, config] = [await chosenSettings(db), await chosenConfig(db)]
  if (addsTo(settings, profile.settings))
    await db.meta.put({ key: 'settings', settings: { ...profile.settings, ...settings } })
  if (addsTo(config, profile.config))
    await db.meta.put({ key: 'config', config: { ...profile.config, ...config } })
}

const addsTo = (chosen: object, kept: object): boolean => Object.keys(kept).some((key) => !(key in chosen))

/** What someone is called who restored an identity and gave no name. */
export const placeholderName = (peer: string): string => `Gigi ${peer.slice(-4)}`
