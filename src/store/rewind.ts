/**
 * Rewound installations. A profile that was restored from an old state gives out numbers again that its peers have seen
 * under other messages. What a peer has of our log shows it; then we begin a new log, and nothing that is
 * proven of the old one is believed of what we wrote since (SPEC 11.1 to 11.4).
 */
import { Dexie } from 'dexie'
import type { ConversationId, LogId, PeerId } from '../domain/ids.ts'
import {
  difference,
  fromNumbers,
  has,
  highest,
  intersection,
  type SequenceSet,
} from '../domain/sequence-set.ts'
import type { LogSummary } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { MAX_OWN_LOGS } from '../protocol/limits.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { leavePlace, openWriter, type RandomBytes, writerTables } from './log-writer.ts'
import { outdatePrekeys } from './prekeys.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase, LogRow } from './schema.ts'

/**
 * Begins a new log towards `peer` if `theirs` shows that our current one was rewound, or without question where it is
 * null (a conflict showed it), and moves there what was not acknowledged, under the same ids. Returns whether it did;
 * never past MAX_OWN_LOGS.
 */
export function renewLog(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  theirs: (LogSummary & { readonly conversation: ConversationId }) | null,
  now: number,
  random: RandomBytes,
): Promise<boolean> {
  return db.transaction('rw', [...writerTables(db), db.receipts, db.prekeys], async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const conversation = await db.conversations.get(directConversationId(self, peer))
    if (conversation?.own_log_id === undefined) return false
    if (
      theirs !== null &&
      (theirs.conversation !== conversation.id || theirs.log !== conversation.own_log_id)
    )
      return false
    const log = await db.logs.get([conversation.id, conversation.own_log_id])
    if (log === undefined || (theirs !== null && !(await wasRewound(db, log, theirs)))) return false
    const own = (await logsOf(db, conversation.id)).filter((other) => other.author === self)
    if (own.length >= MAX_OWN_LOGS || (await db.contacts.get(peer))?.state !== 'accepted') return false
    const receipt = await db.receipts.get([conversation.id, log.log_id, peer])
    await move(db, log, theirs, receipt?.delivered ?? [], now, random)
    // What was published since then is gone with the state that was put back.
    await outdatePrekeys(db)
    return true
  })
}

/** The log that we write towards `peer`, if any. */
export async function currentLog(db: GigiDatabase, peer: PeerId): Promise<LogId | undefined> {
  const self = (await requireIdentity(db)).peer_id
  return (await db.conversations.get(directConversationId(self, peer)))?.own_log_id
}

/** Whether what a peer has of a log that we write was written in another life of this profile. */
export async function wasRewound(
  db: GigiDatabase,
  log: LogRow,
  { accepted, tail }: LogSummary,
): Promise<boolean> {
  const end = highest(accepted)
  if (end > highest(log.accepted)) return true
  if (tail === null || end === 0) return false
  const ours = await db.messages.where('[log_id+seq]').equals([log.log_id, end]).first()
  if (ours === undefined || ours.id === tail) return false
  // What we gave up there, and filled, has arrived after all: a mailbox had said that it does not hold it.
  const { left } = (await db.messages.get(tail)) ?? {}
  return left?.log_id !== log.log_id || left.seq !== end
}

async function move(
  db: GigiDatabase,
  log: LogRow,
  theirs: LogSummary | null,
  proven: SequenceSet,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const rows = await db.messages
    .where('[log_id+seq]')
    .between([log.log_id, Dexie.minKey], [log.log_id, Dexie.maxKey])
    // What was proven has arrived, though its row may not say so yet.
    .filter((row) => row.delivered === 0 && !has(proven, row.seq))
    .toArray()
  const moved = fromNumbers(rows.map((row) => row.seq).filter((seq) => seq > 0))
  const accepted = theirs?.accepted ?? []
  const vacated = difference(intersection(moved, [[1, highest(accepted)]]), accepted)
  const renewed: LogRow = { ...log, accepted: difference(log.accepted, moved), vacated }
  delete renewed.tail
  await db.logs.put(renewed)
  await db.conversations.update(log.conversation_id, (row) => {
    delete row.own_log_id
  })
  const writer = await openWriter(db, log.conversation_id, now, random)
  for (const row of rows.sort((a, b) => a.seq - b.seq)) {
    const conflicted = row.refusal === 'conflict'
    const queued = row.expired_at === undefined && (row.refusal === undefined || conflicted)
    // Nothing replaces a void that was on its way; what is not tried has no place until it is sent again.
    if (row.content_type === 'Void') await db.messages.delete(row.id)
    else if (queued) await writer.appendAgain(row, row.timestamp, row.expires_at)
    else await db.messages.put(leavePlace(row))
  }
  const voids = rows.filter((row) => row.content_type === 'Void')
  if (voids.length > 0)
    await db.offline_queue.bulkDelete(voids.map((row) => [writer.contact.peer_id, row.id]))
  await writer.close()
}
