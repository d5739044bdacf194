/** What is known of the way of one message of ours, for those who ask. */
import { NEVER } from '../domain/backoff.ts'
import type { MessageId } from '../domain/ids.ts'
import type { GigiDatabase } from './schema.ts'

/** Times are milliseconds since the Unix epoch; null: it has not happened, or will not by the clock. */
export interface Delivery {
  /** While it waits: since when. */
  readonly queued: number | null
  /** Timed attempts that were made. */
  readonly attempts: number
  readonly nextAttempt: number | null
  /** When it was left in the recipient's mailbox, while it may lie there. */
  readonly inMailbox: number | null
  /** When trying ends. */
  readonly expires: number | null
  readonly delivered: number | null
  readonly read: number | null
}

const known = (time: number | undefined): number | null =>
  time === undefined || time === NEVER ? null : time

/** Null where there is no such message of ours. */
export function readDelivery(db: GigiDatabase, id: MessageId): Promise<Delivery | null> {
  const { messages, conversations, offline_queue, deposits, message_acknowledgments } = db
  const tables = [messages, conversations, offline_queue, deposits, message_acknowledgments]
  return db.transaction('r', tables, async () => {
    const row = await messages.get(id)
    if (row?.direction !== 'Sent') return null
    const peer = (await conversations.get(row.conversation_id))?.peer_id
    const queued = peer === undefined ? undefined : await offline_queue.get([peer, id])
    const letter = queued?.item_id === undefined ? undefined : await deposits.get(queued.item_id)
    const acks = await message_acknowledgments
      .where('id')
      .between(`${id}/`, `${id}/${String.fromCodePoint(0xffff)}`)
      .toArray()
    const ackOf = (type: 'Delivered' | 'Read'): number | null =>
      acks.find(({ ack_type }) => ack_type === type)?.acknowledged_at ?? null
    return {
      queued: known(queued?.queued_at),
      attempts: queued?.retry_count ?? row.sync_attempts,
      nextAttempt: known(queued?.next_retry_at),
      inMailbox: letter?.state === 'held' ? letter.at : null,
      expires: known(queued?.expires_at),
      delivered: row.delivered_at ?? ackOf('Delivered'),
      read: ackOf('Read'),
    }
  })
}
