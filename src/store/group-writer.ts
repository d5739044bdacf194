/** The writer of our own logs in a group: one for what we write, one for what says who is in it. Within a transaction. */
import type { PersistenceConfig } from '../domain/config.ts'
import type { GroupContent } from '../domain/group.ts'
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import { type AuthoredMessage, isMembership, isShown, type MessageContent } from '../domain/message.ts'
import { next } from '../domain/ordering.ts'
import { add, highest } from '../domain/sequence-set.ts'
import { isMuted, shelfAfterNews } from '../domain/shelf.ts'
import { entryOf, groupLogId } from '../protocol/group.ts'
import { mintMessageId, toBase64url } from '../protocol/identifiers.ts'
import { audienceOf, refold } from './groups.ts'
import { readConfig, requireIdentity, requireInstallation } from './identity.ts'
import { enqueueOffline, NotAcceptedError, type RandomBytes } from './log-writer.ts'
import { contentOf, createGroupOutbound, previewText } from './messages.ts'
import type {
  ContactRow,
  ConversationRow,
  GigiDatabase,
  GroupEntryRow,
  GroupRow,
  IdentityRow,
  LogRow,
  MessageRow,
} from './schema.ts'

export interface GroupWriter {
  readonly identity: IdentityRow
  /** As it was when the writer was opened. */
  readonly group: GroupRow
  /** Queued for every member that has joined. Throws NotAcceptedError where we are not in it. */
  write(content: MessageContent): Promise<MessageId>
  /** The same message at a new place, for those who are in it now. */
  writeAgain(row: MessageRow): Promise<void>
  /** Queued for everybody who is in it or invited, and for `others`. */
  declare(content: GroupContent, others?: readonly PeerId[]): Promise<MessageRow>
  /** Where our logs end, as a leaving says it: with that entry itself. */
  ends(): { readonly log: LogId; readonly seq: number }[]
  /** Writes back the rows that keep count, and does what follows from what was declared. Returns the group as it is then. */
  close(): Promise<GroupRow>
}

interface OpenLog {
  row: LogRow
  seq: number
  isChanged: boolean
}

