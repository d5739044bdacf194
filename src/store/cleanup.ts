/** Cleanup in bounded pieces, so that it never stands in the way of sending. */
import { Dexie } from 'dexie'
import { readConfig } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase } from './schema.ts'

/**
 * Looks at `limit` acknowledgements after `cursor` (null: from the first) and deletes those that say nothing any
 * more: of messages that are gone, and of messages that were read longer ago than messages are tried. Returns
 * the cursor for the next piece, null at the end.
 */
export function cleanAcknowledgments(
  db: GigiDatabase,
  epoch: number,
  cursor: string | null,
  limit: number,
  now: number,
): Promise<string | null> {
  return db.transaction('rw', db.meta, db.messages, db.message_acknowledgments, async () => {
    await checkEpoch(db, epoch)
    const before = now - (await readConfig(db)).message_ttl_seconds * 1000
    const rows = await db.message_acknowledgments
      .where('id')
      .above(cursor ?? Dexie.minKey)
      .limit(limit)
      .toArray()
    const messages = await db.messages.bulkGet(rows.map((row) => row.message_id))
    const settled = rows.filter((row, i) => {
      const message = messages[i]
      return message === undefined || (message.sync_status === 'Acknowledged' && row.acknowledged_at < before)
    })
    if (settled.length > 0) await db.message_acknowledgments.bulkDelete(settled.map((row) => row.id))
    return rows.length < limit ? null : (rows.at(-1)?.id ?? null)
  })
}
