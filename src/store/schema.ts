/**
 * The tables. Names and columns of `messages`, `offline_queue` and `message_acknowledgments` are those of the
 * product's data model (snake_case; times are milliseconds since the Unix epoch; booleans are 0 and 1, since
 * IndexedDB has no boolean keys). The comments say which query each index is for: an index costs about a
 * tenth of the write rate, so there is none without one.
 */
import { Dexie, type EntityTable, type Table, type Transaction } from 'dexie'
import type { PersistenceConfig } from '../domain/config.ts'
import type { GroupEntry, GroupState, Standing } from '../domain/group.ts'
import type { ConversationId, InstallationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { LanguageChoice } from '../domain/language.ts'
import type { ContentType, Direction, MsgType } from '../domain/message.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import type { Shelf } from '../domain/shelf.ts'
import type { QueueStatus, SyncStatus } from '../domain/status.ts'
import type { LogNumbers, Start } from '../protocol/frames.ts'
import type { GrantId } from '../protocol/grant.ts'
import type { PrekeyId } from '../protocol/letter.ts'
import type { ItemId } from '../protocol/mailbox.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import { knownVersionsOnly } from './known-versions.ts'

export type Flag = 0 | 1

export interface MessageRow {
  id: MessageId
  msg_type: MsgType
  direction: Direction
  content_type: ContentType
  /** MessageContent as JSON. */
  content_json: string
  sender_nickname: string
  recipient_nickname?: string
  group_name?: string
  /** The author. */
  peer_id: PeerId
  timestamp: number
  created_at: number
  delivered: Flag
  delivered_at?: number
  read: Flag
  read_at?: number
  sync_status: SyncStatus
  sync_attempts: number
  last_sync_attempt?: number
  /** When trying ends while undelivered; after that the end of its retention, KEPT (store/messages.ts) where it is kept. */
  expires_at: number

  conversation_id: ConversationId
  log_id: LogId
  seq: number
  clock_ms: number
  clock_logical: number
  /** Place in the conversation, see domain/ordering.ts. */
  order_key: string
  nonce: string
  /** The author's signature; absent on own messages, which are signed when they are pushed. */
  signature?: Uint8Array
  /** Why the recipient refused it for good; trying has ended. */
  refusal?: string
  /** When trying ended because its time was up. Not the same as not delivered: a late proof still comes. */
  expired_at?: number
  /**
   * Of an own message: the last place that it left to a void or to nothing, since it was given up or sent again. It may
   * have arrived there all the same.
   */
  left?: { readonly log_id: LogId; readonly seq: number }
  /** Of a received message that was sent again: its other places. Read at one it is read at all. */
  also_at?: readonly { readonly log_id: LogId; readonly seq: number }[]
  /** Of a message to a group: whom it is addressed to (GroupAudienceRow). */
  audience_id?: number
  /** Of a message in a group: it speaks to us by our name, and has not been displayed. */
  mention?: Flag
}

export interface QueueRow {
  message_id: MessageId
  target_nickname: string
  target_peer_id: PeerId
  queued_at: number
  retry_count: number
  max_retries: number
  last_retry_at?: number
  next_retry_at: number
  expires_at: number
  /** Pending in the table; InProgress while the peer is leased (store/leases.ts). Others leave the table. */
  status: QueueStatus
  /** The mailbox item that carries it. */
  item_id?: ItemId
}

/** A letter on its way through a mailbox (store/deposits.ts). One without messages says what was accepted and read. */
export interface DepositRow {
  id: ItemId
  peer_id: PeerId
  /** held: the mailbox said so. sending: it was not heard whether it arrived. */
  state: 'sending' | 'held'
  at: number
  /** Sealed: under which it was left, and can be asked after. */
  grant: Uint8Array
  message_ids: readonly MessageId[]
  /** Where the messages stand, so that nothing else is put there meanwhile. */
  places: readonly LogNumbers[]
}

/** Someone who is to hear by letter what was accepted and read, unless they hear it in a session. */
export interface OwedRow {
  peer_id: PeerId
  /** When it came to be owed, milliseconds; rises with each time. */
  at: number
  /** It was told by a letter that is in no mailbox any more: they have it, or it was lost. It is told once more, and then not again. */
  again?: Flag
}

/** A prekey of ours (SPEC 18.6). */
export interface PrekeyRow {
  id: PrekeyId
  made: number
  /** When it was made by the clock of this device, where it had to be said to be later. */
  minted_at?: number
  /** Signed, as it is published. */
  sealed: Uint8Array
  public_key: Uint8Array
  private_key: Uint8Array
  /** When a newer one was published in its place. */
  replaced_at?: number
}

/** A grant of ours that must not be held to any more (SPEC 18.13). */
export interface RevokedGrantRow {
  id: GrantId
  ends: number
}

/** Who pushes to a peer at the moment. */
export interface LeaseRow {
  peer_id: PeerId
  /** Whoever holds it: a session. */
  holder: string
  epoch: number
  until: number
}

export interface AcknowledgmentRow {
  /** `<message id>/<ack type>/<peer id>`: the same proof twice is one row, and a message's rows are one range. */
  id: string
  message_id: MessageId
  acknowledged_by_nickname: string
  acknowledged_by_peer_id: PeerId
  acknowledged_at: number
  ack_type: 'Delivered' | 'Read'
}

/**
 * A message that was deleted here: a received one, so that it is not taken in once more when it comes again; an own one that
 * was not known to have arrived, with the place at which it may have.
 */
export interface DeletedRow {
  id: MessageId
  left?: MessageRow['left']
}

/**
 * The token that a message was sent under. A browser that is killed may come up with notes that are many messages old,
 * since it writes `localStorage` down only now and then.
 */
export interface SentTokenRow {
  token: string
  message_id: MessageId
  at: number
}

/**
 * new: whether it is fetched unasked is not decided yet. offered: it is fetched when the user says so. wanted: it is being
 * fetched, or will be when someone is there who has it. paused: by the user. complete: all of it is here.
 */
export type FileState = 'new' | 'offered' | 'wanted' | 'paused' | 'complete' | 'failed'

/**
 * denied: whoever has it does not give it to us (any more). gone: they do not have it any more, or it has changed. damaged: what
 * came is not what was promised. no-room: this device has too little. too-large: more than a file may have. lost: it was
 * here, and the browser has deleted it.
 */
export type FileProblem = 'denied' | 'gone' | 'damaged' | 'no-room' | 'too-large' | 'lost'

/** The file of a message that shares one: what of it is here, and what is to become of it. Goes with the message. */
export interface FileRow {
  message_id: MessageId
  conversation_id: ConversationId
  /** Who shared it. */
  author: PeerId
  share_code: string
  /** Bytes. */
  size: number
  root: string
  /** The name of its bytes in the file room. */
  blob: string
  state: FileState
  problem?: FileProblem
  /** The chunks that are kept: checked, written and flushed. */
  held: SequenceSet
  /** When it was stored here, milliseconds: what came first is fetched first. */
  at: number
  /** It is not given to anyone for now, or ever again, at the user's word. */
  sharing?: 'paused' | 'ended'
  /** Who has told that they have all of it. */
  had_by: readonly PeerId[]
  /** All of it is here, and whoever shared it does not know that yet. */
  untold?: 1
}

/** A transfer under way, as it was a moment ago: for who watches. Empty when a node starts. */
export interface TransferRow {
  message_id: MessageId
  /** From whom, or to whom. */
  peer_id: PeerId
  direction: 'in' | 'out'
  /** Bytes of the file that are there where it goes. */
  bytes: number
  /** Bytes a second; null where it cannot be told yet. */
  rate: number | null
  /** Nothing comes, since the other side has paused. */
  held_up: Flag
}

/** Bytes that no message speaks of any more: they go soon, but not before a message that was deleted can be brought back. */
export interface DoomedBlobRow {
  blob: string
  at: number
}

export interface IdentityRow {
  id: 'self'
  peer_id: PeerId
  nickname: string
  /** 16 bytes; the recovery phrase and every key come from them. */
  entropy: Uint8Array
  created_at: number
}

/** member: no contact, but in a group with us, or once was. */
export type ContactState = 'accepted' | 'request' | 'blocked' | 'member'

export interface ContactRow {
  peer_id: PeerId
  /** What the other calls themselves. */
  nickname: string
  /** What the user calls them: stands in place of the nickname wherever this device shows one. */
  alias?: string
  state: ContactState
  relays: readonly string[]
  added_at: number
  /** The secret of their invite link that we came by: makes the token under which their presence is told us. */
  invite_secret?: string
  /** The secret of our own link that they brought: it tells them when we are there, until it is renewed. */
  brought_secret?: string
  /** Their newest installation, and when it started: an older one is told. */
  newest_start?: Start
  /** Their grant for us, sealed: lets us deposit at their mailbox. */
  grant_from?: Uint8Array
  /** Our grant for them. */
  grant_to?: { readonly id: GrantId; readonly ends: number; readonly sealed: Uint8Array }
  /** Earlier ones, which hold until they end. */
  grants_before?: readonly { readonly id: GrantId; readonly ends: number }[]
  /** When the newest of their prekeys was made that we have seen. */
  prekey_made?: number
  /** When the letter was written, or was said in a session, that their nickname and relays are from. */
  card_written?: number
  /** Their mailbox had no room for us. */
  mailbox_full?: Flag
  /** What a stranger has left so far, against the limits for requests. */
  request_messages: number
  request_bytes: number
}

export interface ConversationRow {
  id: ConversationId
  msg_type: MsgType
  /** The other person of a direct conversation; the creator of a group. */
  peer_id: PeerId
  /** What they are called here; the name of a group. */
  title: string
  unread: number
  /** How many of the unread messages of a group speak to us by our name. */
  mentions?: number
  last_activity: number
  /** Highest clock seen in the conversation. */
  clock_ms: number
  clock_logical: number
  /** Our own log in it, once we have written. */
  own_log_id?: LogId
  /** The newest shown message, for the list. */
  preview?: {
    direction: Direction
    text: string
    timestamp: number
    order_key: string
    /** In a group: what the author is called, where it is somebody else. */
    author?: string
  }
  /**
   * How long delivered and received messages are kept, in seconds. Absent: for good. 0: for good again, and the
   * cleanup has yet to say so in the rows.
   */
  retention_seconds?: number
  /** In which list it stands (domain/shelf.ts). Blocked and deleted ones are kept and stand in none. */
  listed: Shelf
  /** No notification until then, milliseconds; FOR_GOOD (domain/shelf.ts) for good. */
  muted_until?: number
  /** The user wants to come back to it, whatever was read. */
  marked_unread?: Flag
  /**
   * What is being deleted at the user's word, piece by piece: whatever stands at these numbers, and what has no number any
   * more. `all`: with what is still to be sent.
   */
  clearing?: { readonly places: readonly LogNumbers[]; readonly all: boolean }
}

/** One author's log in one conversation. */
export interface LogRow {
  conversation_id: ConversationId
  log_id: LogId
  author: PeerId
  /**
   * Of the log we write: everything up to its last number; of our earlier ones: what we know of them. Outlives the
   * rows: clearing makes no one resend.
   */
  accepted: SequenceSet
  /** What was displayed here; what we tell the author we have read. */
  read: SequenceSet
  /** The message with the highest number. */
  tail?: MessageId
  /** Numbers of messages that stand at another place: they were sent again, or moved. */
  elsewhere?: SequenceSet
  /** Numbers that nobody has any more; what comes all the same is accepted. */
  lost?: SequenceSet
  /** Of another's log: its author was rewound, and gave a number to two messages. Nothing more is taken of it (SPEC 5.12). */
  forked?: Flag
  /** Of an own log: numbers whose message was given up or moved on, to be filled by voids where they lack. */
  vacated?: SequenceSet
}

/** What one peer has proven about one of our logs: the truth that message rows are settled from. */
export interface ReceiptRow {
  conversation_id: ConversationId
  log_id: LogId
  peer_id: PeerId
  delivered: SequenceSet
  read: SequenceSet
  /** How far the rows of `messages`, `offline_queue` and `message_acknowledgments` say the same. */
  settled_delivered: SequenceSet
  settled_read: SequenceSet
}

/** A group that we are in, were in, or are invited to. Its conversation has the same id. */
export interface GroupRow {
  id: ConversationId
  creator: PeerId
  /** What its membership entries add up to. */
  state: GroupState
  /** How we stand to it by that; none: we are not named in it, as far as is known. */
  standing: Standing | 'none'
  /** What the user wants. asked: nothing was answered yet. */
  choice: 'asked' | 'ignored' | 'joined' | 'left'
  /** The members besides us that are invited or have joined. */
  active: PeerId[]
  /** Our own backup names it, and nobody has told us of it yet: anybody may. */
  restored?: Flag
  /** What is written up to then, by the clock of the conversation, is no news to us: milliseconds. */
  news_from: number
  /** Our own membership log in it, once there is one. */
  membership_log_id?: LogId
  /** Whom a message is addressed to at present; absent: to be made anew. */
  audience_id?: number
  /** What members last heard of us. */
  card?: { readonly nickname: string; readonly relays: readonly string[] }
  /** Our leave for whoever is in it to leave us mail; absent: to be made anew. */
  grant?: { readonly id: GrantId; readonly ends: number; readonly sealed: Uint8Array }
}

/** One entry of the membership logs of a group that says who is in it. */
export interface GroupEntryRow {
  group_id: ConversationId
  message_id: MessageId
  entry: GroupEntry
}

/** Those whom some messages of ours to a group are addressed to. */
export interface GroupAudienceRow {
  id: number
  group_id: ConversationId
  peers: readonly PeerId[]
}

/** The last statement of a member of a group, or of ourselves (SPEC 21.16). */
export interface GroupStatementRow {
  group_id: ConversationId
  peer_id: PeerId
  number: number
  sealed: Uint8Array
}

export interface Settings {
  /** Whether others are told what we read. */
  readReceipts: boolean
  /** Whether people at the same relay see our nickname. */
  nearby: boolean
  /** Whether this browser is to say what comes while no tab is open. */
  notifications: boolean
  /** Whether it is to say so while tabs are open that nobody looks at; as far as it is allowed to, which is not asked for by this. */
  notificationsOpen: boolean
  /** Whether it says from whom. */
  notificationNames: boolean
  /** What the service worker speaks: it cannot read where tabs look it up before they open the database. */
  language: LanguageChoice
  /** Whether a tab makes a sound of what comes. */
  sound: boolean
  /** Whether the title and the icon count what is unread. */
  badge: boolean
  /** Files up to so many bytes are fetched unasked. */
  autoDownloadBytes: number
}

/** Apart from `meta`, which is watched, since it changes with every message that is sent. */
export interface InstallationRow {
  key: 'self'
  id: InstallationId
  /** Mint time of the last message id, milliseconds: they strictly rise. */
  last_minted_ms: number
  /** The latest start of any installation of this identity that is known, milliseconds: ours are later. */
  last_start_ms?: number
  /** The start of the last installation that this one made way for. */
  replaced_by_ms?: number
  /** When messages were last deleted, or brought back, at the user's word, milliseconds. */
  last_forgotten_ms?: number
}

export type MetaRow =
  | { key: 'leader'; epoch: number }
  /** Of both, what the user has chosen: for the rest the defaults hold. */
  | { key: 'settings'; settings: Partial<Settings> }
  | { key: 'config'; config: Partial<PersistenceConfig> }
  | { key: 'invite'; secret: string; expires: number }
  /** As the relay last told it, for when it is down. */
  | { key: 'relay'; config: RelayConfig }
  /**
   * Where this browser is woken, subscribed with that key of the relay; not wanted: the relay is still to hear of it; refused:
   * the relay does not go there.
   */
  | { key: 'push'; endpoint: string; vapid: string; wanted: Flag; refused?: Flag }
  /** When the last cleanup came to its end, milliseconds. */
  | { key: 'cleanup'; at: number }
  /** Prekeys of ours that were made by then are not published any more: others may know later ones. */
  | { key: 'prekey'; outdated: number }
  /** How much was unread, by person, when an errand began that has not told yet what it fetched. */
  | {
      key: 'untold'
      before: readonly { readonly conversation: ConversationId; readonly unread: number }[]
    }
  /** Written to see whether the storage takes something, and removed at once. */
  | { key: 'trial'; filler: Uint8Array }

export class GigiDatabase extends Dexie {
  declare meta: Table<MetaRow, MetaRow['key']>
  declare installation: EntityTable<InstallationRow, 'key'>
  declare identity: EntityTable<IdentityRow, 'id'>
  declare contacts: EntityTable<ContactRow, 'peer_id'>
  declare conversations: EntityTable<ConversationRow, 'id'>
  declare logs: Table<LogRow, [ConversationId, LogId]>
  declare receipts: Table<ReceiptRow, [ConversationId, LogId, PeerId]>
  declare messages: EntityTable<MessageRow, 'id'>
  declare deleted_messages: EntityTable<DeletedRow, 'id'>
  declare sent_tokens: EntityTable<SentTokenRow, 'token'>
  declare deposits: EntityTable<DepositRow, 'id'>
  declare owed: EntityTable<OwedRow, 'peer_id'>
  declare prekeys: EntityTable<PrekeyRow, 'id'>
  declare revoked_grants: EntityTable<RevokedGrantRow, 'id'>
  declare offline_queue: Table<QueueRow, [PeerId, MessageId]>
  declare leases: EntityTable<LeaseRow, 'peer_id'>
  declare message_acknowledgments: EntityTable<AcknowledgmentRow, 'id'>
  declare groups: EntityTable<GroupRow, 'id'>
  declare group_entries: Table<GroupEntryRow, [ConversationId, MessageId]>
  declare group_audiences: EntityTable<GroupAudienceRow, 'id'>
  declare group_statements: Table<GroupStatementRow, [ConversationId, PeerId]>
  declare files: EntityTable<FileRow, 'message_id'>
  declare transfers: Table<TransferRow, [MessageId, PeerId]>
  declare doomed_blobs: EntityTable<DoomedBlobRow, 'blob'>

  /** `onNewer` is called when a newer version of the app has changed the tables; the database is not opened then. */
  constructor(name = 'gigi', onNewer: () => void = () => undefined) {
    super(name, {
      // Strict: a commit that was reported survives loss of power (D1, D2). Browsers default to relaxed.
      chromeTransactionDurability: 'strict',
      indexedDB: knownVersionsOnly(Dexie.dependencies.indexedDB, onNewer),
    })
    this.version(1).stores({
      meta: 'key',
      installation: 'key',
      identity: 'id',
      // state: requests to count, blocked ones to list.
      contacts: 'peer_id, state',
      // The list, the latest activity first.
      conversations: 'id, [listed+last_activity]',
      logs: '[conversation_id+log_id]',
      receipts: '[conversation_id+log_id+peer_id]',
      // A page of a conversation; a run of a log, to settle it.
      messages: 'id, [conversation_id+order_key], [log_id+seq]',
      // What waits for a peer, in order; what is due; what has had its time.
      offline_queue: '[target_peer_id+message_id], next_retry_at, expires_at',
      leases: 'peer_id',
      message_acknowledgments: 'id',
    })
    this.version(2).stores({ deleted_messages: 'id' })
    this.version(3)
      .stores({
        // at: what has had its time.
        sent_tokens: 'token, at',
        // peer_id: what is in the mailbox of one peer.
        deposits: 'id, peer_id',
        owed: 'peer_id',
        prekeys: 'id',
        revoked_grants: 'id',
      })
      .upgrade(moveTokens)
    this.version(4)
      .stores({
        // active: the groups that we have in common with someone; restored: of which the members are still to be heard.
        groups: 'id, *active, restored',
        group_entries: '[group_id+message_id]',
        group_audiences: '++id, group_id',
        group_statements: '[group_id+peer_id]',
      })
      .upgrade(forgetUntold)
    this.version(5).stores({
      // state: what is to be fetched. blob: whether its bytes are anybody's. untold: whom to tell.
      files: 'message_id, state, blob, untold',
      transfers: '[message_id+peer_id]',
      // at: what has had its time.
      doomed_blobs: 'blob, at',
    })
  }
}

/** Until version 2 each conversation kept its latest tokens itself. */
async function moveTokens(tx: Transaction): Promise<void> {
  type OldRow = ConversationRow & { sent_tokens?: readonly { token: string; id: MessageId }[] }
  const moved: SentTokenRow[] = []
  await tx
    .table<OldRow>('conversations')
    .toCollection()
    .modify((row) => {
      for (const { token, id } of row.sent_tokens ?? [])
        moved.push({ token, message_id: id, at: row.last_activity })
      delete row.sent_tokens
    })
  await tx.table<SentTokenRow>('sent_tokens').bulkPut(moved)
}

/** Until version 3 it was counted by person. What an errand fetched and did not tell is not told then. */
async function forgetUntold(tx: Transaction): Promise<void> {
  await tx.table('meta').delete('untold')
}
