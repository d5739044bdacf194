/** Who is in a group with us. */
import { memberOf } from '../domain/group.ts'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { isGroupId } from '../protocol/group.ts'
import type { GigiDatabase, GroupRow } from './schema.ts'

/** The groups in which both we and `peer` are, or may be; of which little is known yet, those that `peer` made. */
export async function groupsWith(db: GigiDatabase, peer: PeerId): Promise<GroupRow[]> {
  const rows = await db.groups.where('active').equals(peer).toArray()
  return rows.filter(({ standing, choice }) => isIn(standing) && choice !== 'left')
}

/** The groups of which we take what is said from `peer`: also those that we were in before, and of which nothing is known here. */
export async function groupsFrom(db: GigiDatabase, peer: PeerId): Promise<GroupRow[]> {
  const restored = await db.groups.where('restored').equals(1).toArray()
  const known = await groupsWith(db, peer)
  return [...known, ...restored.filter(({ id }) => known.every((row) => row.id !== id))]
}

/** Whether we are in a group, or may be. */
export const isIn = (standing: GroupRow['standing']): boolean => standing !== 'left' && standing !== 'removed'

/** Whether we are in a group with `peer`, and neither of us only invited. */
export const isFellow = async (db: GigiDatabase, peer: PeerId): Promise<boolean> =>
  (await groupsWith(db, peer)).some(
    ({ standing, state }) => standing === 'joined' && memberOf(state, peer)?.standing === 'joined',
  )

/** Everybody who is in a group with us, at most `limit`. */
export async function fellows(db: GigiDatabase, limit: number): Promise<PeerId[]> {
  const rows = await db.groups.filter(({ standing }) => standing === 'joined').toArray()
  return [...new Set(rows.flatMap(({ active }) => active))].slice(0, limit)
}

/** Whether it is shown that someone writes in a conversation: contacts in our own with them, and who has joined in a group. */
export async function mayShowTyping(db: GigiDatabase, peer: PeerId, id: ConversationId): Promise<boolean> {
  if (!isGroupId(id)) return (await db.contacts.get(peer))?.state === 'accepted'
  if ((await db.contacts.get(peer))?.state === 'blocked') return false
  const group = (await groupsWith(db, peer)).find((row) => row.id === id)
  return group?.standing === 'joined' && memberOf(group.state, peer)?.standing === 'joined'
}

/** Those who have joined a group besides us, where we have too. */
export async function readFellows(db: GigiDatabase, id: ConversationId): Promise<PeerId[]> {
  const group = await db.groups.get(id)
  if (group?.standing !== 'joined') return []
  return group.active.filter((peer) => memberOf(group.state, peer)?.standing === 'joined')
}

/** The groups that we have joined, each with those who have too. */
export async function joinedGroups(
  db: GigiDatabase,
): Promise<{ readonly id: ConversationId; readonly fellows: readonly PeerId[] }[]> {
  const rows = await db.groups.filter(({ standing }) => standing === 'joined').toArray()
  return rows.map(({ id, active, state }) => ({
    id,
    fellows: active.filter((peer) => memberOf(state, peer)?.standing === 'joined'),
  }))
}
