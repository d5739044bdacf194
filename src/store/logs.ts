/** Reading the logs of a conversation. */
import { Dexie } from 'dexie'
import type { ConversationId } from '../domain/ids.ts'
import type { GigiDatabase, LogRow } from './schema.ts'

/** All logs of a conversation; their number is bounded where they are made. */
export const logsOf = (db: GigiDatabase, conversation: ConversationId): Promise<LogRow[]> =>
  db.logs
    .where('[conversation_id+log_id]')
    .between([conversation, Dexie.minKey], [conversation, Dexie.maxKey])
    .toArray()
