/**
 * What the interface may ask, answered from the store alone: the same with and without a network.
 *
 * A query that reads more than once gives the promise of one transaction, not of an async function around it: Dexie notices
 * what a live query reads only as far as its own promises reach, and would leave it without word of later changes.
 */
import { memberOf } from '../domain/group.ts'
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import { SHELF } from '../domain/shelf.ts'
import type { SyncStatus } from '../domain/status.ts'
import { isGroupId } from '../protocol/group.ts'
import { contactsInState, readContact, readContacts, readConversation, titleOf } from '../store/people.ts'
import { readDelivery } from '../store/delivery.ts'
import { readGaps } from '../store/gaps.ts'
import { leastOf, memberStatuses } from '../store/group-status.ts'
import {
  cursorOf,
  getHistory,
  getHistoryFrom,
  provenStatus,
  readArchived,
  readConversations,
} from '../store/history.ts'
import {
  readConfig,
  readIdentity,
  readRelayConfig,
  readSettings,
  requireIdentity,
  readInviteSecret,
} from '../store/identity.ts'
import { contentOf } from '../store/messages.ts'
import { retentionOf } from '../store/retention.ts'
import type { ContactRow, ConversationRow, GigiDatabase, GroupRow, MessageRow } from '../store/schema.ts'
import type { ConversationView, MessageView, Place, Queries } from './api.ts'
import type { NodeFacts } from './diagnostics.ts'
import { createGroupQueries, standingOf } from './group-queries.ts'
import type { ShelfName } from './managing-api.ts'
import { clock } from './ports.ts'
import { canBeWoken, endpointOfTab, readWaking } from './waking.ts'
import { readStorage, rememberedProfile } from './storage.ts'
import { largestConversations } from '../store/usage.ts'

/** Conversations that the list shows: more is not a list one scrolls. */
const MAX_LISTED = 1000
const MAX_BLOCKED = 1000
/** Conversations that are offered to be cleared where space runs short: nearly all of it is in the largest. */
const MAX_LARGEST = 5

