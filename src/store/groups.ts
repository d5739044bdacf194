/**
 * Groups as they are kept: what their membership entries add up to, and what follows here when that changes. Whatever
 * follows is in the transaction that has brought the entry, so that nobody is sent anything who is not in it any more.
 */
import { Dexie } from 'dexie'
import {
  emptyGroup,
  endOf,
  foldGroup,
  fromOf,
  type GroupMember,
  type GroupState,
  isActive,
  memberOf,
} from '../domain/group.ts'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { labelOf } from '../domain/nickname.ts'
import { count, intersection, union } from '../domain/sequence-set.ts'
import { SHELF } from '../domain/shelf.ts'
import { deleteMessages, noteForgotten } from './deletion.ts'
import { isIn } from './fellows.ts'
import { settleGroupRows } from './group-status.ts'
import { rowsAt } from './pages.ts'
import { logsOf } from './logs.ts'
import type { ContactRow, ConversationRow, GigiDatabase, GroupEntryRow, GroupRow, LogRow } from './schema.ts'

/** All that a transaction about a group may touch. */
export const groupTables = (db: GigiDatabase) =>
  [
    ...[db.meta, db.installation, db.identity, db.contacts, db.conversations, db.logs, db.receipts],
    ...[db.messages, db.deleted_messages, db.offline_queue, db.deposits, db.owed],
    ...[db.message_acknowledgments, db.revoked_grants, db.files, db.transfers, db.doomed_blobs],
    ...[db.groups, db.group_entries, db.group_audiences, db.group_statements],
    ...[db.files, db.transfers, db.doomed_blobs],
  ] as const

/** The rows of a group of which nothing is known but who made it. */
export function newGroup(
  id: ConversationId,
  creator: PeerId,
  name: string,
  choice: GroupRow['choice'],
  now: number,
): { readonly group: GroupRow; readonly conversation: ConversationRow } {
  const state = { ...emptyGroup(creator), name }
  return {
    group: { id, creator, state, standing: 'none', choice, active: [], news_from: now },
    conversation: {
      id,
      msg_type: 'Group',
      peer_id: creator,
      title: name,
      unread: 0,
      last_activity: now,
      clock_ms: 0,
      clock_logical: 0,
      listed: SHELF.hidden,
    },
  }
}

export async function entriesOf(db: GigiDatabase, group: ConversationId): Promise<GroupEntryRow[]> {
  return db.group_entries
    .where('[group_id+message_id]')
    .between([group, Dexie.minKey], [group, Dexie.maxKey])
    .toArray()
}

/** Members who get what is written: they have joined, and are not us. */
export const audienceOf = (state: GroupState, self: PeerId): PeerId[] =>
  state.members.filter(({ peer, standing }) => standing === 'joined' && peer !== self).map(({ peer }) => peer)

/** Those who get membership entries: also who is only invited, or, of a group of which little is known, its creator. */
export function activeOf(state: GroupState, self: PeerId): PeerId[] {
  if (state.head === null) return state.creator === self ? [] : [state.creator]
  return state.members.filter((member) => isActive(member) && member.peer !== self).map(({ peer }) => peer)
}

/**
 * Brings a group up to its entries, of which `fresh` are new, and does what follows. Within a transaction over `groupTables`.
 * Returns the group as it is then.
 */
export async function refold(
  db: GigiDatabase,
  before: GroupRow,
  fresh: readonly GroupEntryRow[],
  self: PeerId,
  now: number,
): Promise<GroupRow> {
  await db.group_entries.bulkPut([...fresh])
  const entries = (await entriesOf(db, before.id)).map(({ entry }) => entry)
  const folded = foldGroup(before.creator, entries)
  // Until the creator has been heard, the name is that of the invitation.
  const state = folded.head === null ? { ...folded, name: before.state.name } : folded
  return takeState(db, before, state, self, now)
}

async function takeState(
  db: GigiDatabase,
  before: GroupRow,
  state: GroupState,
  self: PeerId,
  now: number,
): Promise<GroupRow> {
  const us = memberOf(state, self)
  const group: GroupRow = {
    ...before,
    state,
    standing: us?.standing ?? 'none',
    active: activeOf(state, self),
  }
  const audience = audienceOf(state, self)
  if (audience.join() !== audienceOf(before.state, self).join()) delete group.audience_id
  const gone = before.active.filter((peer) => !group.active.includes(peer))
  const added = group.active.filter((peer) => !before.active.includes(peer))
  await addFellows(db, state, added, now)
  const isOut = !isIn(group.standing)
  if (group.standing !== 'none') delete group.restored
  if (gone.length > 0 || (isOut && isIn(before.standing))) await revokeOwnGrant(db, group)
  if (isOut && isIn(before.standing)) group.choice = 'left'
  // Whoever is added once more is asked once more.
  if (before.choice === 'left' && group.standing === 'invited') group.choice = 'asked'
  await db.groups.put(group)
  await renewConversation(db, before, group, now)
  await cutOff(db, before.state, group, self, now)
  if (us !== undefined && us.admission !== memberOf(before.state, self)?.admission)
    await passOver(db, group.id, us, state, self)
  if (group.standing === 'removed') await unqueueGone(db, group, before.active, now)
  else if (gone.length > 0) await unqueueGone(db, group, gone, now)
  return group
}

/** Those who are in a group with us can be called on and left mail, though they are no contacts. */
async function addFellows(
  db: GigiDatabase,
  state: GroupState,
  peers: readonly PeerId[],
  now: number,
): Promise<void> {
  const known = await db.contacts.bulkGet([...peers])
  const missing = peers.filter((_, i) => known[i] === undefined)
  await db.contacts.bulkAdd(
    missing.map((peer): ContactRow => ({
      peer_id: peer,
      nickname: labelOf(memberOf(state, peer)?.nickname ?? '', peer),
      state: 'member',
      relays: [],
      added_at: now,
      request_messages: 0,
      request_bytes: 0,
    })),
  )
}

