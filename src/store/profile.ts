/** What of this profile is kept at its mailbox (SPEC 20), and how what was kept is taken in. */
import { labelOf } from '../domain/nickname.ts'
import type { PeerId } from '../domain/ids.ts'
import { SHELF } from '../domain/shelf.ts'
import type { KeptContact, KeptGrant, KeptGroup, Profile } from '../protocol/profile.ts'
import { MAX_GROUPS } from '../protocol/limits.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { newContact } from './contacts.ts'
import { grantsThatHold } from './grants.ts'
import { newGroup } from './groups.ts'
import { chosenConfig, chosenSettings, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { latestMade, outdatePrekeys } from './prekeys.ts'
import type { ContactRow, ConversationRow, GigiDatabase } from './schema.ts'

/** Accepted and blocked contacts, those first that are to be kept before others; what was chosen of settings and configuration. */
export function readProfile(db: GigiDatabase, epoch: number, writer: Profile['writer']): Promise<Profile> {
  const { meta, identity, contacts, conversations, prekeys, groups } = db
  return db.transaction('r', [meta, identity, contacts, conversations, prekeys, groups], async () => {
    await checkEpoch(db, epoch)
    const rows = await db.contacts.where('state').anyOf('accepted', 'blocked').toArray()
    const { readReceipts, nearby } = await chosenSettings(db)
    return {
      writer,
      prekeyMade: await latestMade(db),
      nickname: (await requireIdentity(db)).nickname,
      contacts: inOrderOfWorth(rows, await db.conversations.toArray()).map(keptContact),
      settings: {
        ...(readReceipts === undefined ? {} : { readReceipts }),
        ...(nearby === undefined ? {} : { nearby }),
      },
      config: await chosenConfig(db),
      groups: await joinedGroups(db),
    }
  })
}

/** Those that we have joined, or want to, in the order of their ids: the same ones give the same bytes. */
async function joinedGroups(db: GigiDatabase): Promise<KeptGroup[]> {
  const rows = await db.groups.filter(({ choice }) => choice === 'joined').toArray()
  return rows.slice(0, MAX_GROUPS).map(({ id, creator, state }) => ({ id, creator, name: state.name }))
}

/**
 * Whoever opens our link is a contact, and may be anyone: those to whom we wrote come first, then those whom the user has
 * chosen, and among them those with whom there was something last.
 */
function inOrderOfWorth(
  contacts: readonly ContactRow[],
  conversations: readonly ConversationRow[],
): ContactRow[] {
  const byPeer = new Map(conversations.map((row) => [row.peer_id, row]))
  const worth = (row: ContactRow): number => {
    if (byPeer.get(row.peer_id)?.own_log_id !== undefined) return 2
    const cameByOurLink = row.brought_secret !== undefined && row.invite_secret === undefined
    return row.state === 'accepted' && cameByOurLink ? 0 : 1
  }
  const activity = (row: ContactRow): number => byPeer.get(row.peer_id)?.last_activity ?? row.added_at
  return contacts.toSorted((a, b) => worth(b) - worth(a) || activity(b) - activity(a))
}

const keptContact = (row: ContactRow): KeptContact => ({
  peer: row.peer_id,
  nickname: row.nickname,
  state: row.state === 'blocked' ? 'blocked' : 'accepted',
  relays: row.relays,
  grantFrom: row.grant_from ?? null,
  grantTo: row.grant_to ?? null,
  grantsBefore: row.grants_before ?? [],
})

/**
 * Takes in what was kept: people who are not known here, what others may still do by our leave, and settings and
 * configuration that were not chosen here. What is here stands, but for a nickname that was only made up. The same
 * again changes nothing.
 */
export function mergeProfile(db: GigiDatabase, epoch: number, profile: Profile, now: number): Promise<void> {
  const { meta, identity, contacts, revoked_grants, prekeys } = db
  const tables = [meta, identity, contacts, db.conversations, revoked_grants, prekeys, db.groups]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const { peer_id: self, nickname } = await requireIdentity(db)
    const revoked = new Set(await db.revoked_grants.toCollection().primaryKeys())
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
    for (const group of profile.groups) await addKeptGroup(db, group, now)
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
  { peer, nickname, state, relays, grantFrom, grantTo }: KeptContact,
  valid: readonly KeptGrant[],
  now: number,
): Promise<void> {
  const fresh = newContact(self, { peerId: peer, nickname, relays }, state, now)
  const isValid = valid.some(({ id }) => id === grantTo?.id)
  await db.contacts.put({
    ...fresh.contact,
    ...known,
    state,
    relays,
    ...(grantFrom === null ? {} : { grant_from: grantFrom }),
    ...(grantTo === null || !isValid ? {} : { grant_to: grantTo }),
    grants_before: valid.filter(({ id }) => !isValid || id !== grantTo?.id),
  })
  const conversation = (await db.conversations.get(fresh.conversation.id)) ?? fresh.conversation
  const listed = state === 'blocked' ? SHELF.hidden : conversation.listed
  await db.conversations.put({ ...conversation, listed, title: known?.alias ?? labelOf(nickname, peer) })
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

/** What it is, and who is in it, say those whom we meet: we were in it. */
async function addKeptGroup(db: GigiDatabase, { id, creator, name }: KeptGroup, now: number): Promise<void> {
  if ((await db.groups.get(id)) !== undefined || (await db.groups.count()) >= MAX_GROUPS) return
  const fresh = newGroup(id, creator, name, 'joined', now)
  await db.groups.add({ ...fresh.group, restored: 1 })
  await db.conversations.add({ ...fresh.conversation, listed: SHELF.listed })
}

/** Notifications are not among them: they are this browser's own affair, which has to be asked. */
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
