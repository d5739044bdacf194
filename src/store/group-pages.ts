/** What members of a group tell each other that they have, ask each other for, and give (SPEC 21). */
import { endOf, fromOf, type GroupMember, isActive, isMembershipLog, memberOf } from '../domain/group.ts'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import {
  count,
  difference,
  fromNumbers,
  intersection,
  type SequenceSet,
  union,
} from '../domain/sequence-set.ts'
import type { ConversationSummary, LogNumbers, LogSummary } from '../protocol/frames.ts'
import { MAX_LOGS_PER_FRAME, MAX_RANGES, MAX_SEQUENCE_AHEAD } from '../protocol/limits.ts'
import { groupsFrom, groupsWith } from './fellows.ts'
import { authoredMessage } from './messages.ts'
import type { PageContent } from './pages.ts'
import { rowsAt } from './pages.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase, GroupRow, LogRow } from './schema.ts'

/** Logs of the direct conversation in a summary. */
const DIRECT_LOGS = 256

/**
 * What we have of the groups that we have in common with `peer`: of each log what we accepted, of our own all that we wrote,
 * and where `receipts` are on what we read. `own`: of the logs that the peer writes alone, as proof for it. As much as a
 * summary holds. Within a transaction over `groups` and `logs`.
 */
export async function groupSummaries(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  receipts: boolean,
  only: 'all' | 'own',
): Promise<ConversationSummary[]> {
  const summaries: ConversationSummary[] = []
  let room = MAX_LOGS_PER_FRAME - DIRECT_LOGS
  for (const group of await groupsWith(db, peer)) {
    const them = memberOf(group.state, peer)
    const logs = (await logsOf(db, group.id)).filter(
      (log) => log.accepted.length > 0 && (only === 'own' ? log.author === peer : isFor(group, log, them)),
    )
    if ((room -= logs.length) < 0) break
    summaries.push({ conversation: group.id, logs: logs.map((log) => summaryOf(log, self, receipts)) })
  }
  return summaries
}

/** Whoever is only invited is told of membership alone. */
const isFor = ({ standing }: GroupRow, { log_id }: LogRow, them: GroupMember | undefined): boolean =>
  isMembershipLog(log_id) || (standing === 'joined' && them?.standing === 'joined')

const summaryOf = (log: LogRow, self: PeerId, receipts: boolean): LogSummary => ({
  log: log.log_id,
  author: log.author,
  accepted: log.accepted,
  read: receipts && log.author !== self ? log.read : [],
  tail: log.tail ?? null,
})

/**
 * What `peer` has of a group, by its summary, and we lack and may have: first what says who is in it, then the rest. What
 * those who are `connected` wrote themselves is asked of them. Within a transaction over `groups`, `conversations` and `logs`.
 */
export async function groupLacking(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  id: ConversationId,
  theirs: readonly LogSummary[],
  connected: ReadonlySet<PeerId>,
): Promise<LogNumbers[]> {
  const group = (await groupsFrom(db, peer)).find((row) => row.id === id)
  if (group === undefined) return []
  const ours = new Map((await logsOf(db, id)).map((row) => [row.log_id, row]))
  const current = (await db.conversations.get(id))?.own_log_id
  const us = memberOf(group.state, self)
  const entries: LogNumbers[] = []
  const messages: LogNumbers[] = []
  for (const { log, author, accepted } of theirs) {
    if (log === current || log === group.membership_log_id) continue
    const known = ours.get(log)
    if (known !== undefined && known.author !== author) continue
    const isEntry = isMembershipLog(log)
    const member = memberOf(group.state, author)
    const isWord = isEntry && author === group.creator
    if (!isWord && member === undefined) continue
    if (!isEntry && us?.standing !== 'joined') continue
    if (author !== peer && author !== self && connected.has(author) && !isEntry) continue
    const end = member === undefined || isWord ? Infinity : endOf(member, log)
    const from = isEntry || us === undefined ? 0 : fromOf(us, log)
    const before: SequenceSet = from === 0 ? [] : [[1, from]]
    const had = union(known?.accepted ?? [], before)
    const last = Math.min(end, count(had) + MAX_SEQUENCE_AHEAD)
    if (last === 0) continue
    const numbers = difference(intersection(accepted, [[1, last]]), had).slice(-MAX_RANGES)
    if (numbers.length > 0) (isEntry ? entries : messages).push({ log, numbers })
  }
  return entries.length > 0 ? entries : messages
}

