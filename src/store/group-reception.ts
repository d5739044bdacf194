/**
 * Receiving in groups, within one transaction (SPEC 21): what is taken, of whom and from whom, and what comes of it. Anybody in
 * a group can bring what anybody in it has signed, when it is asked for; by push each brings their own.
 */
import {
  endOf,
  type GroupEntry,
  foldGroup,
  isActive,
  isMembershipLog,
  memberOf,
  mentions,
} from '../domain/group.ts'
import type { LogId, PeerId } from '../domain/ids.ts'
import { type AuthoredMessage, isMembership, isShown } from '../domain/message.ts'
import { labelOf } from '../domain/nickname.ts'
import { latest } from '../domain/ordering.ts'
import { add, count, has, highest } from '../domain/sequence-set.ts'
import { isMuted, shelfAfterNews } from '../domain/shelf.ts'
import { MalformedError, sameBytes } from '../protocol/cbor.ts'
import type { LogProof, Refusal, RefusalCode } from '../protocol/frames.ts'
import { openGrant } from '../protocol/grant.ts'
import { entryOf, isGroupId } from '../protocol/group.ts'
import { FIRST_MEMBERSHIP_KIND, LAST_MEMBERSHIP_KIND } from '../protocol/group-content.ts'
import { fromBase64url } from '../protocol/identifiers.ts'
import {
  MAX_GROUP_LOGS,
  MAX_LOGS_PER_MEMBER,
  MAX_MEMBERSHIP_ENTRIES,
  MAX_RANGES,
  MAX_SEQUENCE_AHEAD,
} from '../protocol/limits.ts'
import { titleOf } from './people.ts'
import { beginningOf, entriesOf, refold } from './groups.ts'
import { requireIdentity } from './identity.ts'
import { createGroupInbound, previewText } from './messages.ts'
import { receivedFile } from './files.ts'
import { logsOf } from './logs.ts'
import { oweProof } from './owed.ts'
import {
  type Holder,
  holderOf,
  isFork,
  type Known,
  placeOf,
  type Source,
  type VerifiedMessage,
} from './reception.ts'
import type {
  ContactRow,
  ConversationRow,
  FileRow,
  GigiDatabase,
  GroupEntryRow,
  GroupRow,
  IdentityRow,
  LogRow,
  MessageRow,
} from './schema.ts'

