/** Contacts and their direct conversations: each contact has exactly one. */
import { Dexie } from 'dexie'
import { NEVER } from '../domain/backoff.ts'
import type { PeerId } from '../domain/ids.ts'
import { isNewerStart, type Start } from '../protocol/frames.ts'
import { SHELF } from '../domain/shelf.ts'
import type { ContactRow, ContactState, ConversationRow, GigiDatabase } from './schema.ts'
import { labelOf } from '../domain/nickname.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { revokeGrant, revokeInviteGrant } from './grants.ts'
import { checkEpoch } from './leadership.ts'
import { oweProof } from './owed.ts'
import { titleOf } from './people.ts'

export interface NewContact {
  readonly peerId: PeerId
  readonly nickname: string
  readonly relays: readonly string[]
  readonly inviteSecret?: string
  /** Their leave to leave them mail, as their link gives it, sealed. */
  readonly grant?: Uint8Array
}

/** The rows of a new contact and its conversation; nothing is written. */
export function newContact(
  self: PeerId,
  contact: NewContact,
  state: ContactState,
  now: number,
): { contact: ContactRow; conversation: ConversationRow } {
  const nickname = labelOf(contact.nickname, contact.peerId)
  return {
    contact: {
      peer_id: contact.peerId,
      nickname,
      state,
      relays: contact.relays,
      added_at: now,
      request_messages: 0,
      request_bytes: 0,
      ...(contact.inviteSecret === undefined ? {} : { invite_secret: contact.inviteSecret }),
      ...(contact.grant === undefined ? {} : { grant_from: contact.grant }),
    },
    conversation: {
      id: directConversationId(self, contact.peerId),
      msg_type: 'Direct',
      peer_id: contact.peerId,
      title: nickname,
      unread: 0,
      last_activity: now,
      clock_ms: 0,
      clock_logical: 0,
      listed: SHELF.listed,
    },
  }
}

/**
 * Makes someone an accepted contact, and their conversation, or finds them. Of a known one the label, the
 * relays and the secret are renewed. Adding someone who was blocked unblocks them: the user asked for it.
 */
export function addContact(
  db: GigiDatabase,
  self: PeerId,
  contact: NewContact,
  now: number,
): Promise<ConversationRow> {
  const { contacts, conversations, owed, offline_queue } = db
  return db.transaction('rw', [contacts, conversations, owed, offline_queue], async () => {
    const fresh = newContact(self, contact, 'accepted', now)
    const known = await db.contacts.get(contact.peerId)
    const row: ContactRow = { ...known, ...fresh.contact, added_at: known?.added_at ?? now }
    // The same link again brings nothing better than what they gave us since.
    if (known?.grant_from !== undefined && known.invite_secret === contact.inviteSecret)
      row.grant_from = known.grant_from
    await db.contacts.put(row)
    if (known?.state === 'blocked') await takeBackIn(db, contact.peerId)
    const conversation = await db.conversations.get(fresh.conversation.id)
    if (conversation === undefined) {
      await db.conversations.add(fresh.conversation)
      return fresh.conversation
    }
    await db.conversations.update(conversation.id, {
      title: titleOf(row),
      listed: conversation.listed === SHELF.hidden ? SHELF.listed : conversation.listed,
    })
    return conversation
  })
}

/**
 * Changes how we stand to a contact; a blocked one's conversation is kept and not listed. The link by which
 * someone blocked came to us is void from then on, since it tells them when we are there, and so is what lets them
 * leave us mail. Whoever is blocked no more is owed word of it: with what they have they can leave us none.
 */
export function setContactState(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  state: ContactState,
): Promise<void> {
  const { meta, contacts, conversations, revoked_grants, owed, offline_queue } = db
  const tables = [meta, contacts, conversations, revoked_grants, owed, offline_queue]
  return db.transaction('rw', tables, async () => {
    const before = (await db.contacts.get(peer))?.state
    await db.contacts.update(peer, { state })
    if (state === 'blocked') await shutOut(db, peer)
    else if (before === 'blocked') await takeBackIn(db, peer)
    await db.conversations.update(directConversationId(self, peer), (row) => {
      if (state === 'blocked') row.listed = SHELF.hidden
      else if (row.listed === SHELF.hidden) row.listed = SHELF.listed
    })
  })
}

/** They are told, and what waited for them is tried as before, except what was tried often enough. */
async function takeBackIn(db: GigiDatabase, peer: PeerId): Promise<void> {
  // By no clock: whatever has been told since they were blocked is later.
  await oweProof(db, peer, 0)
  await db.offline_queue
    .where('[target_peer_id+message_id]')
    .between([peer, Dexie.minKey], [peer, Dexie.maxKey])
    .filter((row) => row.next_retry_at === NEVER && row.retry_count < row.max_retries)
    .modify({ next_retry_at: 0 })
}

