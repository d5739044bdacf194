/** What two peers tell each other when they meet: what each has accepted and read (D6, SPEC 4.3, 9.3). */
import type { PeerId } from '../domain/ids.ts'
import type { ConversationSummary } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { groupSummaries } from './group-pages.ts'
import { readSettings, requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { receiptsFrom } from './receipts.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase } from './schema.ts'

/**
 * The logs of the conversation with `peer`, with what we accepted of them (of ours: what it proved) and, where receipts are on and the
 * peer is an accepted contact, what we read. Null when the peer is blocked; empty for someone unknown. Behind it the groups that
 * we have in common; `own`: of these only what the peer wrote, as in letters.
 */
export function readSummary(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  only: 'all' | 'own' = 'all',
): Promise<readonly ConversationSummary[] | null> {
  const tables = [db.meta, db.identity, db.contacts, db.logs, db.receipts, db.groups]
  return db.transaction('r', tables, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact?.state === 'blocked') return null
    const { readReceipts } = await readSettings(db)
    const receipts = contact?.state === 'accepted' && readReceipts
    const self = (await requireIdentity(db)).peer_id
    const conversation = directConversationId(self, peer)
    const logs = await logsOf(db, conversation)
    const proven = new Map(
      (await receiptsFrom(db, conversation, peer)).map((row) => [row.log_id, row.delivered]),
    )
    const direct = {
      conversation,
      logs: logs.map((log) => ({
        log: log.log_id,
        author: log.author,
        // Of our own: what the peer has had, so that it finds what it lost. The rest is pushed.
        accepted: log.author === self ? (proven.get(log.log_id) ?? []) : log.accepted,
        read: receipts ? log.read : [],
        tail: log.author === self ? null : (log.tail ?? null),
      })),
    }
    return [direct, ...(await groupSummaries(db, self, peer, readReceipts, only))]
  })
}