const NOTHING: PageContent = { messages: [], gone: [], empty: [] }

/**
 * What `peer` asked for of a group, as far as it may have it: what was written before it was added, and what does not count of
 * those who left, it may not. What waits in the queue for it is left out, since it is pushed. Within a transaction over
 * `identity`, `groups`, `logs`, `messages` and `offline_queue`.
 */
export async function readGroupPage(
  db: GigiDatabase,
  self: PeerId,
  peer: PeerId,
  id: ConversationId,
  wanted: readonly LogNumbers[],
): Promise<PageContent> {
  const group = (await groupsWith(db, peer)).find((row) => row.id === id)
  const them = group === undefined ? undefined : memberOf(group.state, peer)
  if (group === undefined || them === undefined || !isActive(them)) return NOTHING
  const messages: { message: PageContent['messages'][number]['message']; signature?: Uint8Array }[] = []
  const gone: LogNumbers[] = []
  const empty: LogNumbers[] = []
  for (const { log, numbers } of wanted) {
    const row = await db.logs.get([id, log])
    if (row === undefined || !isFor(group, row, them)) {
      gone.push({ log, numbers })
      continue
    }
    const allowed = allowedOf(group, row, them, numbers)
    const rows = (await rowsAt(db, log, allowed)).filter((m) => m.conversation_id === id)
    const queued = await db.offline_queue.bulkGet(rows.map((m) => [peer, m.id]))
    for (const [i, m] of rows.entries())
      if (queued[i] === undefined)
        messages.push({
          message: authoredMessage(m),
          ...(m.signature === undefined ? {} : { signature: m.signature }),
        })
    const lacking = difference(numbers, fromNumbers(rows.map((m) => m.seq)))
    // What its author has taken back unsent is missed by nobody. Nobody else can say so.
    const withdrawn = row.author === self ? intersection(lacking, row.vacated ?? []) : []
    if (withdrawn.length > 0) empty.push({ log, numbers: withdrawn })
    const rest = difference(lacking, withdrawn)
    if (rest.length > 0) gone.push({ log, numbers: rest })
  }
  return { messages, gone, empty }
}

function allowedOf(
  { state }: GroupRow,
  { log_id: log, author }: LogRow,
  them: GroupMember,
  numbers: SequenceSet,
): SequenceSet {
  const member = memberOf(state, author)
  if (isMembershipLog(log) && author === state.creator) return numbers
  const end = member === undefined ? 0 : endOf(member, log)
  const within = end === Infinity ? numbers : end === 0 ? [] : intersection(numbers, [[1, end]])
  const from = isMembershipLog(log) ? 0 : fromOf(them, log)
  return from === 0 ? within : difference(within, [[1, from]])
}

/**
 * Notes places that hold nothing, which the author of the log itself has said of what we asked for. That somebody does not
 * have a message says nothing of what others have. Within a transaction over `groups` and `logs`.
 */
export async function noteWithdrawn(
  db: GigiDatabase,
  peer: PeerId,
  id: ConversationId,
  empty: readonly LogNumbers[],
  asked: readonly LogNumbers[],
): Promise<void> {
  if (!(await groupsWith(db, peer)).some((row) => row.id === id)) return
  for (const { log, numbers } of empty) {
    const row = await db.logs.get([id, log])
    const wanted = asked.find((other) => other.log === log)?.numbers ?? []
    // A log of which nothing came yet is made by the first message that does.
    if (row?.author !== peer) continue
    const missing = difference(intersection(numbers, wanted), row.accepted)
    const accepted = union(row.accepted, missing)
    if (missing.length === 0 || accepted.length > MAX_RANGES) continue
    await db.logs.put({ ...row, accepted, elsewhere: union(row.elsewhere ?? [], missing) })
  }
}
