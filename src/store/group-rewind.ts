/**
 * Rewound installations in groups (SPEC 11.1, 21.20): what a member has of a log that we write shows that this profile was put
 * back. Then we begin a new log there, and what nobody has proven to have moves to it.
 */
import { Dexie } from 'dexie'
import { isMembershipLog } from '../domain/group.ts'
import type { ConversationId, LogId, PeerId } from '../domain/ids.ts'
import { isMembership } from '../domain/message.ts'
import { difference, fromNumbers, has, type SequenceSet, union } from '../domain/sequence-set.ts'
import type { LogSummary } from '../protocol/frames.ts'
import { MAX_LOGS_PER_MEMBER } from '../protocol/limits.ts'
import { groupsWith } from './fellows.ts'
import { openGroupWriter } from './group-writer.ts'
import { groupTables } from './groups.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import type { RandomBytes } from './log-writer.ts'
import { contentOf } from './messages.ts'
import { logsOf } from './reception.ts'
import { wasRewound } from './rewind.ts'
import type { GigiDatabase, GroupRow, LogRow, MessageRow } from './schema.ts'

/**
 * Begins a new log in a group where `theirs`, which `peer` has said, shows that ours was rewound, or without question where a
 * conflict showed it (`log`). Returns whether it did; never past MAX_LOGS_PER_MEMBER.
 */
export function renewGroupLog(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  id: ConversationId,
  log: LogId,
  theirs: LogSummary | null,
  now: number,
  random: RandomBytes,
): Promise<boolean> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const group = (await groupsWith(db, peer)).find((row) => row.id === id)
    const conversation = await db.conversations.get(id)
    const isOurs = log === conversation?.own_log_id || log === group?.membership_log_id
    if (group === undefined || !isOurs) return false
    const row = await db.logs.get([id, log])
    if (row === undefined || (theirs !== null && !(await wasRewound(db, row, theirs)))) return false
    const own = (await logsOf(db, id)).filter(({ author }) => author === self)
    if (own.length >= MAX_LOGS_PER_MEMBER) return false
    await move(db, group, row, now, random)
    return true
  })
}

async function move(
  db: GigiDatabase,
  group: GroupRow,
  log: LogRow,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const proven = await provenByAnyone(db, group.id, log.log_id)
  const rows = await db.messages
    .where('[log_id+seq]')
    .between([log.log_id, Dexie.minKey], [log.log_id, Dexie.maxKey])
    .filter((row) => !has(proven, row.seq))
    .toArray()
  const moved = fromNumbers(rows.map((row) => row.seq).filter((seq) => seq > 0))
  const renewed: LogRow = { ...log, accepted: difference(log.accepted, moved) }
  delete renewed.tail
  await db.logs.put(renewed)
  if (isMembershipLog(log.log_id)) {
    const changed = { ...group }
    delete changed.membership_log_id
    // What members are to know of us is said anew.
    delete changed.card
    await db.groups.put(changed)
  } else
    await db.conversations.update(group.id, (row) => {
      delete row.own_log_id
    })
  await unqueue(db, group, rows)
  const writer = await openGroupWriter(db, group.id, now, random)
  for (const row of rows.sort((a, b) => a.seq - b.seq)) {
    const content = contentOf(row)
    const isEntry = isMembership(row.content_type)
    await db.messages.delete(row.id)
    if (isEntry) await db.group_entries.delete([group.id, row.id])
    if (content.type === 'GroupCard') continue
    if (content.type === 'GroupChange' || content.type === 'GroupJoin' || content.type === 'GroupLeave')
      await writer.declare(content)
    else if (group.standing === 'joined') await writer.writeAgain(row)
  }
  await writer.close()
}

async function provenByAnyone(db: GigiDatabase, id: ConversationId, log: LogId): Promise<SequenceSet> {
  const receipts = await db.receipts
    .where('[conversation_id+log_id+peer_id]')
    .between([id, log, Dexie.minKey], [id, log, Dexie.maxKey])
    .toArray()
  return receipts.reduce<SequenceSet>((set, { delivered }) => union(set, delivered), [])
}

async function unqueue(db: GigiDatabase, { active }: GroupRow, rows: readonly MessageRow[]): Promise<void> {
  await db.offline_queue.bulkDelete(
    rows.flatMap((row) => active.map((peer): [PeerId, MessageRow['id']] => [peer, row.id])),
  )
}
