/** What the user does with a conversation as a whole: where it stands in the list, whether it is heard, and its mark. */
import type { ConversationId } from '../domain/ids.ts'
import { SHELF, type Shelf } from '../domain/shelf.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'

/** Puts a conversation on a shelf of the list; one that is hidden stays so. */
export const setShelf = (
  db: GigiDatabase,
  id: ConversationId,
  shelf: Exclude<Shelf, typeof SHELF.hidden>,
): Promise<void> =>
  change(db, id, (row) => {
    if (row.listed !== SHELF.hidden) row.listed = shelf
  })

/** Brings back a conversation that was deleted: it is opened anew. The caller knows that nobody in it is blocked. */
export const listAgain = (db: GigiDatabase, id: ConversationId): Promise<void> =>
  change(db, id, (row) => {
    if (row.listed === SHELF.hidden) row.listed = SHELF.listed
  })

/** Mutes a conversation until a time (milliseconds since the Unix epoch, FOR_GOOD), or no more (null). */
export const setMuted = (db: GigiDatabase, id: ConversationId, until: number | null): Promise<void> =>
  change(db, id, (row) => {
    if (until === null) delete row.muted_until
    else row.muted_until = until
  })

/** Marks a conversation as to be read, whatever was read of it, or takes the mark away. */
export const setMarkedUnread = (db: GigiDatabase, id: ConversationId, marked: boolean): Promise<void> =>
  change(db, id, (row) => {
    if (marked) row.marked_unread = 1
    else delete row.marked_unread
  })

/** What stays as it was is not written: that would be a change to whoever watches. */
function change(db: GigiDatabase, id: ConversationId, edit: (row: ConversationRow) => void): Promise<void> {
  return db.transaction('rw', db.conversations, async () => {
    const before = await db.conversations.get(id)
    if (before === undefined) throw new Error(`no conversation ${id}`)
    const after = { ...before }
    edit(after)
    const columns = ['listed', 'muted_until', 'marked_unread'] as const
    if (columns.some((column) => before[column] !== after[column])) await db.conversations.put(after)
  })
}
