/**
 * Clearing and deleting conversations at the user's word, on this device only. What is meant is fixed in one transaction, as
 * numbers of logs, so that what comes meanwhile stays; the rows go piece by piece, by whoever is there to do it.
 */
import type { ConversationId, LogId, PeerId } from '../domain/ids.ts'
import { isMembershipLog } from '../domain/group.ts'
import { difference, has, type SequenceSet, union } from '../domain/sequence-set.ts'
import { SHELF } from '../domain/shelf.ts'
import type { LogNumbers } from '../protocol/frames.ts'
import { isGroupId } from '../protocol/group.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { shutOut } from './contacts.ts'
import { deleteMessages, deletionTables, isTried, noteForgotten, vacate } from './deletion.ts'
import { groupsWith } from './fellows.ts'
import { checkEpoch } from './leadership.ts'
import { receiptsFrom } from './receipts.ts'
import { logsOf } from './reception.ts'
import type { ContactRow, ConversationRow, GigiDatabase, MessageRow } from './schema.ts'

type Intent = NonNullable<ConversationRow['clearing']>

/**
 * Begins to delete what is in a conversation now; `hide`: it leaves the list too, until something new is written in it or it is
 * opened anew. What was accepted stays accepted, so nobody sends anything again (D3); what is still to be sent stays and goes
 * out. `clearPiece` does the work.
 */
export function beginClearing(
  db: GigiDatabase,
  id: ConversationId,
  hide: boolean,
  now: number,
): Promise<void> {
  return db.transaction('rw', db.installation, db.conversations, db.logs, async () => {
    const row = await db.conversations.get(id)
    if (row === undefined) throw new Error(`no conversation ${id}`)
    const cleared = { ...row, clearing: await intentOf(db, row, false) }
    delete cleared.marked_unread
    if (hide) cleared.listed = SHELF.hidden
    await db.conversations.put(cleared)
    await noteForgotten(db, now)
  })
}

/**
 * Deletes a contact: they are a stranger from then on, who cannot leave us mail by what we gave them and does not see when we are
 * there. Their conversation begins to be deleted, with what is still to be sent to them; `clearPiece` does the work. Returns which conversation that is.
 */
export function deleteContact(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  now: number,
): Promise<ConversationId> {
  const id = directConversationId(self, peer)
  const { meta, installation, contacts, conversations, logs, revoked_grants, owed, groups } = db
  const tables = [meta, installation, contacts, conversations, logs, revoked_grants, owed, groups]
  return db.transaction('rw', tables, async () => {
    const contact = await db.contacts.get(peer)
    const row = await db.conversations.get(id)
    if (contact !== undefined) await shutOut(db, peer)
    await forgetContact(db, contact)
    if (row === undefined) return id
    const left: ConversationRow = {
      ...row,
      title: contact?.nickname ?? row.title,
      listed: SHELF.hidden,
      clearing: await intentOf(db, row, true),
    }
    delete left.marked_unread
    delete left.muted_until
    delete left.retention_seconds
    await db.conversations.put(left)
    await noteForgotten(db, now)
    return id
  })
}

/** Of whoever is in a group with us it stays known how they are called and reached there. */
async function forgetContact(db: GigiDatabase, contact: ContactRow | undefined): Promise<void> {
  if (contact === undefined) return
  const { peer_id, nickname, relays, added_at } = contact
  if ((await groupsWith(db, peer_id)).length === 0) await db.contacts.delete(peer_id)
  else {
    const left = { peer_id, nickname, relays, added_at, request_messages: 0, request_bytes: 0 }
    await db.contacts.put({ ...left, state: 'member' })
  }
}

