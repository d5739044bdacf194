/**
 * How far a message to a group has come: with each member that it is addressed to, less those who left since, and what its
 * row says of the least advanced of them.
 */
import { isActive, memberOf } from '../domain/group.ts'
import type { LogId, PeerId } from '../domain/ids.ts'
import { has } from '../domain/sequence-set.ts'
import { advance, SYNC_STATUSES, type SyncStatus } from '../domain/status.ts'
import { KEPT } from './messages.ts'
import type { GigiDatabase, GroupRow, MessageRow, ReceiptRow } from './schema.ts'

export interface MemberStatus {
  readonly peer: PeerId
  readonly status: SyncStatus
  /** It is not tried any more, and no proof came. */
  readonly isExpired: boolean
}

/**
 * Of each row in turn. Within a transaction over `receipts` and `group_audiences`, and `offline_queue` and `deposits`; `brief`:
 * without these, of what is not proven only what the row says.
 */
export async function memberStatuses(
  db: GigiDatabase,
  group: GroupRow,
  rows: readonly MessageRow[],
  brief = false,
): Promise<MemberStatus[][]> {
  const audiences = new Map<number, readonly PeerId[]>()
  const receipts = new Map<string, ReceiptRow | undefined>()
  const receiptOf = async (log: LogId, peer: PeerId): Promise<ReceiptRow | undefined> => {
    const key = `${log} ${peer}`
    if (!receipts.has(key)) receipts.set(key, await db.receipts.get([group.id, log, peer]))
    return receipts.get(key)
  }
  const isIn = (peer: PeerId): boolean => {
    const member = memberOf(group.state, peer)
    return member !== undefined && isActive(member)
  }
  const found: MemberStatus[][] = []
  for (const row of rows) {
    const id = row.audience_id
    if (id !== undefined && !audiences.has(id))
      audiences.set(id, (await db.group_audiences.get(id))?.peers ?? [])
    const statuses: MemberStatus[] = []
    for (const peer of (id === undefined ? [] : audiences.get(id))?.filter(isIn) ?? []) {
      const receipt = await receiptOf(row.log_id, peer)
      if (has(receipt?.read ?? [], row.seq)) statuses.push({ peer, status: 'Acknowledged', isExpired: false })
      else if (has(receipt?.delivered ?? [], row.seq))
        statuses.push({ peer, status: 'Delivered', isExpired: false })
      else statuses.push({ peer, ...(brief ? statusByRow(row) : await waitingStatus(db, row, peer)) })
    }
    found.push(statuses)
  }
  return found
}

const statusByRow = (row: MessageRow): Pick<MemberStatus, 'status' | 'isExpired'> => ({
  status: row.sync_status === 'Synced' ? 'Synced' : 'Pending',
  isExpired: row.expired_at !== undefined,
})

async function waitingStatus(
  db: GigiDatabase,
  { id }: MessageRow,
  peer: PeerId,
): Promise<Pick<MemberStatus, 'status' | 'isExpired'>> {
  const queued = await db.offline_queue.get([peer, id])
  const letter = queued?.item_id === undefined ? undefined : await db.deposits.get(queued.item_id)
  return { status: letter?.state === 'held' ? 'Synced' : 'Pending', isExpired: queued === undefined }
}

/** The least of them; null where there is nobody. */
export const leastOf = (statuses: readonly MemberStatus[]): SyncStatus | null =>
  statuses.reduce<SyncStatus | null>(
    (least, { status }) =>
      least === null || SYNC_STATUSES.indexOf(status) < SYNC_STATUSES.indexOf(least) ? status : least,
    null,
  )

/**
 * Brings the rows of messages to a group up to the least advanced of those they are addressed to. Within a transaction over
 * what `memberStatuses` needs, and `messages`.
 */
export async function settleGroupRows(
  db: GigiDatabase,
  group: GroupRow,
  rows: readonly MessageRow[],
  now = 0,
): Promise<void> {
  const own = rows.filter((row) => row.audience_id !== undefined)
  const statuses = await memberStatuses(db, group, own)
  const changed: MessageRow[] = []
  for (const [i, row] of own.entries()) {
    const least = leastOf(statuses[i] ?? [])
    if (least === null) continue
    const isBack = row.sync_status === 'Synced' && least === 'Pending'
    const status = isBack ? least : advance(row.sync_status, least)
    const isDelivered = status === 'Delivered' || status === 'Acknowledged'
    if (status === row.sync_status && isDelivered === (row.delivered === 1)) continue
    changed.push({
      ...row,
      sync_status: status,
      ...(isDelivered && row.delivered === 0
        ? { delivered: 1, delivered_at: Math.max(now, row.created_at), expires_at: KEPT }
        : {}),
    })
  }
  if (changed.length > 0) await db.messages.bulkPut(changed)
}
