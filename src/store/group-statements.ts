/**
 * Statements: what each member of a group says, under its signature, that it has accepted and read (SPEC 21). The last of each is
 * kept and passed on, so that an author hears of those whom it does not meet.
 */
import { Dexie } from 'dexie'
import { memberOf } from '../domain/group.ts'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import type { KnownStatements } from '../protocol/frames.ts'
import { type LogStatement, openStatement, type Statement } from '../protocol/group.ts'
import { MAX_KNOWN_STATEMENTS } from '../protocol/limits.ts'
import { recordGroupProofs } from './group-receipts.ts'
import { groupsWith } from './fellows.ts'
import { audienceOf } from './groups.ts'
import { readSettings, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase, GroupRow, GroupStatementRow } from './schema.ts'

/** The groups in which what we state goes on through `peer`: we both have joined, and there is somebody else. */
async function statedWith(db: GigiDatabase, self: PeerId, peer: PeerId): Promise<GroupRow[]> {
  const groups = await groupsWith(db, peer)
  return groups.filter(({ standing, state }) => {
    const others = audienceOf(state, self)
    return standing === 'joined' && others.length > 1 && others.includes(peer)
  })
}

const statementsOf = (db: GigiDatabase, group: ConversationId): Promise<GroupStatementRow[]> =>
  db.group_statements
    .where('[group_id+peer_id]')
    .between([group, Dexie.minKey], [group, Dexie.maxKey])
    .toArray()

/** What we have to state that is not what we stated last, in the groups that we have in common with `peer`: to be signed and kept. */
export function dueStatements(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  now: number,
): Promise<Statement[]> {
  const tables = [db.meta, db.identity, db.groups, db.logs, db.group_statements]
  return db.transaction('r', tables, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const { readReceipts } = await readSettings(db)
    const due: Statement[] = []
    for (const { id } of await statedWith(db, self, peer)) {
      const logs: LogStatement[] = (await logsOf(db, id))
        .filter(({ author, accepted }) => author !== self && accepted.length > 0)
        .map(({ log_id: log, accepted, read }) => ({ log, accepted, read: readReceipts ? read : [] }))
      const last = await db.group_statements.get([id, self])
      if (logs.length === 0 || (last !== undefined && isSame(last.sealed, logs))) continue
      const number = Math.min(MAX_TIME_MS, Math.max(now, (last?.number ?? 0) + 1))
      due.push({ group: id, member: self, number, logs })
    }
    return due
  })
}

const isSame = (sealed: Uint8Array, logs: readonly LogStatement[]): boolean =>
  JSON.stringify(openStatement(sealed).statement.logs) === JSON.stringify(logs)

/**
 * Keeps a statement whose signature was verified, if its member is in the group and has said nothing later, and records what it
 * proves of our logs. Returns whether there is something to settle.
 */
export function keepStatement(
  db: GigiDatabase,
  epoch: number,
  { group: id, member, number, logs }: Statement,
  sealed: Uint8Array,
): Promise<boolean> {
  const tables = [
    db.meta,
    db.identity,
    db.conversations,
    db.groups,
    db.logs,
    db.receipts,
    db.group_statements,
  ]
  return db.transaction('rw', tables, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const group = await db.groups.get(id)
    if (group?.standing !== 'joined' || memberOf(group.state, member)?.standing !== 'joined') return false
    if (((await db.group_statements.get([id, member]))?.number ?? -1) >= number) return false
    await db.group_statements.put({ group_id: id, peer_id: member, number, sealed })
    if (member === self) return false
    return recordGroupProofs(
      db,
      self,
      member,
      logs.map((log) => ({ conversation: id, ...log })),
    )
  })
}

/** The statements that we have in the groups that we have in common with `peer`. */
export function knownStatements(db: GigiDatabase, epoch: number, peer: PeerId): Promise<KnownStatements[]> {
  return db.transaction('r', db.meta, db.identity, db.groups, db.group_statements, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const known: KnownStatements[] = []
    let room = MAX_KNOWN_STATEMENTS
    for (const { id } of await statedWith(db, self, peer)) {
      const rows = await statementsOf(db, id)
      if ((room -= rows.length) < 0) break
      known.push({ group: id, members: rows.map(({ peer_id: member, number }) => ({ member, number })) })
    }
    return known
  })
}

/** Those that `peer` does not know by what it says: at most `limit`, and of `bytes` bytes. */
export function laterStatements(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  theirs: readonly KnownStatements[],
  limit: number,
  bytes: number,
): Promise<Uint8Array[]> {
  return db.transaction('r', db.meta, db.identity, db.groups, db.group_statements, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const later: Uint8Array[] = []
    let room = bytes
    for (const group of await statedWith(db, self, peer)) {
      const known = theirs.find((one) => one.group === group.id)
      if (known === undefined) continue
      const numbers = new Map(known.members.map(({ member, number }) => [member, number]))
      for (const { peer_id: member, number, sealed } of await statementsOf(db, group.id)) {
        if (member === peer || number <= (numbers.get(member) ?? -1)) continue
        if (memberOf(group.state, member)?.standing !== 'joined') continue
        if (later.length >= limit || (room -= sealed.length) < 0) return later
        later.push(sealed)
      }
    }
    return later
  })
}
