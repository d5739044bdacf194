/** Timed attempts, and the end of trying. Due times are stored; whoever wakes reads them here (D7). */
import { NEVER, nextRetryAt } from '../domain/backoff.ts'
import type { MessageId, PeerId } from '../domain/ids.ts'
import { add, difference, has } from '../domain/sequence-set.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { inMail } from './deposits.ts'
import { groupTables } from './groups.ts'
import { sendToGroupAgain } from './group-outbox.ts'
import { readConfig, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { mayBeCalled } from './outbox.ts'
import { isProven } from './receipts.ts'
import { enqueueOffline, NotAcceptedError, openWriter, type RandomBytes, writerTables } from './log-writer.ts'
import { logsOf } from './reception.ts'
import type { DepositRow, GigiDatabase, MessageRow } from './schema.ts'

/**
 * Counts the timed attempts that are due, at most `limit` rows, and gives each its next due time. Returns the
 * peers to try, and whether more may be due: one dial serves all due rows of a peer. Where a push is under way nothing
 * is tried and nothing counted. Call it only while we hold a reservation, so that no attempt is spent while this
 * device is offline.
 */
export function beginDueAttempts(
  db: GigiDatabase,
  epoch: number,
  now: number,
  limit: number,
  random: () => number,
  isUnderWay: (peer: PeerId) => boolean,
): Promise<{ readonly tried: readonly PeerId[]; readonly more: boolean }> {
  return db.transaction('rw', db.meta, db.contacts, db.offline_queue, db.messages, async () => {
    await checkEpoch(db, epoch)
    const { retry_interval_seconds, max_retry_attempts: max } = await readConfig(db)
    const rows = await db.offline_queue.where('next_retry_at').belowOrEqual(now).limit(limit).toArray()
    // To write nothing is a change to Dexie all the same.
    if (rows.length === 0) return { tried: [], more: false }
    // One jitter for each peer, so that its rows come due together again.
    const peers = [...new Set(rows.map((row) => row.target_peer_id))]
    const contacts = await db.contacts.bulkGet(peers)
    const accepted = new Set(peers.filter((_, i) => mayBeCalled(contacts[i]?.state)))
    const tried = [...accepted].filter((peer) => !isUnderWay(peer))
    const jitter = new Map(tried.map((peer) => [peer, random()]))
    for (const row of rows) {
      const wait = jitter.get(row.target_peer_id)
      if (wait === undefined) {
        // Blocked: no attempt is made until that ends. Under way: it is looked at again an interval later.
        row.next_retry_at = accepted.has(row.target_peer_id) ? now + retry_interval_seconds * 1000 : NEVER
        continue
      }
      row.retry_count += 1
      row.max_retries = max
      row.last_retry_at = now
      row.next_retry_at = nextRetryAt(row.retry_count, max, retry_interval_seconds * 1000, now, wait)
    }
    await db.offline_queue.bulkPut(rows)
    await db.messages.bulkUpdate(
      rows.map((row) => ({
        key: row.message_id,
        changes: { sync_attempts: row.retry_count, last_sync_attempt: now },
      })),
    )
    return { tried, more: rows.length === limit }
  })
}

export interface NextDue {
  /** When the next timed attempt is due; null when none is. */
  readonly attempt: number | null
  /** When the next message has had its time; null when none will. */
  readonly expiry: number | null
}

/** When there is something to do next: read only, so that it holds nobody up. */
export function nextDue(db: GigiDatabase): Promise<NextDue> {
  const known = (due: number | undefined): number | null => (due === undefined || due === NEVER ? null : due)
  return db.transaction('r', db.offline_queue, async () => {
    const [attempt, expiry] = await Promise.all([
      db.offline_queue.orderBy('next_retry_at').first(),
      db.offline_queue.orderBy('expires_at').first(),
    ])
    return { attempt: known(attempt?.next_retry_at), expiry: known(expiry?.expires_at) }
  })
}

/**
 * Ends the trying of what has had its time, at most `limit` messages: they leave the queue and say so (D5); their
 * numbers are filled when the recipient is next met. Returns whether there may be more.
 */
export function expireDue(db: GigiDatabase, epoch: number, now: number, limit: number): Promise<boolean> {
  const { meta, offline_queue, messages, logs, receipts } = db
  return db.transaction('rw', [meta, offline_queue, messages, logs, receipts], async () => {
    await checkEpoch(db, epoch)
    const due = await db.offline_queue.where('expires_at').belowOrEqual(now).limit(limit).toArray()
    if (due.length === 0) return false
    const found = await db.messages.bulkGet(due.map((row) => row.message_id))
    const expired: MessageRow[] = []
    for (const [i, row] of found.entries())
      // What was proven and is not settled yet has arrived.
      if (row?.delivered === 0 && !(await isProven(db, row, due[i]?.target_peer_id ?? row.peer_id)))
        expired.push(row)
    await db.messages.bulkPut(expired.map((row) => ({ ...row, expired_at: now })))
    await db.offline_queue.bulkDelete(due.map((row) => [row.target_peer_id, row.message_id]))
    for (const row of expired) {
      // In a group it is no more brought to one, and may be had by others.
      if (row.msg_type === 'Group') continue
      const log = await db.logs.get([row.conversation_id, row.log_id])
      if (log !== undefined) await db.logs.put({ ...log, vacated: add(log.vacated ?? [], row.seq) })
    }
    return due.length === limit
  })
}

/**
 * Sends a message again that had its time or was refused: under its old id, at a new place in the log; but one that still
 * lies in a mailbox keeps its place, at which it may arrive. Nothing happens to one that is still tried, or that was
 * delivered meanwhile.
 */
export function sendAgain(db: GigiDatabase, id: MessageId, now: number, random: RandomBytes): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    const row = await db.messages.get(id)
    if (row?.direction !== 'Sent' || row.delivered === 1) return
    if (row.expired_at === undefined && row.refusal === undefined) return
    if (row.msg_type === 'Group') {
      await sendToGroupAgain(db, row, now, random)
      return
    }
    const conversation = await db.conversations.get(row.conversation_id)
    const peer = conversation?.peer_id ?? row.peer_id
    // What was proven and is not settled yet has arrived.
    if (await isProven(db, row, peer)) return
    const letter = row.refusal === undefined ? await letterWith(db, peer, row) : undefined
    if (letter !== undefined) {
      await waitAgain(db, row, letter, now, random)
      return
    }
    const writer = await openWriter(db, row.conversation_id, now, random)
    await writer.appendAgain(row, now)
    await writer.close()
  })
}

