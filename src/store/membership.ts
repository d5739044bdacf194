/** What the user does with groups as such: each is one transaction, and goes out like any message. */
import {
  type GroupChange,
  type GroupContent,
  type GroupHistory,
  isActive,
  isMembershipLog,
  type LogHead,
  MAX_GROUP_MEMBERS,
  memberOf,
} from '../domain/group.ts'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { highest } from '../domain/sequence-set.ts'
import { SHELF } from '../domain/shelf.ts'
import { groupIdOf } from '../protocol/group.ts'
import { directConversationId, toBase64url } from '../protocol/identifiers.ts'
import { MAX_GROUPS } from '../protocol/limits.ts'
import { groupTables, newGroup } from './groups.ts'
import { type GroupWriter, openGroupWriter, queueEntries, queueFor } from './group-writer.ts'
import { readConfig, requireIdentity } from './identity.ts'
import { NotAcceptedError, openWriter, type RandomBytes } from './log-writer.ts'
import { introduction } from './outbox.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase, GroupRow } from './schema.ts'

/** There are as many groups as one can be in, or members as a group can have. */
export class GroupFullError extends Error {
  override readonly name = 'GroupFullError'
}

/** Only the creator of a group changes it. */
export class NotCreatorError extends Error {
  override readonly name = 'NotCreatorError'
}

export interface NewGroup {
  readonly name: string
  readonly history: GroupHistory
  /** Accepted contacts: each is invited. */
  readonly members: readonly PeerId[]
}

/** Makes a group and invites its members. Throws NotAcceptedError for one who is no contact, GroupFullError. */
export function createGroup(
  db: GigiDatabase,
  { name, history, members }: NewGroup,
  now: number,
  random: RandomBytes,
): Promise<ConversationId> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    if ((await db.groups.count()) >= MAX_GROUPS) throw new GroupFullError(`${MAX_GROUPS} groups`)
    const { peer_id: self, nickname } = await requireIdentity(db)
    const nonce = toBase64url(random(16))
    const id = groupIdOf(self, nonce)
    const fresh = newGroup(id, self, name, 'joined', now)
    await db.groups.add(fresh.group)
    await db.conversations.add({ ...fresh.conversation, listed: SHELF.listed })
    await change(db, id, { type: 'create', name, nonce, history, nickname }, now, random)
    await invite(db, id, members, now, random)
    return id
  })
}

/** Adds contacts to a group of ours, and invites them. Who is in it already stays as they are. Throws as `createGroup` does. */
export const inviteToGroup = (
  db: GigiDatabase,
  id: ConversationId,
  members: readonly PeerId[],
  now: number,
  random: RandomBytes,
): Promise<void> =>
  db.transaction('rw', [...groupTables(db)], async () => {
    await invite(db, id, members, now, random)
  })

async function invite(
  db: GigiDatabase,
  id: ConversationId,
  peers: readonly PeerId[],
  now: number,
  random: RandomBytes,
): Promise<void> {
  const group = await requireGroup(db, id)
  const added = peers.filter((peer) => {
    const known = memberOf(group.state, peer)
    return known === undefined || !isActive(known)
  })
  if (added.length === 0) return
  const contacts = (await db.contacts.bulkGet(added)).filter((row) => row?.state === 'accepted')
  if (contacts.length < added.length) throw new NotAcceptedError('who is invited has to be a contact')
  const members = contacts.map((row) => ({
    peer: row?.peer_id ?? group.creator,
    nickname: row?.nickname ?? '',
  }))
  const active = group.state.members.filter(isActive).length
  if (active + added.length > MAX_GROUP_MEMBERS) throw new GroupFullError(`${id} is full`)
  // The invitation first: whoever it goes to knows then what the rest is about.
  for (const peer of added) await sendInvitation(db, group, peer, now, random)
  const heads = group.state.history === 'all' ? [] : await messageHeads(db, id)
  const changed = await change(db, id, { type: 'add', members, heads }, now, random)
  await queueEntries(db, changed, added, now, random)
}

const messageHeads = async (db: GigiDatabase, id: ConversationId): Promise<LogHead[]> =>
  (await logsOf(db, id))
    .filter(({ log_id, accepted }) => !isMembershipLog(log_id) && accepted.length > 0)
    .map(({ log_id: log, accepted }) => ({ log, seq: highest(accepted) }))

async function sendInvitation(
  db: GigiDatabase,
  { id, state }: GroupRow,
  peer: PeerId,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const { peer_id: self } = await requireIdentity(db)
  const writer = await openWriter(db, directConversationId(self, peer), now, random)
  if (writer.seq === 0) await writer.append(introduction(writer))
  const inviter = writer.identity.nickname
  await writer.append({
    type: 'ShareGroup',
    group_id: id,
    group_name: state.name,
    inviter_nickname: inviter,
  })
  await writer.close()
}

/**
 * Removes a member. Nothing more goes to them but word of it, from this transaction on; their logs count up to what has come
 * here. Throws NotCreatorError.
 */
export function removeFromGroup(
  db: GigiDatabase,
  id: ConversationId,
  peer: PeerId,
  now: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    const group = await requireGroup(db, id)
    const member = memberOf(group.state, peer)
    if (member === undefined || !isActive(member) || peer === group.creator) return
    const heads = (await logsOf(db, id))
      .filter(({ author, accepted }) => author === peer && accepted.length > 0)
      .map(({ log_id: log, accepted }) => ({ log, seq: highest(accepted) }))
    const writer = await openGroupWriter(db, id, now, random)
    const row = await writer.declare(changeAfter(writer, { type: 'remove', peer, heads }))
    await writer.close()
    await queueFor(db, row, [peer], await readConfig(db), now, random)
  })
}

