/** The way out to a group: one message, and one queue row for each member that it is addressed to, in one transaction. */
import type { ConversationId, MessageId } from '../domain/ids.ts'
import type { MessageContent } from '../domain/message.ts'
import { groupTables } from './groups.ts'
import { memberStatuses } from './group-status.ts'
import { openGroupWriter, queueFor } from './group-writer.ts'
import { readConfig } from './identity.ts'
import type { RandomBytes } from './log-writer.ts'
import type { GigiDatabase, MessageRow } from './schema.ts'

/** As `sendMessage`, to everybody who has joined a group. Throws NotAcceptedError where we are not in it. */
export function sendToGroup(
  db: GigiDatabase,
  group: ConversationId,
  content: MessageContent,
  now: number,
  random: RandomBytes,
  token?: string,
): Promise<MessageId> {
  return db.transaction('rw', [...groupTables(db), db.sent_tokens], async () => {
    const sent = token === undefined ? undefined : await db.sent_tokens.get(token)
    if (sent !== undefined) return sent.message_id
    const writer = await openGroupWriter(db, group, now, random)
    const id = await writer.write(content)
    if (token !== undefined) await db.sent_tokens.add({ token, message_id: id, at: now })
    await writer.close()
    return id
  })
}

/** Queues a message again for those members who have not proven to have it, where it stands. Within a transaction over `groupTables`. */
export async function sendToGroupAgain(
  db: GigiDatabase,
  row: MessageRow,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const group = await db.groups.get(row.conversation_id)
  if (group?.standing !== 'joined') return
  const [statuses = []] = await memberStatuses(db, group, [row])
  const lacking = statuses.filter(({ isExpired }) => isExpired).map(({ peer }) => peer)
  const config = await readConfig(db)
  const waiting = { ...row, expires_at: now + config.message_ttl_seconds * 1000 }
  delete waiting.expired_at
  await db.messages.put(waiting)
  await queueFor(db, waiting, lacking, config, now, random)
}