/** The letter in which a message is on its way, at the place where it stands. */
async function letterWith(db: GigiDatabase, peer: PeerId, row: MessageRow): Promise<DepositRow | undefined> {
  const letters = await db.deposits.where('peer_id').equals(peer).toArray()
  return letters.find(
    ({ message_ids, places }) =>
      message_ids.includes(row.id) &&
      places.some(({ log, numbers }) => log === row.log_id && has(numbers, row.seq)),
  )
}

/** Puts a message back into the queue as it was before its time was over. */
async function waitAgain(
  db: GigiDatabase,
  row: MessageRow,
  letter: DepositRow,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const contact = await db.contacts.get(letter.peer_id)
  if (contact?.state !== 'accepted') throw new NotAcceptedError(`${letter.peer_id} is not accepted`)
  const config = await readConfig(db)
  const waiting = { ...row, expires_at: now + config.message_ttl_seconds * 1000 }
  delete waiting.expired_at
  await db.messages.put(waiting)
  await enqueueOffline(db, waiting, contact, config, now, random, letter.id)
  const log = await db.logs.get([row.conversation_id, row.log_id])
  if (log !== undefined)
    await db.logs.put({ ...log, vacated: difference(log.vacated ?? [], [[row.seq, row.seq]]) })
}

/**
 * Fills the numbers of our logs that `peer` lacks and that nothing will be sent for any more, at most `limit` of each
 * log. Call it when the peer has just told what it accepted.
 */
export function fillVacated(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  now: number,
  limit: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...writerTables(db), db.receipts, db.deposits], async () => {
    await checkEpoch(db, epoch)
    const conversation = directConversationId((await requireIdentity(db)).peer_id, peer)
    const logs = (await logsOf(db, conversation)).filter((log) => (log.vacated ?? []).length > 0)
    if (logs.length === 0 || (await db.contacts.get(peer))?.state !== 'accepted') return
    const writer = await openWriter(db, conversation, now, random)
    for (const log of logs) {
      const receipt = await db.receipts.get([conversation, log.log_id, peer])
      await writer.fillVacated(log, receipt?.delivered ?? [], await inMail(db, peer, log.log_id), limit)
    }
    await writer.close()
  })
}