/** Throws NotCreatorError. */
export const renameGroup = (
  db: GigiDatabase,
  id: ConversationId,
  name: string,
  now: number,
  random: RandomBytes,
): Promise<void> =>
  db.transaction('rw', [...groupTables(db)], async () => {
    if ((await requireGroup(db, id)).state.name !== name)
      await change(db, id, { type: 'rename', name }, now, random)
  })

/** What whoever is added from now on sees. Throws NotCreatorError. */
export const setGroupHistory = (
  db: GigiDatabase,
  id: ConversationId,
  history: GroupHistory,
  now: number,
  random: RandomBytes,
): Promise<void> =>
  db.transaction('rw', [...groupTables(db)], async () => {
    if ((await requireGroup(db, id)).state.history !== history)
      await change(db, id, { type: 'history', history }, now, random)
  })

async function change(
  db: GigiDatabase,
  id: ConversationId,
  what: GroupChange,
  now: number,
  random: RandomBytes,
): Promise<GroupRow> {
  const writer = await openGroupWriter(db, id, now, random)
  await writer.declare(changeAfter(writer, what))
  return writer.close()
}

function changeAfter({ group, identity }: GroupWriter, change: GroupChange): GroupContent {
  const { creator, state, standing } = group
  const mayChange = creator === identity.peer_id && (standing === 'joined' || change.type === 'create')
  if (!mayChange) throw new NotCreatorError(`${group.id} is not ours to change`)
  const { number = 0, hash = null } = state.head ?? {}
  return { type: 'GroupChange', number: number + 1, previous: hash, change }
}

async function requireGroup(db: GigiDatabase, id: ConversationId): Promise<GroupRow> {
  const group = await db.groups.get(id)
  if (group === undefined) throw new Error(`no group ${id}`)
  return group
}

/**
 * Joins a group that an invitation of `inviter` names, or says that we want to: we join as soon as the creator's word of it is
 * here. Throws GroupFullError.
 */
export function joinGroup(
  db: GigiDatabase,
  invitation: { readonly id: ConversationId; readonly name: string; readonly inviter: PeerId },
  now: number,
  random: RandomBytes,
): Promise<void> {
  return answerInvitation(db, invitation, 'joined', now, random)
}

/** Leaves an invitation alone. It can be taken up later. */
export function ignoreGroup(
  db: GigiDatabase,
  invitation: { readonly id: ConversationId; readonly name: string; readonly inviter: PeerId },
  now: number,
  random: RandomBytes,
): Promise<void> {
  return answerInvitation(db, invitation, 'ignored', now, random)
}

function answerInvitation(
  db: GigiDatabase,
  { id, name, inviter }: { readonly id: ConversationId; readonly name: string; readonly inviter: PeerId },
  choice: 'joined' | 'ignored',
  now: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    await noteInvitation(db, id, inviter, name, now)
    const group = await requireGroup(db, id)
    if (group.creator !== inviter || group.standing === 'joined') return
    await db.groups.put({ ...group, choice, news_from: choice === 'joined' ? now : group.news_from })
    if (choice === 'joined') {
      await db.conversations.update(id, { listed: SHELF.listed, last_activity: now })
      await enter(db, id, now, random)
    } else await db.conversations.update(id, { listed: SHELF.hidden })
  })
}

/** Keeps that someone invites us to a group that they made. Within a transaction over `groups` and `conversations`. */
export async function noteInvitation(
  db: GigiDatabase,
  id: ConversationId,
  creator: PeerId,
  name: string,
  now: number,
): Promise<void> {
  const known = await db.groups.get(id)
  if (known !== undefined) {
    if (known.creator === creator && known.choice === 'left') await db.groups.update(id, { choice: 'asked' })
    return
  }
  if ((await db.groups.count()) >= MAX_GROUPS) throw new GroupFullError(`${MAX_GROUPS} groups`)
  const fresh = newGroup(id, creator, name, 'asked', now)
  await db.groups.add({ ...fresh.group, active: [creator] })
  await db.conversations.add(fresh.conversation)
}

/** Joins where the user wants to and the creator's word of it is here. Returns whether we have. Within `groupTables`. */
export async function enter(
  db: GigiDatabase,
  id: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<boolean> {
  const group = await requireGroup(db, id)
  const { peer_id: self, nickname } = await requireIdentity(db)
  const us = memberOf(group.state, self)
  if (group.choice !== 'joined' || us?.standing !== 'invited') return false
  const writer = await openGroupWriter(db, id, now, random)
  await writer.declare({ type: 'GroupJoin', admission: us.admission, nickname })
  await writer.close()
  return true
}

/** Leaves a group. What was written goes out still, and nothing more is taken. */
export function leaveGroup(
  db: GigiDatabase,
  id: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    const group = await requireGroup(db, id)
    const { peer_id: self } = await requireIdentity(db)
    const us = memberOf(group.state, self)
    if (us === undefined || !isActive(us)) {
      await db.groups.put({ ...group, choice: 'left' })
      return
    }
    const writer = await openGroupWriter(db, id, now, random)
    await writer.declare({ type: 'GroupLeave', admission: us.admission, heads: writer.ends() })
    await writer.close()
  })
}