/** `base` is the address of the app, without a fragment; `node` gives what this tab knows of the node. */
export function createQueries(db: GigiDatabase, base: string, node: () => NodeFacts): Queries {
  return {
    ...createGroupQueries(db),
    async profile() {
      const identity = await readIdentity(db)
      return identity === undefined ? null : { peerId: identity.peer_id, nickname: identity.nickname }
    },
    conversations: () => viewsOf(db, () => readConversations(db, MAX_LISTED)),
    archived: () => viewsOf(db, () => readArchived(db, MAX_LISTED)),
    async conversation(id) {
      const [view] = await viewsOf(db, async () => {
        const row = await readConversation(db, id)
        return row === undefined ? [] : [row]
      })
      return view ?? null
    },
    messages(id, limit, at) {
      const tables = [db.identity, db.conversations, db.contacts, db.messages, db.receipts]
      // In one, so that it waits for others once.
      const read = db.transaction('r', [...tables, db.groups, db.group_audiences], async () => {
        const [{ rows, older, newer }, conversation, identity] = await Promise.all([
          pageAt(db, id, limit, at),
          readConversation(db, id),
          requireIdentity(db),
        ])
        const ofGroup = conversation?.msg_type === 'Group'
        const [isFull, statusOf, people] = await Promise.all([
          conversation === undefined || ofGroup
            ? false
            : readContact(db, conversation.peer_id).then((contact) => contact?.mailbox_full === 1),
          ofGroup ? groupStatus(db, id, rows) : directStatus(db, id),
          db.contacts.bulkGet([...new Set(rows.map((row) => row.peer_id))]),
        ])
        return { rows, older, newer, isFull, statusOf, identity, people }
      })
      return read.then(({ rows, older, newer, isFull, statusOf, identity, people }) => {
        const contacts = new Map(people.map((contact) => [contact?.peer_id, contact]))
        const nameOf = (row: MessageRow): string => {
          if (row.peer_id === identity.peer_id) return identity.nickname
          const contact = contacts.get(row.peer_id)
          return contact === undefined ? row.sender_nickname : titleOf(contact)
        }
        const isSeen = (row: MessageRow): boolean =>
          row.msg_type === 'Direct' || contacts.get(row.peer_id)?.state !== 'blocked'
        const messages = rows.filter(isSeen).map((row): MessageView => ({
          id: row.id,
          direction: row.direction,
          content: contentOf(row),
          author: { peerId: row.peer_id, nickname: nameOf(row) },
          timestamp: row.timestamp,
          status: statusOf(row),
          refused: row.refusal !== undefined,
          mailboxFull: isFull && statusOf(row) === 'Pending',
          read: row.read === 1 || !isShown(row.content_type),
          cursor: cursorOf(row),
        }))
        return { messages, older, newer }
      })
    },
    delivery: (id) => readDelivery(db, id),
    gaps: (id) =>
      db.transaction(
        'r',
        [db.identity, db.conversations, db.logs, db.messages, db.contacts, db.groups],
        async () => {
          const { peer_id: self } = await requireIdentity(db)
          const gaps = await readGaps(db, id)
          const people = isGroupId(id)
            ? await readContacts(
                db,
                gaps.map(({ author }) => author),
              )
            : []
          return gaps.map(({ place, author, count, lost }) => {
            const contact = people.find((row) => row.peer_id === author)
            return {
              place,
              count,
              author: author === self ? 'self' : 'other',
              lost,
              ...(contact === undefined ? {} : { name: titleOf(contact) }),
            }
          })
        },
      ),
    settings: () => readSettings(db),
    waking: () => (canBeWoken() ? readWaking(db, endpointOfTab) : Promise.resolve(null)),
    config: () => readConfig(db),
    inviteLink() {
      const read = db.transaction('r', db.identity, db.meta, async () => ({
        identity: await requireIdentity(db),
        secret: await readInviteSecret(db, clock.now()),
        relays: (await readRelayConfig(db))?.relays ?? [],
      }))
      return read.then(async ({ identity, secret, relays }) => {
        if (secret === null) return null
        const { ownInviteLink } = await import('./own-invite.ts')
        return ownInviteLink(base, identity, secret, relays)
      })
    },
    async blocked() {
      const rows = await contactsInState(db, 'blocked', MAX_BLOCKED)
      return rows.map((row) => ({ peerId: row.peer_id, nickname: titleOf(row) }))
    },
    async contacts() {
      const rows = await contactsInState(db, 'accepted', MAX_LISTED)
      return rows
        .map((row) => ({ peerId: row.peer_id, nickname: titleOf(row) }))
        .sort((a, b) => a.nickname.localeCompare(b.nickname))
    },
    async recoveryPhrase() {
      const { entropy } = await requireIdentity(db)
      const { phraseOf } = await import('../protocol/recovery-phrase.ts')
      return phraseOf(entropy)
    },
    lostProfile: async () => ((await readIdentity(db)) === undefined ? rememberedProfile() : null),
    largestConversations: () =>
      db.transaction('r', [db.identity, db.conversations, db.contacts, db.groups, db.messages], async () => {
        const largest = await largestConversations(db, MAX_LISTED, MAX_LARGEST)
        const views = await viewsOf(db, () => Promise.resolve(largest.map(({ row }) => row)))
        return views.flatMap((conversation) => {
          const usage = largest.find(({ row }) => row.id === conversation.id)
          return usage === undefined ? [] : [{ conversation, messages: usage.messages }]
        })
      }),
    storage: readStorage,
    async diagnostics() {
      const { describe } = await import('./diagnostics.ts')
      return describe(db, node(), clock.now())
    },
  }
}

interface Rows {
  readonly rows: readonly MessageRow[]
  readonly older: boolean
  readonly newer: boolean
}