/** Within a transaction over `groupTables`. */
export async function openGroupWriter(
  db: GigiDatabase,
  id: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<GroupWriter> {
  const [identity, config, stored, kept, conversation] = await Promise.all([
    requireIdentity(db),
    readConfig(db),
    requireInstallation(db),
    db.groups.get(id),
    db.conversations.get(id),
  ])
  if (kept === undefined || conversation === undefined) throw new Error(`no group ${id}`)
  const self = identity.peer_id
  const installation = { ...stored }
  const group = { ...kept }
  const changed: ConversationRow = { ...conversation }
  const messages = await openLog(changed.own_log_id ?? groupLogId(random(8), 'messages'))
  const entries = await openLog(group.membership_log_id ?? groupLogId(random(8), 'membership'))
  const fresh: GroupEntryRow[] = []

  async function openLog(log_id: LogId): Promise<OpenLog> {
    const row = await db.logs.get([id, log_id])
    const log = row ?? { conversation_id: id, log_id, author: self, accepted: [], read: [] }
    return { row: log, seq: highest(log.accepted), isChanged: false }
  }

  function place(log: OpenLog, content: MessageContent): AuthoredMessage {
    const nonce = random(16)
    installation.last_minted_ms = Math.max(now, installation.last_minted_ms + 1)
    const time = next({ ms: changed.clock_ms, logical: changed.clock_logical }, now)
    changed.clock_ms = time.ms
    changed.clock_logical = time.logical
    const message: AuthoredMessage = {
      id: mintMessageId(installation.last_minted_ms, self, id, nonce),
      nonce: toBase64url(nonce),
      conversation_id: id,
      author: self,
      log_id: log.row.log_id,
      seq: ++log.seq,
      time,
      timestamp: now,
      content,
    }
    log.isChanged = true
    log.row = { ...log.row, accepted: [[1, log.seq]], tail: message.id }
    return message
  }

  async function audience(): Promise<number | undefined> {
    const peers = audienceOf(group.state, self)
    if (peers.length === 0) return undefined
    group.audience_id ??= await db.group_audiences.add({ group_id: id, peers })
    return group.audience_id
  }

  async function put(message: AuthoredMessage, isAddressed: boolean): Promise<MessageRow> {
    const audienceId = isAddressed ? await audience() : undefined
    const row = createGroupOutbound(message, {
      senderNickname: identity.nickname,
      groupName: group.state.name,
      now,
      expiresAt: now + config.message_ttl_seconds * 1000,
      audience: audienceId,
    })
    await db.messages.put(row)
    return row
  }

  function show(row: MessageRow): void {
    changed.last_activity = now
    changed.listed = shelfAfterNews(changed.listed, isMuted(changed.muted_until, now))
    changed.preview = {
      direction: 'Sent',
      text: previewText(contentOf(row)),
      timestamp: row.timestamp,
      order_key: row.order_key,
    }
  }

  async function writeAt(message: AuthoredMessage, createdAt = now): Promise<MessageId> {
    const row = { ...(await put(message, true)), created_at: createdAt }
    if (createdAt !== now) await db.messages.put(row)
    await queueFor(db, row, audienceOf(group.state, self), config, now, random)
    if (isShown(row.content_type)) show(row)
    return row.id
  }

  const mayWrite = (): void => {
    if (group.standing !== 'joined') throw new NotAcceptedError(`we are not in the group ${id}`)
  }

  return {
    identity,
    group,
    write(content) {
      mayWrite()
      return writeAt(place(messages, content))
    },
    async writeAgain(row) {
      mayWrite()
      const { id: same, nonce, timestamp, created_at } = row
      await writeAt({ ...place(messages, contentOf(row)), id: same, nonce, timestamp }, created_at)
      messages.row = { ...messages.row, tail: same }
    },
    async declare(content, others = []) {
      const row = await put(place(entries, content), false)
      await queueFor(db, row, [...new Set([...group.active, ...others])], config, now, random)
      const entry = entryOf({ conversation_id: id, author: self, content })
      if (entry !== null) fresh.push({ group_id: id, message_id: row.id, entry })
      return row
    },
    ends() {
      const own = [messages, { ...entries, seq: entries.seq + 1 }]
      return own.filter(({ seq }) => seq > 0).map(({ row, seq }) => ({ log: row.log_id, seq }))
    },
    async close() {
      for (const log of [messages, entries]) if (log.isChanged) await db.logs.put(log.row)
      if (messages.isChanged) changed.own_log_id = messages.row.log_id
      if (entries.isChanged) group.membership_log_id = entries.row.log_id
      await Promise.all([
        db.conversations.put(changed),
        db.installation.put(installation),
        db.groups.put(group),
      ])
      return fresh.length === 0 ? group : refold(db, group, fresh, self, now)
    },
  }
}

/** Puts a message into the queue for each of some members. Within a transaction over `contacts` and `offline_queue`. */
export async function queueFor(
  db: GigiDatabase,
  row: MessageRow,
  peers: readonly PeerId[],
  config: PersistenceConfig,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const contacts = await db.contacts.bulkGet([...peers])
  const known = contacts.filter((contact): contact is ContactRow => contact !== undefined)
  await Promise.all(known.map((contact) => enqueueOffline(db, row, contact, config, now, random)))
}

/** Queues all that stands in our membership log for someone who has just been added: what we said before they have not heard. */
export async function queueEntries(
  db: GigiDatabase,
  { id, membership_log_id: log }: GroupRow,
  peers: readonly PeerId[],
  now: number,
  random: RandomBytes,
): Promise<void> {
  if (log === undefined || peers.length === 0) return
  const row = await db.logs.get([id, log])
  const config = await readConfig(db)
  const rows = await db.messages
    .where('[log_id+seq]')
    .between([log, 1], [log, highest(row?.accepted ?? add([], 1))], true, true)
    .filter((entry) => isMembership(entry.content_type))
    .toArray()
  for (const entry of rows) await queueFor(db, entry, peers, config, now, random)
}