/** Within a transaction over `meta`, `contacts`, `revoked_grants` and `owed`. */
export async function shutOut(db: GigiDatabase, peer: PeerId): Promise<void> {
  const contact = await db.contacts.get(peer)
  const invite = await db.meta.get('invite')
  if (invite?.key === 'invite' && invite.secret === contact?.brought_secret) {
    await revokeInviteGrant(db, invite)
    await db.meta.delete('invite')
  }
  await revokeGrant(db, contact)
  await db.owed.delete(peer)
}

/** What a session says stands over letters from before it; that it said the same again is noted so often, milliseconds. */
const SAID_AGAIN_MS = 3_600_000

/**
 * What a peer says of itself in a session, at `now`: its label, its relays and which installation it is. Returns the start of
 * another installation that is known to be newer, if there is one; then, and for a stranger, nothing is changed.
 */
export function updateContact(
  db: GigiDatabase,
  epoch: number,
  self: PeerId,
  peer: PeerId,
  said: Start & { readonly nickname: string; readonly relays: readonly string[] },
  now: number,
): Promise<Start | null> {
  return db.transaction('rw', db.meta, db.contacts, db.conversations, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact === undefined) return null
    const { newest_start: newest } = contact
    if (newest !== undefined && newest.installation !== said.installation && isNewerStart(newest, said))
      return newest
    const nickname = said.nickname === '' ? contact.nickname : said.nickname
    const relays = said.relays.length === 0 ? contact.relays : said.relays
    const { installation, started, signature } = said
    const same = nickname === contact.nickname && relays.join() === contact.relays.join()
    const { card_written: before = 0 } = contact
    const isKnown = same && newest?.installation === installation && newest.started === started
    if (isKnown && now - before < SAID_AGAIN_MS) return null
    const card_written = Math.max(before, started, now)
    const newest_start = { installation, started, signature }
    await db.contacts.update(peer, { nickname, relays, card_written, newest_start })
    if (nickname !== contact.nickname)
      await db.conversations.update(directConversationId(self, peer), {
        title: titleOf({ ...contact, nickname }),
      })
    return null
  })
}

/** What a letter says of its sender, if no later one has said it; of a stranger nothing is kept. */
export function takeCard(
  db: GigiDatabase,
  epoch: number,
  self: PeerId,
  peer: PeerId,
  said: { readonly nickname: string; readonly relays: readonly string[] },
  written: number,
): Promise<void> {
  return db.transaction('rw', db.meta, db.contacts, db.conversations, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact?.state !== 'accepted' && contact?.state !== 'member') return
    if ((contact.card_written ?? 0) >= written) return
    const nickname = said.nickname === '' ? contact.nickname : labelOf(said.nickname, peer)
    const relays = said.relays.length === 0 ? contact.relays : said.relays
    await db.contacts.update(peer, { nickname, relays, card_written: written })
    if (nickname !== contact.nickname)
      await db.conversations.update(directConversationId(self, peer), {
        title: titleOf({ ...contact, nickname }),
      })
  })
}

/** Gives a contact a name of the user's own, kept whatever they call themselves; null: their nickname again. */
export function setAlias(db: GigiDatabase, self: PeerId, peer: PeerId, alias: string | null): Promise<void> {
  return db.transaction('rw', db.contacts, db.conversations, async () => {
    const contact = await db.contacts.get(peer)
    if (contact === undefined) throw new Error(`no contact ${peer}`)
    const renamed = { ...contact }
    if (alias === null) delete renamed.alias
    else renamed.alias = alias
    await db.contacts.put(renamed)
    await db.conversations.update(directConversationId(self, peer), { title: titleOf(renamed) })
  })
}

/** Notes when a prekey of a contact was made. Returns whether none is known that was made later. */
export function notePrekey(db: GigiDatabase, epoch: number, peer: PeerId, made: number): Promise<boolean> {
  return db.transaction('rw', db.meta, db.contacts, async () => {
    await checkEpoch(db, epoch)
    const known = (await db.contacts.get(peer))?.prekey_made ?? 0
    if (made > known) await db.contacts.update(peer, { prekey_made: made })
    return made >= known
  })
}

/** Whether a contact's mailbox has room for us. */
export function noteMailboxFull(db: GigiDatabase, epoch: number, peer: PeerId, full: boolean): Promise<void> {
  return db.transaction('rw', db.meta, db.contacts, async () => {
    await checkEpoch(db, epoch)
    const mailbox_full = full ? 1 : 0
    if (((await db.contacts.get(peer))?.mailbox_full ?? 0) !== mailbox_full)
      await db.contacts.update(peer, { mailbox_full })
  })
}

/** Whether someone is an accepted contact with whom nothing was exchanged, as far as is known here. */
export async function isUnmet(db: GigiDatabase, self: PeerId, peer: PeerId): Promise<boolean> {
  if ((await db.contacts.get(peer))?.state !== 'accepted') return false
  const conversation = directConversationId(self, peer)
  const logs = await db.logs
    .where('[conversation_id+log_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .limit(1)
    .primaryKeys()
  return logs.length === 0
}