async function pageAt(db: GigiDatabase, id: ConversationId, limit: number, at?: Place): Promise<Rows> {
  if (at !== undefined && 'from' in at) {
    const [{ rows, more }, before] = await Promise.all([
      getHistoryFrom(db, id, at.from, limit),
      getHistory(db, id, at.from, 1),
    ])
    return { rows, older: before.rows.length > 0, newer: more }
  }
  const { rows, more } = await getHistory(db, id, at?.before ?? null, limit)
  // What stands before something has that behind it.
  return { rows, older: more, newer: at !== undefined }
}

async function directStatus(
  db: GigiDatabase,
  id: ConversationId,
): Promise<(row: MessageRow) => MessageView['status']> {
  const statusOf = await provenStatus(db, id)
  return (row) => shownStatus(row, statusOf(row))
}

/** Of each the least advanced of those that it is addressed to. */
async function groupStatus(
  db: GigiDatabase,
  id: ConversationId,
  rows: readonly MessageRow[],
): Promise<(row: MessageRow) => MessageView['status']> {
  const group = await db.groups.get(id)
  const sent = rows.filter((row) => row.direction === 'Sent' && row.audience_id !== undefined)
  const statuses = group === undefined ? [] : await memberStatuses(db, group, sent, true)
  const shown = new Map<MessageId, MessageView['status']>()
  for (const [i, row] of sent.entries()) {
    const least = leastOf(statuses[i] ?? []) ?? row.sync_status
    shown.set(row.id, shownStatus(row, least))
  }
  return (row) => shown.get(row.id) ?? row.sync_status
}

// A late proof still counts: expired is only what has none.
const shownStatus = (row: MessageRow, proven: SyncStatus): MessageView['status'] =>
  (row.expired_at !== undefined || row.refusal !== undefined) && (proven === 'Pending' || proven === 'Synced')
    ? 'Expired'
    : proven

/** Those whose contact is there, and groups: what is left of a deleted one is nothing to look at. */
const viewsOf = (
  db: GigiDatabase,
  read: () => Promise<readonly ConversationRow[]>,
): Promise<ConversationView[]> =>
  db.transaction('r', db.identity, db.conversations, db.contacts, db.groups, async () => {
    const rows = await read()
    const contacts = await db.contacts.bulkGet(rows.map((row) => row.peer_id))
    const groups = await db.groups.bulkGet(rows.map((row) => row.id))
    return rows.flatMap((row, i) => {
      const [contact, group] = [contacts[i], groups[i]]
      if (group !== undefined) return [groupConversation(row, group)]
      return contact === undefined || contact.state === 'member' ? [] : [directConversation(row, contact)]
    })
  })

const shelfNames = Object.keys(SHELF) as ShelfName[]

const conversationView = (row: ConversationRow) => ({
  id: row.id,
  peerId: row.peer_id satisfies PeerId,
  name: row.title,
  shelf: shelfNames.find((name) => SHELF[name] === row.listed) ?? ('hidden' as const),
  mutedUntil: row.muted_until ?? null,
  markedUnread: row.marked_unread === 1,
  unread: row.unread,
  mentions: row.mentions ?? 0,
  lastActivity: row.last_activity,
  retentionSeconds: retentionOf(row),
  preview: row.preview ?? null,
})

const directConversation = (row: ConversationRow, contact: ContactRow): ConversationView => ({
  ...conversationView(row),
  group: null,
  nickname: contact.nickname,
  contactState: contact.state,
})

const groupConversation = (row: ConversationRow, group: GroupRow): ConversationView => ({
  ...conversationView(row),
  group: { standing: standingOf(group), fellows: joinedBeside(group) },
  nickname: row.title,
  contactState: 'accepted',
})

const joinedBeside = ({ active, state }: GroupRow): PeerId[] =>
  active.filter((peer) => memberOf(state, peer)?.standing === 'joined')
