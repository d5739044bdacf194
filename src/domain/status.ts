/**
 * Delivery status. It only advances (D4), by `advance`, in whatever order proofs come. Expired is not a
 * status but the end of trying, and a late proof still moves an expired message on.
 */
export const SYNC_STATUSES = ['Pending', 'Synced', 'Delivered', 'Acknowledged'] as const
/** Pending: durable here only. Synced: durable at a mailbox. Delivered: committed by the recipient. Acknowledged: read. */
export type SyncStatus = (typeof SYNC_STATUSES)[number]

/** InProgress: leased by a running attempt. */
export type QueueStatus = 'Pending' | 'InProgress' | 'Delivered' | 'Expired'

/** The status after a proof of `proven` came: never less than it was. */
export function advance(current: SyncStatus, proven: SyncStatus): SyncStatus {
  return SYNC_STATUSES.indexOf(proven) > SYNC_STATUSES.indexOf(current) ? proven : current
}
