/** What the message index reads: what is new in the logs, the rows themselves, and what of it is still there. */
import { Dexie } from 'dexie'
import { safeFileName } from '../domain/files/name.ts'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { Direction, MessageContent } from '../domain/message.ts'
import { SHELF } from '../domain/shelf.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { lastCleanupAt } from './cleanup.ts'
import { cursorOf } from './history.ts'
import { contentOf } from './messages.ts'
import { rowsAt } from './pages.ts'
import type { GigiDatabase, MessageRow } from './schema.ts'

/** A message with something in it to look for. */
export interface SearchableMessage {
  readonly id: MessageId
  readonly conversation: ConversationId
  readonly author: PeerId
  readonly timestamp: number
  readonly text: string
}

/** What of a message people would look for; null where there is nothing, as in a void. */
export function searchableText(content: MessageContent): string | null {
  switch (content.type) {
    case 'Text':
      return content.text
    case 'FileShare':
      return safeFileName(content.filename)
    case 'ShareGroup':
      return content.group_name
    case 'Introduction':
    case 'Void':
    case 'Unknown':
    case 'GroupChange':
    case 'GroupJoin':
    case 'GroupLeave':
    case 'GroupCard':
      return null
  }
}

const searchable = (rows: readonly (MessageRow | undefined)[]): SearchableMessage[] =>
  rows.flatMap((row) => {
    const text = row === undefined ? null : searchableText(contentOf(row))
    if (row === undefined || text === null) return []
    const { id, conversation_id: conversation, peer_id: author, timestamp } = row
    return [{ id, conversation, author, timestamp, text }]
  })

export interface SearchSource {
  /** Which database this is: made anew, it is another. Null before there is an identity. */
  readonly installation: string | null
  readonly logs: readonly { readonly log: LogId; readonly accepted: SequenceSet }[]
}

/** All logs, with the numbers that they hold or held. */
export function readSearchSource(db: GigiDatabase): Promise<SearchSource> {
  return db.transaction('r', db.installation, db.logs, async () => ({
    installation: (await db.installation.get('self'))?.id ?? null,
    logs: (await db.logs.toArray()).map((row) => ({ log: row.log_id, accepted: row.accepted })),
  }))
}

/** When messages were last deleted, or brought back, milliseconds; 0 where all were always kept. */
export function lastForgottenAt(db: GigiDatabase): Promise<number> {
  return db.transaction('r', db.meta, db.installation, db.conversations, async () => {
    const { last_forgotten_ms: asked = 0 } = (await db.installation.get('self')) ?? {}
    const retained = await db.conversations
      .filter((row) => row.retention_seconds !== undefined)
      .limit(1)
      .count()
    return retained === 0 ? asked : Math.max(asked, await lastCleanupAt(db))
  })
}

/** The searchable messages at these numbers of a log. */
export async function readSearchableAt(
  db: GigiDatabase,
  log: LogId,
  numbers: SequenceSet,
): Promise<SearchableMessage[]> {
  return db.transaction('r', db.messages, async () => searchable(await rowsAt(db, log, numbers)))
}

/** The ids of the `limit` messages before `before` (null: the last ones), of whatever kind, in falling order. */
export const readIdsBefore = (
  db: GigiDatabase,
  before: MessageId | null,
  limit: number,
): Promise<MessageId[]> =>
  db.messages
    .where(':id')
    .below(before ?? Dexie.maxKey)
    .reverse()
    .limit(limit)
    .primaryKeys()

/** The searchable ones of these messages. */
export async function readSearchable(
  db: GigiDatabase,
  ids: readonly MessageId[],
): Promise<SearchableMessage[]> {
  return searchable(await db.messages.bulkGet([...ids]))
}

/** Which of these messages are not stored. */
export async function readMissing(db: GigiDatabase, ids: readonly MessageId[]): Promise<MessageId[]> {
  const stored = new Set(await db.messages.where(':id').anyOf(ids).primaryKeys())
  return ids.filter((id) => !stored.has(id))
}

/** A message that may be shown as found. */
export interface FoundMessage extends SearchableMessage {
  readonly direction: Direction
  /** Of the conversation. */
  readonly title: string
  readonly peer: PeerId
  /** As the pages of the conversation have it. */
  readonly cursor: string
}

/** These messages as they are stored now; null for those that are gone, or stand in conversations that are not listed. */
export function readFound(db: GigiDatabase, ids: readonly MessageId[]): Promise<(FoundMessage | null)[]> {
  return db.transaction('r', db.messages, db.conversations, db.contacts, async () => {
    const rows = await db.messages.bulkGet([...ids])
    const blocked = new Set(await db.contacts.where('state').equals('blocked').primaryKeys())
    const known = [...new Set(rows.flatMap((row) => row?.conversation_id ?? []))]
    const conversations = new Map((await db.conversations.bulkGet(known)).map((row) => [row?.id, row]))
    return rows.map((row) => {
      const [message] = searchable([row])
      const conversation = conversations.get(row?.conversation_id)
      if (row === undefined || message === undefined || conversation === undefined) return null
      if (conversation.listed === SHELF.hidden || blocked.has(row.peer_id)) return null
      const { direction } = row
      return {
        ...message,
        direction,
        title: conversation.title,
        peer: conversation.peer_id,
        cursor: cursorOf(row),
      }
    })
  })
}
