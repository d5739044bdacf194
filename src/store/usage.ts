/** What the messages of each conversation come to. */
import { Dexie } from 'dexie'
import type { ConversationRow, GigiDatabase } from './schema.ts'

export interface Usage {
  readonly row: ConversationRow
  /** Messages stored here, introductions and voids among them. Counted one by one: for a screen that is opened now and then. */
  readonly messages: number
}

/** Of at most `looked` conversations the `limit` with the most messages, those without any left out. */
export function largestConversations(db: GigiDatabase, looked: number, limit: number): Promise<Usage[]> {
  return db.transaction('r', db.conversations, db.messages, async () => {
    const rows = await db.conversations.limit(looked).toArray()
    const all = await Promise.all(
      rows.map(async (row) => ({
        row,
        messages: await db.messages
          .where('[conversation_id+order_key]')
          .between([row.id, Dexie.minKey], [row.id, Dexie.maxKey])
          .count(),
      })),
    )
    return all
      .filter(({ messages }) => messages > 0)
      .sort((a, b) => b.messages - a.messages)
      .slice(0, limit)
  })
}
