/** History is kept until the user turns on a retention period for a conversation; the cleanup holds to it. */
import type { ConversationId } from '../domain/ids.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'

/** The retention period of a conversation in seconds; null where everything is kept. */
export const retentionOf = (row: ConversationRow): number | null =>
  row.retention_seconds === undefined || row.retention_seconds === 0 ? null : row.retention_seconds

/**
 * Turns a retention period on (seconds), or off again (null). Messages whose time is over go at the next cleanup, on
 * this device only. The caller has checked the bounds.
 */
export function setRetention(
  db: GigiDatabase,
  conversation: ConversationId,
  seconds: number | null,
): Promise<void> {
  return db.transaction('rw', db.conversations, async () => {
    const row = await db.conversations.get(conversation)
    if (row === undefined) throw new Error(`no conversation ${conversation}`)
    if (retentionOf(row) === seconds) return
    await db.conversations.update(conversation, { retention_seconds: seconds ?? 0 })
  })
}
