/** History between peers (SPEC 10): what one lacks that the other has, and what nobody has any more. */
import type { ConversationId, LogId, PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import {
  count,
  difference,
  fromNumbers,
  intersection,
  type SequenceSet,
  union,
} from '../domain/sequence-set.ts'
import type { LogNumbers, LogSummary } from '../protocol/frames.ts'
import { isGroupId } from '../protocol/group.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { MAX_FOREIGN_LOGS, MAX_OWN_LOGS, MAX_RANGES, MAX_SEQUENCE_AHEAD } from '../protocol/limits.ts'
import { groupLacking, noteWithdrawn, readGroupPage } from './group-pages.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import { authoredMessage } from './messages.ts'
import { logsOf } from './reception.ts'
import type { GigiDatabase, LogRow, MessageRow } from './schema.ts'

/**
 * What `peer` has of the conversation with it, by its summary, and we neither accepted nor know to be lost. Of someone
 * who is no contact (yet), only what we are said to have written ourselves: it shows whether we ever were in touch. Behind that,
 * what it has of groups; of those who are `connected` what they wrote themselves is not asked of others.
 */
export function readLacking(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  theirs: readonly (LogSummary & { readonly conversation: ConversationId })[],
  connected: ReadonlySet<PeerId> = new Set(),
): Promise<LogNumbers[]> {
  const tables = [db.meta, db.identity, db.contacts, db.conversations, db.logs, db.groups]
  return db.transaction('r', tables, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    const id = directConversationId(self, peer)
    const contact = await db.contacts.get(peer)
    const isContact = contact?.state === 'accepted'
    const conversation = await db.conversations.get(id)
    const lacking: LogNumbers[] = []
    const inGroups = theirs.filter((log) => isGroupId(log.conversation))
    for (const [group, logs] of Map.groupBy(inGroups, (log) => log.conversation))
      lacking.push(...(await groupLacking(db, self, peer, group, logs, connected)))
    // Of someone who was deleted here nothing is wanted back.
    if ((contact === undefined || contact.state === 'member') && conversation !== undefined) return lacking
    const current = conversation?.own_log_id
    for (const { conversation: other, log, author, accepted } of theirs) {
      if (other !== id || log === current) continue
      if (author !== self && (author !== peer || !isContact)) continue
      const ours = await db.logs.get([id, log])
      if (ours !== undefined && ours.author !== author) continue
      const within: SequenceSet = [[1, count(ours?.accepted ?? []) + MAX_SEQUENCE_AHEAD]]
      const known = union(ours?.accepted ?? [], ours?.lost ?? [])
      const numbers = difference(intersection(accepted, within), known).slice(-MAX_RANGES)
      if (numbers.length > 0) lacking.push({ log, numbers })
    }
    return lacking
  })
}

export interface PageContent {
  /** Newest last within a log. Own messages have no signature stored: they are signed when they are sent. */
  readonly messages: readonly { readonly message: AuthoredMessage; readonly signature?: Uint8Array }[]
  readonly gone: readonly LogNumbers[]
  /** Places of messages that stand at another place. */
  readonly empty: readonly LogNumbers[]
}

const NOTHING: PageContent = { messages: [], gone: [], empty: [] }

/**
 * What `peer` asked for, if it is a contact and the conversation is ours with it. What waits in the queue for it is
 * left out, since it is pushed; what we gave up is filled by a void. The caller has bounded what is wanted.
 */
