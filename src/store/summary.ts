/** What two peers tell each other when they meet: what each has accepted and read (D6). */
import type { PeerId } from '../domain/ids.ts'
import type { ConversationSummary } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { readSettings, requireIdentity } from './identity.ts'
import { logsOf } from './inbox.ts'
import { checkEpoch } from './leadership.ts'
import type { GigiDatabase } from './schema.ts'

/**
 * The logs of the conversation with `peer`, with what we accepted of them and, where receipts are on and the
 * peer is an accepted contact, what we read. Null when the peer is blocked; empty for someone unknown.
 */
export function readSummary(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
): Promise<ConversationSummary | null> {
  return db.transaction('r', db.meta, db.identity, db.contacts, db.logs, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact?.state === 'blocked') return null
    const receipts = contact?.state === 'accepted' && (await readSettings(db)).readReceipts
    const conversation = directConversationId((await requireIdentity(db)).peer_id, peer)
    const logs = await logsOf(db, conversation)
    return {
      conversation,
      logs: logs.map((log) => ({
        log: log.log_id,
        author: log.author,
        accepted: log.accepted,
        read: receipts ? log.read : [],
      })),
    }
  })
}
