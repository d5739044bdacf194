/** What the list of conversations shows of one, read anew where the message that it showed is gone or has moved. */
import { Dexie } from 'dexie'
import type { ConversationId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { contentOf, previewText } from './messages.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'

/** Of the last message by order that is shown, if there is one. Within a transaction over `messages`. */
export async function newestPreview(
  db: GigiDatabase,
  id: ConversationId,
): Promise<ConversationRow['preview']> {
  const row = await db.messages
    .where('[conversation_id+order_key]')
    .between([id, Dexie.minKey], [id, Dexie.maxKey])
    .reverse()
    .filter(({ content_type: type }) => isShown(type))
    .first()
  if (row === undefined) return undefined
  const { direction, timestamp, order_key } = row
  return { direction, text: previewText(contentOf(row)), timestamp, order_key }
}
