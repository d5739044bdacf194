/** What the interface may ask, answered from the store alone: the same with and without a network. */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { isShown } from '../domain/message.ts'
import type { SyncStatus } from '../domain/status.ts'
import { grantSignedBytes, inviteGrant } from '../protocol/grant.ts'
import { signingSeed } from '../protocol/identity.ts'
import { inviteLink, inviteSignedBytes } from '../protocol/invite.ts'
import { contactsInState, readContact, readConversation } from '../store/contacts.ts'
import { readDelivery } from '../store/delivery.ts'
import { readGaps } from '../store/gaps.ts'
import { cursorOf, provenStatus, readConversations, getHistory, getHistoryFrom } from '../store/history.ts'
import {
  readConfig,
  readIdentity,
  readInviteSecret,
  readRelayConfig,
  readSettings,
  requireIdentity,
} from '../store/identity.ts'
import { contentOf } from '../store/messages.ts'
import { retentionOf } from '../store/retention.ts'
import type { ConversationRow, GigiDatabase, MessageRow } from '../store/schema.ts'
import type { ConversationView, MessageView, Place, Queries } from './api.ts'
import { createCrypto } from './crypto.ts'
import type { NodeFacts } from './diagnostics.ts'
import { clock } from './ports.ts'
import { canBeWoken, endpointOfTab, readWaking } from './push.ts'
import { readStorage, rememberedProfile } from './storage.ts'

/** Conversations that the list shows: more is not a list one scrolls. */
const MAX_LISTED = 1000
const MAX_BLOCKED = 1000

/** `base` is the address of the app, without a fragment; `node` gives what this tab knows of the node. */
export function createQueries(db: GigiDatabase, base: string, node: () => NodeFacts): Queries {
  return {
    async profile() {
      const identity = await readIdentity(db)
      return identity === undefined ? null : { peerId: identity.peer_id, nickname: identity.nickname }
    },
    conversations: () =>
      db.transaction('r', db.conversations, db.contacts, async () => {
        const rows = await readConversations(db, MAX_LISTED)
        const contacts = await db.contacts.bulkGet(rows.map((row) => row.peer_id))
        return rows.map((row, i) => conversationView(row, contacts[i]?.state ?? 'request'))
      }),
    conversation: (id) =>
      db.transaction('r', db.conversations, db.contacts, async () => {
        const row = await readConversation(db, id)
        if (row === undefined) return null
        const contact = await readContact(db, row.peer_id)
        return conversationView(row, contact?.state ?? 'request')
      }),
    async messages(id, limit, at) {
      const tables = [db.conversations, db.contacts, db.messages, db.receipts]
      // In one, so that it waits for others once.
      const [page, statusOf, isFull] = await db.transaction('r', tables, () =>
        Promise.all([
          pageAt(db, id, limit, at),
          provenStatus(db, id),
          readConversation(db, id).then(async (row) =>
            row === undefined ? false : (await readContact(db, row.peer_id))?.mailbox_full === 1,
          ),
        ]),
      )
      const messages = page.rows.map((row): MessageView => ({
        id: row.id,
        direction: row.direction,
        content: contentOf(row),
        timestamp: row.timestamp,
        status: shownStatus(row, statusOf(row)),
        refused: row.refusal !== undefined,
        mailboxFull: isFull && statusOf(row) === 'Pending',
        read: row.read === 1 || !isShown(row.content_type),
        cursor: cursorOf(row),
      }))
      return { messages, older: page.older, newer: page.newer }
    },
    delivery: (id) => readDelivery(db, id),
    async gaps(id) {
      const { peer_id: self } = await requireIdentity(db)
      return (await readGaps(db, id)).map(({ place, author, count, lost }) => ({
        place,
        count,
        author: author === self ? 'self' : 'other',
        lost,
      }))
    },
    settings: () => readSettings(db),
    waking: async () => (canBeWoken() ? readWaking(db, endpointOfTab) : null),
    config: () => readConfig(db),
    async inviteLink() {
      const identity = await requireIdentity(db)
      const secret = await readInviteSecret(db, clock.now())
      if (secret === null) return null
      const relays = (await readRelayConfig(db))?.relays ?? []
      const { peer_id: peer, nickname } = identity
      const { sign } = await createCrypto(signingSeed(identity.entropy))
      const grant = inviteGrant(peer, secret.secret, secret.expires)
      const grantSignature = await sign(grantSignedBytes(grant))
      const invite = { peer, nickname, relays, ...secret, grantSignature }
      return inviteLink(base, invite, await sign(inviteSignedBytes(invite)))
    },
    async blocked() {
      const rows = await contactsInState(db, 'blocked', MAX_BLOCKED)
      return rows.map((row) => ({ peerId: row.peer_id, nickname: row.nickname }))
    },
    async recoveryPhrase() {
      const { entropy } = await requireIdentity(db)
      const { phraseOf } = await import('../protocol/recovery-phrase.ts')
      return phraseOf(entropy)
    },
    lostProfile: async () => ((await readIdentity(db)) === undefined ? rememberedProfile() : null),
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

// A late proof still counts: expired is only what has none.
const shownStatus = (row: MessageRow, proven: SyncStatus): MessageView['status'] =>
  (row.expired_at !== undefined || row.refusal !== undefined) && (proven === 'Pending' || proven === 'Synced')
    ? 'Expired'
    : proven

const conversationView = (
  row: ConversationRow,
  contactState: ConversationView['contactState'],
): ConversationView => ({
  id: row.id,
  peerId: row.peer_id satisfies PeerId,
  name: row.title,
  contactState,
  unread: row.unread,
  lastActivity: row.last_activity,
  retentionSeconds: retentionOf(row),
  preview: row.preview ?? null,
})
