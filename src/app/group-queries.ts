/** What the interface may ask of groups: each is one transaction (see queries.ts). */
import { isActive, memberOf } from '../domain/group.ts'
import type { MessageId, PeerId } from '../domain/ids.ts'
import { labelOf } from '../domain/nickname.ts'
import { titleOf } from '../store/contacts.ts'
import { memberStatuses } from '../store/group-status.ts'
import { requireIdentity } from '../store/identity.ts'
import type { GigiDatabase, GroupRow } from '../store/schema.ts'
import type { GroupQueries, GroupStanding, GroupView, MemberDelivery } from './groups-api.ts'

export const createGroupQueries = (db: GigiDatabase): GroupQueries => ({
  group: (id) =>
    db.transaction('r', db.identity, db.contacts, db.groups, async () => {
      const row = await db.groups.get(id)
      return row === undefined ? null : groupView(db, row)
    }),
  memberDeliveries: (id) => readMemberDeliveries(db, id),
})

/** How we stand to a group, in one word. */
export function standingOf({ standing, choice }: GroupRow): GroupStanding {
  if (standing === 'joined' || standing === 'removed' || standing === 'left') return standing
  if (choice === 'joined') return 'joining'
  return choice === 'ignored' ? 'ignored' : choice === 'left' ? 'left' : 'invited'
}

async function groupView(db: GigiDatabase, row: GroupRow): Promise<GroupView> {
  const { peer_id: self, nickname } = await requireIdentity(db)
  const { state } = row
  const names = await namesIn(db, row, self, nickname)
  return {
    id: row.id,
    name: state.name,
    standing: standingOf(row),
    isOurs: row.creator === self && row.standing === 'joined',
    history: state.history,
    members: state.members.filter(isActive).map(({ peer, standing }) => ({
      peerId: peer,
      name: names[peer] ?? '',
      isUs: peer === self,
      isCreator: peer === row.creator,
      isInvited: standing === 'invited',
    })),
    names,
  }
}

async function namesIn(
  db: GigiDatabase,
  { creator, state }: GroupRow,
  self: PeerId,
  nickname: string,
): Promise<Record<PeerId, string>> {
  const peers = [...new Set([creator, ...state.members.map(({ peer }) => peer)])]
  const contacts = await db.contacts.bulkGet(peers)
  const names: Record<PeerId, string> = {}
  for (const [i, peer] of peers.entries()) {
    const contact = contacts[i]
    if (peer === self) names[peer] = nickname
    else if (contact !== undefined) names[peer] = titleOf(contact)
    else names[peer] = labelOf(memberOf(state, peer)?.nickname ?? '', peer)
  }
  return names
}

function readMemberDeliveries(db: GigiDatabase, id: MessageId): Promise<MemberDelivery[] | null> {
  const { identity, contacts, messages, groups, group_audiences, receipts, offline_queue, deposits } = db
  const tables = [identity, contacts, messages, groups, group_audiences, receipts, offline_queue, deposits]
  return db.transaction('r', [...tables, db.message_acknowledgments], async () => {
    const row = await messages.get(id)
    if (row?.direction !== 'Sent' || row.msg_type !== 'Group') return null
    const group = await groups.get(row.conversation_id)
    if (group === undefined) return null
    const { peer_id: self, nickname } = await requireIdentity(db)
    const names = await namesIn(db, group, self, nickname)
    const [statuses = []] = await memberStatuses(db, group, [row])
    const acks = await db.message_acknowledgments.where('id').between(`${id}/`, `${id}0`).toArray()
    const at = (peer: PeerId, type: 'Delivered' | 'Read'): number | null =>
      acks.find((ack) => ack.ack_type === type && ack.acknowledged_by_peer_id === peer)?.acknowledged_at ??
      null
    return statuses.map(({ peer, status, isExpired }) => ({
      peerId: peer,
      name: names[peer] ?? '',
      status: isExpired ? 'Expired' : status,
      delivered: at(peer, 'Delivered'),
      read: at(peer, 'Read'),
    }))
  })
}