/** All that stands in a conversation now, with what was to be deleted before. Within a transaction over `logs`. */
async function intentOf(db: GigiDatabase, { id, clearing }: ConversationRow, all: boolean): Promise<Intent> {
  const places = new Map<LogId, SequenceSet>()
  for (const { log, numbers } of clearing?.places ?? []) places.set(log, numbers)
  for (const { log_id, accepted } of await logsOf(db, id))
    // Who is in a group, and why, has to be known as long as the group is.
    if (!(isGroupId(id) && isMembershipLog(log_id)))
      places.set(log_id, union(places.get(log_id) ?? [], accepted))
  return {
    places: [...places].map(([log, numbers]) => ({ log, numbers })),
    all: all || clearing?.all === true,
  }
}

/** Deletes at most `limit` messages of what is to be deleted in a conversation. Returns whether there may be more. */
export function clearPiece(
  db: GigiDatabase,
  id: ConversationId,
  limit: number,
  now: number,
): Promise<boolean> {
  const tables = [db.installation, db.logs, db.receipts, ...deletionTables(db)]
  return db.transaction('rw', tables, async () => {
    const row = await db.conversations.get(id)
    return row?.clearing !== undefined && clearWithin(db, row, row.clearing, limit, now)
  })
}

/** As `clearPiece`, of a conversation in which that was broken off, if there is one. */
export function resumeClearing(
  db: GigiDatabase,
  epoch: number,
  limit: number,
  now: number,
): Promise<boolean> {
  const tables = [db.meta, db.installation, db.logs, db.receipts, ...deletionTables(db)]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const [id] = await unfinishedClearings(db)
    const row = id === undefined ? undefined : await db.conversations.get(id)
    if (row?.clearing === undefined) return false
    await clearWithin(db, row, row.clearing, limit, now)
    // There may be others.
    return true
  })
}

/** The conversations in which something is still to be deleted. */
export const unfinishedClearings = async (db: GigiDatabase): Promise<ConversationId[]> =>
  (await db.conversations.filter(({ clearing }) => clearing !== undefined).toArray()).map(({ id }) => id)

async function clearWithin(
  db: GigiDatabase,
  conversation: ConversationRow,
  { places: [first, ...others], all }: Intent,
  limit: number,
  now: number,
): Promise<boolean> {
  if (first === undefined) {
    await db.conversations.update(conversation.id, (row) => {
      delete row.clearing
    })
    await noteForgotten(db, now)
    return false
  }
  const { rows, left } = await nextOf(db, first, limit)
  const proven = new Map(
    (await receiptsFrom(db, conversation.id, conversation.peer_id)).map((row) => [row.log_id, row.delivered]),
  )
  // What waits for members of a group is settled by the least advanced.
  const isWaiting = (row: MessageRow): boolean => isTried(row) && !has(proven.get(row.log_id) ?? [], row.seq)
  const gone = rows.filter((row) => all || !isWaiting(row))
  if (gone.length > 0) await deleteMessages(db, conversation, gone, now)
  await vacate(db, gone.filter(isWaiting))
  const places = left.length === 0 ? others : [{ log: first.log, numbers: left }, ...others]
  await db.conversations.update(conversation.id, { clearing: { places, all } })
  return true
}

/** At most `limit` rows at the first of these numbers, and the numbers that are left then. */
async function nextOf(
  db: GigiDatabase,
  { log, numbers }: LogNumbers,
  limit: number,
): Promise<{ rows: MessageRow[]; left: SequenceSet }> {
  // What had its time has lost its number to a void, and is not tried.
  const outside = await db.messages.where('[log_id+seq]').equals([log, 0]).limit(limit).toArray()
  if (outside.length > 0) return { rows: outside, left: numbers }
  const [range] = numbers
  if (range === undefined) return { rows: [], left: [] }
  const [start, end] = range
  const rows = await db.messages
    .where('[log_id+seq]')
    .between([log, start], [log, end], true, true)
    .limit(limit)
    .toArray()
  const reached = rows.length < limit ? end : (rows.at(-1)?.seq ?? end)
  return { rows, left: difference(numbers, [[start, reached]]) }
}