/** Whoever left has our leave to leave us mail: it holds no more, and the others are given another. */
async function revokeOwnGrant(db: GigiDatabase, group: GroupRow): Promise<void> {
  if (group.grant === undefined) return
  const { id, ends } = group.grant
  await db.revoked_grants.put({ id, ends })
  delete group.grant
  delete group.card
}

async function renewConversation(
  db: GigiDatabase,
  before: GroupRow,
  { id, state, standing, choice }: GroupRow,
  now: number,
): Promise<void> {
  const row = await db.conversations.get(id)
  if (row === undefined) return
  const changed = { ...row, title: state.name }
  const isNew = standing === 'joined' && before.standing !== 'joined'
  if (isNew && choice !== 'left') {
    changed.last_activity = now
    if (row.listed === SHELF.hidden) changed.listed = SHELF.listed
  }
  if (isNew || row.title !== changed.title) await db.conversations.put(changed)
}

/** Of whoever left or was removed, what stands behind the end of their logs counts for nobody. */
async function cutOff(
  db: GigiDatabase,
  before: GroupState,
  group: GroupRow,
  self: PeerId,
  now: number,
): Promise<void> {
  const ended = group.state.members.filter(
    (member) =>
      member.end !== null &&
      member.peer !== self &&
      JSON.stringify(memberOf(before, member.peer)?.end ?? null) !== JSON.stringify(member.end),
  )
  if (ended.length === 0) return
  let isForgotten = false
  for (const log of await logsOf(db, group.id)) {
    const member = ended.find(({ peer }) => peer === log.author)
    if (member === undefined) continue
    const end = endOf(member, log.log_id)
    const kept = end === 0 ? [] : intersection(log.accepted, [[1, end]])
    if (count(kept) === count(log.accepted)) continue
    const rows = await rowsAt(db, log.log_id, [[end + 1, Number.MAX_SAFE_INTEGER]])
    const conversation = await db.conversations.get(group.id)
    if (conversation !== undefined) await deleteMessages(db, conversation, rows, now)
    // Added once more, they may bring it once more.
    await db.deleted_messages.bulkDelete(rows.map(({ id }) => id))
    await db.group_entries.bulkDelete(rows.map(({ id }) => [group.id, id]))
    const cut: LogRow = { ...log, accepted: kept, read: intersection(log.read, kept) }
    delete cut.tail
    await db.logs.put(cut)
    isForgotten ||= rows.length > 0
  }
  if (isForgotten) await noteForgotten(db, now)
}

/** What was written before we were added is not for us, and nothing is missed there. */
async function passOver(
  db: GigiDatabase,
  id: ConversationId,
  us: GroupMember,
  { members }: GroupState,
  self: PeerId,
): Promise<void> {
  for (const { log, seq } of us.from) {
    const known = await db.logs.get([id, log])
    // Whose log it is shows when it is first heard of.
    if (known === undefined || known.author === self) continue
    if (members.some(({ peer }) => peer === known.author))
      await db.logs.put({ ...known, accepted: union(known.accepted, [[1, seq]]) })
  }
}

/** Nothing more goes to whoever is not in it any more; nor, where it is us who were removed, to anybody. */
async function unqueueGone(
  db: GigiDatabase,
  group: GroupRow,
  gone: readonly PeerId[],
  now: number,
): Promise<void> {
  const isRemoved = group.standing === 'removed'
  const ids = new Set<MessageId>()
  for (const peer of gone) {
    const queued = await queuedFor(db, group.id, peer)
    for (const id of queued) ids.add(id)
    await db.offline_queue.bulkDelete(queued.map((id) => [peer, id]))
    await forgetMail(db, group.id, peer)
  }
  const rows = (await db.messages.bulkGet([...ids])).filter((row) => row !== undefined)
  if (!isRemoved) await settleGroupRows(db, group, rows)
  // What is said to nobody any more says so.
  else
    await db.messages.bulkPut(
      rows.filter((row) => row.delivered === 0).map((row) => ({ ...row, expired_at: now })),
    )
}

/** What waits for `peer` in a conversation. */
export async function queuedFor(db: GigiDatabase, id: ConversationId, peer: PeerId): Promise<MessageId[]> {
  const keys = await db.offline_queue
    .where('[target_peer_id+message_id]')
    .between([peer, Dexie.minKey], [peer, Dexie.maxKey])
    .primaryKeys()
  const rows = await db.messages.bulkGet(keys.map(([, message]) => message))
  return rows.flatMap((row) => (row?.conversation_id === id ? [row.id] : []))
}

/** Letters to them that carry nothing else are not asked after any more. */
async function forgetMail(db: GigiDatabase, id: ConversationId, peer: PeerId): Promise<void> {
  const logs = new Set((await logsOf(db, id)).map(({ log_id }) => log_id))
  const letters = await db.deposits.where('peer_id').equals(peer).toArray()
  const over = letters.filter(({ places }) => places.every(({ log }) => logs.has(log)))
  await db.deposits.bulkDelete(over.map((row) => row.id))
}

/** How a message of a group finds the row of its log that is not known yet: what stands before is not for us. */
export const beginningOf = (
  id: ConversationId,
  log: LogId,
  author: PeerId,
  us: GroupMember | undefined,
): LogRow => {
  const before = us === undefined ? 0 : fromOf(us, log)
  return {
    conversation_id: id,
    log_id: log,
    author,
    accepted: before === 0 ? [] : [[1, before]],
    read: [],
  }
}