export function readPage(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  conversation: ConversationId,
  wanted: readonly LogNumbers[],
): Promise<PageContent> {
  const tables = [db.meta, db.identity, db.contacts, db.logs, db.messages, db.offline_queue, db.groups]
  return db.transaction('r', tables, async () => {
    await checkEpoch(db, epoch)
    const self = (await requireIdentity(db)).peer_id
    if (isGroupId(conversation)) return readGroupPage(db, self, peer, conversation, wanted)
    if (conversation !== directConversationId(self, peer)) return NOTHING
    if ((await db.contacts.get(peer))?.state !== 'accepted') return NOTHING
    const messages: { message: AuthoredMessage; signature?: Uint8Array }[] = []
    const gone: LogNumbers[] = []
    const empty: LogNumbers[] = []
    for (const { log, numbers } of wanted) {
      const row = await db.logs.get([conversation, log])
      const rows = (await rowsAt(db, log, numbers)).filter((m) => m.conversation_id === conversation)
      const queued = await db.offline_queue.bulkGet(rows.map((m) => [peer, m.id]))
      for (const [i, m] of rows.entries())
        if (queued[i] === undefined && (m.direction === 'Received' || m.delivered === 1))
          messages.push({
            message: authoredMessage(m),
            ...(m.signature === undefined ? {} : { signature: m.signature }),
          })
      const held = fromNumbers(rows.map((m) => m.seq))
      const elsewhere = intersection(difference(numbers, held), row?.elsewhere ?? [])
      if (elsewhere.length > 0) empty.push({ log, numbers: elsewhere })
      const lost = difference(difference(numbers, held), union(row?.vacated ?? [], elsewhere))
      if (lost.length > 0) gone.push({ log, numbers: lost })
    }
    return { messages, gone, empty }
  })
}

export async function rowsAt(db: GigiDatabase, log: LogId, numbers: SequenceSet): Promise<MessageRow[]> {
  const rows: MessageRow[] = []
  for (const [first, last] of numbers)
    rows.push(
      ...(await db.messages.where('[log_id+seq]').between([log, first], [log, last], true, true).toArray()),
    )
  return rows
}

/**
 * Notes what we asked `peer` for and will not get: what is gone, since in a direct conversation nobody else could have
 * it, and places that hold nothing, which count as accepted. `authors` are those of the logs that were asked for; `group` is the one they are of, if they are of one. Whoever is no contact leaves no rows by what they say is gone.
 */
export function recordLost(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  { gone, empty }: Pick<PageContent, 'gone' | 'empty'>,
  asked: readonly LogNumbers[],
  authors: ReadonlyMap<LogId, PeerId>,
  group: ConversationId | null = null,
): Promise<void> {
  return db.transaction('rw', db.meta, db.identity, db.contacts, db.logs, db.groups, async () => {
    await checkEpoch(db, epoch)
    if (group !== null) {
      await noteWithdrawn(db, peer, group, empty, asked)
      return
    }
    const self = (await requireIdentity(db)).peer_id
    const conversation = directConversationId(self, peer)
    const isContact = (await db.contacts.get(peer))?.state === 'accepted'
    const logs = new Map((await logsOf(db, conversation)).map((row) => [row.log_id, row]))
    const told = [
      ...gone.map((item) => ({ ...item, isGone: true })),
      ...empty.map((item) => ({ ...item, isGone: false })),
    ]
    for (const { log, numbers, isGone } of told) {
      const wanted = asked.find((other) => other.log === log)?.numbers ?? []
      const author = authors.get(log)
      const known = logs.get(log)
      if (author === undefined || (author !== self && author !== peer)) continue
      const mates = [...logs.values()].filter((row) => row.author === author).length
      const room = mates < (author === self ? MAX_OWN_LOGS : MAX_FOREIGN_LOGS)
      if (known === undefined && (!isContact || !room)) continue
      const row: LogRow = known ?? {
        conversation_id: conversation,
        log_id: log,
        author,
        accepted: [],
        read: [],
      }
      const missing = difference(intersection(numbers, wanted), row.accepted)
      const changed: LogRow = isGone
        ? { ...row, lost: union(row.lost ?? [], missing) }
        : { ...row, accepted: union(row.accepted, missing), elsewhere: union(row.elsewhere ?? [], missing) }
      const ranges = Math.max(changed.accepted.length, changed.lost?.length ?? 0)
      if (missing.length === 0 || ranges > MAX_RANGES) continue
      logs.set(log, changed)
      await db.logs.put(changed)
    }
  })
}