export interface GroupOutcome {
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

export const isOfGroup = ({ message }: VerifiedMessage): boolean => isGroupId(message.conversation_id)

/** Within a transaction over `groupTables`. `known` and `holders` as for a direct conversation. */
export async function receiveInGroups(
  db: GigiDatabase,
  peer: PeerId,
  sent: readonly VerifiedMessage[],
  known: Known,
  holders: Map<string, Holder>,
  source: Source,
  now: number,
): Promise<GroupOutcome> {
  const proofs: LogProof[] = []
  const refused: Refusal[] = []
  if (sent.length === 0) return { proofs, refused }
  const identity = await requireIdentity(db)
  for (const [id, items] of Map.groupBy(sent, ({ message }) => message.conversation_id)) {
    const group = await db.groups.get(id)
    const conversation = group === undefined ? undefined : await db.conversations.get(id)
    if (group === undefined || conversation === undefined) {
      // We may hear of it yet: by an invitation, or by our own backup.
      refused.push(...items.map(({ message }) => refusal(message, 'not-member', false)))
      continue
    }
    const reception = await openGroupReception({
      ...{ db, identity, peer, group, conversation, known, holders, source, now },
    })
    for (const item of inOrder(items, group.creator)) reception.receive(item)
    await reception.close()
    proofs.push(...reception.proofs())
    refused.push(...reception.refused)
  }
  return { proofs, refused }
}

/** The creator's changes before what others said to them, and what was written last: each shows whether the next may be taken. */
function inOrder(items: readonly VerifiedMessage[], creator: PeerId): VerifiedMessage[] {
  const rank = ({ message }: VerifiedMessage): number => {
    if (!isMembershipLog(message.log_id)) return 2
    return message.author === creator ? 0 : 1
  }
  const ordered = (a: VerifiedMessage, b: VerifiedMessage): number =>
    rank(a) - rank(b) || (rank(a) === 2 ? 0 : a.message.seq - b.message.seq)
  return [...items].sort(ordered)
}

const refusal = ({ id }: AuthoredMessage, code: RefusalCode, permanent: boolean): Refusal => ({
  id,
  permanent,
  code,
})

interface Context {
  readonly db: GigiDatabase
  readonly identity: IdentityRow
  readonly peer: PeerId
  readonly group: GroupRow
  readonly conversation: ConversationRow
  readonly known: Known
  readonly holders: Map<string, Holder>
  readonly source: Source
  readonly now: number
}

interface GroupReception {
  receive(item: VerifiedMessage): void
  readonly refused: readonly Refusal[]
  proofs(): LogProof[]
  close(): Promise<void>
}

async function openGroupReception(context: Context): Promise<GroupReception> {
  const { db, identity, peer, group, known, holders, source, now } = context
  const self = identity.peer_id
  const logs = new Map<LogId, LogRow>()
  for (const log of await logsOf(db, group.id)) logs.set(log.log_id, log)
  const entries: GroupEntry[] = (await entriesOf(db, group.id)).map(({ entry }) => entry)
  const contacts = new Map<PeerId, ContactRow>()
  const people = [...new Set([...group.state.members.map((member) => member.peer), peer, group.creator])]
  for (const row of await db.contacts.bulkGet(people)) if (row !== undefined) contacts.set(row.peer_id, row)
  const conversation = { ...context.conversation }
  const touched = new Map<LogId, LogRow>()
  const refused: Refusal[] = []
  const rows: MessageRow[] = []
  const files: FileRow[] = []
  const fresh: GroupEntryRow[] = []
  const cards: { readonly message: AuthoredMessage; readonly card: Card }[] = []
  const owed = new Set<PeerId>()
  let { state } = group

  const current = (log: LogId): LogRow | undefined => touched.get(log) ?? logs.get(log)

  function refusalOf({ message }: VerifiedMessage): Refusal | null {
    const refuse = (code: RefusalCode, permanent: boolean): Refusal => refusal(message, code, permanent)
    const { author, log_id, seq, content } = message
    const isEntry = isMembershipLog(log_id)
    if (isEntry !== isMembershipContent(message)) return refuse('malformed', true)
    if (!isEntry && content.type === 'Introduction') return refuse('malformed', true)
    if (source === 'push' && author !== peer) return refuse('not-member', true)
    // Nobody but the creator changes anything.
    if (content.type === 'GroupChange' && author !== group.creator) return refuse('not-member', true)
    const standing = standingRefusal(message, isEntry)
    if (standing !== null) return refuse('not-member', standing === 'good')
    const log = current(log_id)
    if (log !== undefined && log.author !== author) return refuse('conflict', true)
    if (log_id === conversation.own_log_id || log_id === group.membership_log_id)
      return refuse('conflict', true)
    if (log === undefined && isFull(author)) return refuse('other', true)
    const accepted = log?.accepted ?? []
    if (has(accepted, seq)) {
      const holder = holders.get(placeOf(message))
      return holder === undefined || holder.id === message.id ? null : refuse('conflict', true)
    }
    if (source === 'push' && log?.forked === 1 && content.type !== 'Void') return refuse('conflict', true)
    if (isEntry && seq > MAX_MEMBERSHIP_ENTRIES) return refuse('malformed', true)
    if (accepted.length >= MAX_RANGES && add(accepted, seq).length > MAX_RANGES) return refuse('other', false)
    if (seq > count(accepted) + MAX_SEQUENCE_AHEAD) return refuse('malformed', true)
    return null
  }

  /** Whether membership is against it: for good, or as far as is known by now. */
  function standingRefusal(
    { author, log_id, seq }: AuthoredMessage,
    isEntry: boolean,
  ): 'good' | 'now' | null {
    const us = memberOf(state, self)
    // What the creator says of the group is heard before we are known to be in it, and after we were removed.
    const isWord = isEntry && author === group.creator
    if (isWord && (peer === group.creator || group.restored === 1 || isIn(peer))) return null
    if (us === undefined || group.choice === 'left' || !isActive(us)) return us === undefined ? 'now' : 'good'
    if (!isEntry && us.standing !== 'joined') return 'now'
    const member = memberOf(state, author)
    if (member === undefined) return 'now'
    if (seq > endOf(member, log_id)) return 'good'
    // Whoever left still brings what they wrote before.
    return author === peer || group.restored === 1 || isIn(peer) ? null : 'now'
  }

  const isIn = (one: PeerId): boolean => {
    const member = memberOf(state, one)
    return member !== undefined && isActive(member)
  }

  function isFull(author: PeerId): boolean {
    const all = [...new Map([...logs, ...touched]).values()]
    return (
      all.length >= MAX_GROUP_LOGS || all.filter((log) => log.author === author).length >= MAX_LOGS_PER_MEMBER
    )
  }

  function receive(item: VerifiedMessage): void {
    const { message } = item
    const refusal = refusalOf(item)
    const { log_id, seq, author } = message
    if (refusal !== null) {
      refused.push(refusal)
      const log = current(log_id)
      if (log?.author === author && source === 'push' && isFork(message, holders))
        touched.set(log_id, { ...log, forked: 1 })
      return
    }
    const base = current(log_id) ?? beginningOf(group.id, log_id, author, memberOf(state, self))
    const isNew = !has(base.accepted, seq)
    const standsElsewhere = isNew && known.has(message.id)
    touched.set(log_id, {
      ...base,
      accepted: add(base.accepted, seq),
      ...(seq > highest(base.accepted) ? { tail: message.id } : {}),
      ...(standsElsewhere ? { elsewhere: add(base.elsewhere ?? [], seq) } : {}),
    })
    if (isNew && !known.has(message.id)) store(item)
    known.set(message.id, known.get(message.id) ?? null)
    holders.set(placeOf(message), holderOf(message))
  }

  function store({ message, signature }: VerifiedMessage): void {
    const { author, content } = message
    const sent = author === self
    const writer = contacts.get(author)
    const name = memberOf(state, author)?.nickname ?? ''
    const senderNickname = sent ? identity.nickname : (writer?.nickname ?? labelOf(name, author))
    const details = { senderNickname, groupName: state.name, now, signature, sent }
    const row = createGroupInbound(message, details)
    const clock = latest({ ms: conversation.clock_ms, logical: conversation.clock_logical }, message.time)
    conversation.clock_ms = clock.ms
    conversation.clock_logical = clock.logical
    rows.push(row)
    if (isMembership(content.type)) takeEntry(message)
    if (!isShown(content.type)) return
    // Of someone blocked it is kept, so that others can have it, and nobody sees it.
    const isHidden = writer?.state === 'blocked'
    const isNews = !sent && !isHidden && (source === 'push' || message.time.ms >= group.news_from)
    // What is news comes unasked, whoever brings it.
    if (content.type === 'FileShare')
      files.push(receivedFile(message, content, isNews ? 'push' : 'page', now))
    if (!isNews) row.read = 1
    if (isHidden) return
    conversation.last_activity = isNews
      ? now
      : Math.max(conversation.last_activity, Math.min(now, message.timestamp))
    if (isNews) {
      conversation.unread += 1
      conversation.listed = shelfAfterNews(conversation.listed, isMuted(conversation.muted_until, now))
      if (content.type === 'Text' && mentions(content.text, identity.nickname)) {
        row.mention = 1
        conversation.mentions = (conversation.mentions ?? 0) + 1
      }
    }
    // Their author is told by us, where others told us of it.
    if (!sent && author !== peer) owed.add(author)
    if (conversation.preview !== undefined && row.order_key <= conversation.preview.order_key) return
    conversation.preview = {
      direction: row.direction,
      text: previewText(content),
      timestamp: message.timestamp,
      order_key: row.order_key,
      ...(sent ? {} : { author: writer === undefined ? senderNickname : titleOf(writer) }),
    }
  }

  function takeEntry(message: AuthoredMessage): void {
    const { content, author } = message
    if (content.type === 'GroupCard') {
      if (author !== self) cards.push({ message, card: content })
      return
    }
    const entry = entryOf(message)
    if (entry === null) return
    fresh.push({ group_id: group.id, message_id: message.id, entry })
    entries.push(entry)
    // What comes behind it is judged by it.
    const folded = foldGroup(group.creator, entries)
    state = folded.head === null ? { ...folded, name: state.name } : folded
  }

  return {
    receive,
    refused,
    proofs: () =>
      [...touched.values()].map(({ log_id, accepted }) => ({
        conversation: group.id,
        log: log_id,
        accepted,
        read: [],
      })),
    async close() {
      if (touched.size === 0) return
      await Promise.all([
        db.logs.bulkPut([...touched.values()]),
        db.messages.bulkAdd(rows),
        ...(files.length > 0 ? [db.files.bulkPut(files)] : []),
        db.conversations.put(conversation),
      ])
      if (fresh.length > 0) await refold(db, group, fresh, self, now)
      for (const { message, card } of cards) await takeCard(db, message, card, now)
      for (const author of owed)
        if (contacts.get(author)?.state !== 'blocked') await oweProof(db, author, now)
    },
  }
}

function isMembershipContent({ content }: AuthoredMessage): boolean {
  if (content.type === 'Unknown')
    return content.kind >= FIRST_MEMBERSHIP_KIND && content.kind <= LAST_MEMBERSHIP_KIND
  return isMembership(content.type)
}

type Card = Extract<AuthoredMessage['content'], { type: 'GroupCard' }>

/** What a member says of itself, unless something later is known, or it is a contact, whom we know better. */
async function takeCard(
  db: GigiDatabase,
  { author, timestamp }: AuthoredMessage,
  { nickname, relays, grant }: Card,
  now: number,
): Promise<void> {
  const contact = await db.contacts.get(author)
  if (contact === undefined || contact.state === 'blocked') return
  const changes: Partial<ContactRow> = {}
  if (contact.state === 'member' && (contact.card_written ?? 0) < timestamp)
    Object.assign(changes, {
      nickname: labelOf(nickname, author),
      relays: relays.length === 0 ? contact.relays : relays,
      card_written: timestamp,
    })
  const sealed = grant === null ? null : readGrant(grant, author, now)
  // Their own grant for us is better, whenever it ends.
  const own = contact.grant_from === undefined ? null : openGrant(contact.grant_from).grant
  const hasOwn = own?.holder != null && own.ends > now
  const isNews = sealed !== null && !sameBytes(contact.grant_from ?? new Uint8Array(), sealed)
  if (isNews && !hasOwn) Object.assign(changes, { grant_from: sealed, mailbox_full: 0 })
  if (Object.keys(changes).length > 0) await db.contacts.update(author, changes)
}

/** Signed by its owner, whom the envelope names: the mailbox checks it once more. */
function readGrant(grant: string, owner: PeerId, now: number): Uint8Array | null {
  const sealed = fromBase64url(grant)
  try {
    const opened = openGrant(sealed)
    return opened.grant.owner === owner && opened.grant.ends > now ? sealed : null
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
