/** The way in: what a peer sent is accepted in one transaction, and only then acknowledged (D2, D3). */
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import type { LogProof, Refusal } from '../protocol/frames.ts'
import { groupTables } from './groups.ts'
import { isOfGroup, receiveInGroups } from './group-reception.ts'
import { checkEpoch } from './leadership.ts'
import { GroupFullError, noteInvitation } from './membership.ts'
import { openReception, type PeerWords, type Source, type VerifiedMessage } from './reception.ts'
import { rowsWithIds } from './rows.ts'
import type { GigiDatabase, MessageRow } from './schema.ts'

export interface Accepted {
  /** The whole accepted set of each log that something came for: a cumulative acknowledgement. */
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

/**
 * Accepts messages that `peer` sent on a connection that proved its identity: in a push what it wrote, in a page of
 * history what either of us wrote. What was accepted before is acknowledged again and not stored again. Someone
 * unknown becomes a message request, or a contact when an introduction brings the secret of our invite link or a
 * page brings words of our own. Throws BlockedError.
 */
export function acceptMessages(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  said: PeerWords,
  sent: readonly VerifiedMessage[],
  source: Source,
  now: number,
): Promise<Accepted> {
  const { meta, identity, contacts, conversations, logs, messages, deleted_messages, offline_queue, files } =
    db
  const [inGroups, direct] = [sent.filter(isOfGroup), sent.filter((item) => !isOfGroup(item))]
  const invitations = direct.filter(({ message }) => message.content.type === 'ShareGroup')
  const tables =
    inGroups.length + invitations.length > 0
      ? [...groupTables(db)]
      : [meta, identity, contacts, conversations, logs, messages, deleted_messages, offline_queue, files]
  return db.transaction('rw', tables, async () => {
    const ids = sent.map(({ message }) => message.id)
    // Asked at once: each answer waits for whatever else this thread does.
    const [reception, deleted, present] = await Promise.all([
      openReception(db, peer, said, source, now),
      rowsWithIds(deleted_messages, ids),
      rowsWithIds(messages, ids),
      checkEpoch(db, epoch),
    ])
    const known = new Map<MessageId, MessageRow | null>()
    for (const row of deleted) known.set(row.id, null)
    for (const row of present) known.set(row.id, row)
    const holders = await holdersOf(db, [...direct.filter(reception.isTaken), ...inGroups])
    for (const item of direct) reception.receive(item, known, holders)
    await reception.close()
    for (const { message } of invitations) await takeInvitation(db, peer, message, now)
    const others = await receiveInGroups(db, peer, inGroups, known, holders, source, now)
    return joined({ proofs: reception.proofs(), refused: reception.refused }, others)
  })
}

const joined = (direct: Accepted, others: Accepted): Accepted => ({
  proofs: [...direct.proofs, ...others.proofs],
  refused: [...direct.refused, ...others.refused],
})

/** What a contact invites us to; a stranger's invitation is read when it is answered. */
async function takeInvitation(
  db: GigiDatabase,
  peer: PeerId,
  { id, author, content }: AuthoredMessage,
  now: number,
): Promise<void> {
  if (content.type !== 'ShareGroup' || author !== peer || (await db.messages.get(id)) === undefined) return
  if ((await db.contacts.get(peer))?.state !== 'accepted') return
  try {
    await noteInvitation(db, content.group_id as ConversationId, peer, content.group_name, now)
  } catch (error) {
    // It stays in the conversation, where it can be answered when there is room.
    if (!(error instanceof GroupFullError)) throw error
  }
}

/** Which messages stand at the places that something came for: another one there is a conflict. */
async function holdersOf(
  db: GigiDatabase,
  sent: readonly VerifiedMessage[],
): Promise<Map<string, MessageId>> {
  if (sent.length === 0) return new Map()
  const places = sent.map(({ message }) => [message.log_id, message.seq])
  const rows = await db.messages.where('[log_id+seq]').anyOf(places).toArray()
  return new Map(rows.map((row) => [`${row.log_id}/${row.seq}`, row.id]))
}
