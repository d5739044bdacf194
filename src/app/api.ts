/**
 * What the interface may ask and do. Queries read the store and can be watched (`ui/live.svelte.ts`); commands
 * succeed when what they did is durable; the status is what the node of this profile reports, in every tab.
 */
import type { PersistenceConfig } from '../domain/config.ts'
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import type { Direction, MessageContent } from '../domain/message.ts'
import type { SyncStatus } from '../domain/status.ts'
import type { Delivery } from '../store/delivery.ts'
import type { ContactState, Settings } from '../store/schema.ts'
import type { NetworkState, SessionPath } from '../sync/ports.ts'
import type { Files } from './files/api.ts'
import type { GroupCommands, GroupQueries, GroupStanding } from './groups-api.ts'
import type { Managing, ShelfName } from './managing-api.ts'
import type { SearchFilter, SearchHit, SearchPage, SearchReach } from '../worker/search/messages.ts'

export interface GigiApp {
  readonly queries: Queries
  readonly commands: Commands
  readonly search: Search
  readonly files: Files
  readonly status: StatusFeed
}

export interface Profile {
  readonly peerId: PeerId
  readonly nickname: string
}

/** What the browser says of the storage that Gigi has in it. */
export interface StorageView {
  readonly usedBytes: number
  /** How much Gigi may use at the most. */
  readonly quotaBytes: number
  /** Whether the browser has promised to delete none of it unasked. */
  readonly promised: boolean
}

/** accepted: we talk. request: a stranger wrote, and we have not answered yet. blocked: refused. */
export type { ContactState }

export interface ConversationView {
  readonly id: ConversationId
  /** The other of a direct conversation; the creator of a group. */
  readonly peerId: PeerId
  /** Of a group; null: it is a direct conversation. */
  readonly group: {
    readonly standing: GroupStanding
    /** Who has joined, besides us. */
    readonly fellows: readonly PeerId[]
  } | null
  /** What the other is called here: what the user calls them, or else their nickname; a label, may collide. Of a group its name. */
  readonly name: string
  /** What they call themselves. */
  readonly nickname: string
  readonly shelf: ShelfName
  /** No notification until then, milliseconds since the Unix epoch; null: they come. */
  readonly mutedUntil: number | null
  /** The user wants to come back to it, whatever was read. */
  readonly markedUnread: boolean
  readonly contactState: ContactState
  readonly unread: number
  /** How many of the unread messages of a group speak to us by our name. */
  readonly mentions: number
  /** Milliseconds since the Unix epoch: when this device last stored something in it. */
  readonly lastActivity: number
  /** How long delivered and received messages are kept on this device, in seconds; null: for good. */
  readonly retentionSeconds: number | null
  /** The newest message that is shown, for the list. */
  readonly preview: {
    readonly direction: Direction
    readonly text: string
    readonly timestamp: number
    /** In a group: who wrote it, where it is somebody else. */
    readonly author?: string
  } | null
}

export interface MessageView {
  readonly id: MessageId
  readonly direction: Direction
  readonly content: MessageContent
  /** Whose it is, and what they are called here. */
  readonly author: Profile
  /** Milliseconds since the Unix epoch, by the author's clock. */
  readonly timestamp: number
  /**
   * Of sent messages; Pending for received ones, which have none. Expired: no longer tried, and no proof came. In a group it is
   * that of the least advanced member, and Expired where it is no longer tried for one.
   */
  readonly status: SyncStatus | 'Expired'
  /** The recipient refused it for good: it is no longer tried. */
  readonly refused: boolean
  /** It would wait in the recipient's mailbox, which has no room for us. */
  readonly mailboxFull: boolean
  /** Of received messages: whether it has been displayed. */
  readonly read: boolean
  /** Where it stands, for `Place`. */
  readonly cursor: string
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly MessageView[]
  /** Whether there are older ones, and newer ones. */
  readonly older: boolean
  readonly newer: boolean
}

export type Place = { readonly before: string } | { readonly from: string }

/** Messages that are known to be missing. */
export interface GapView {
  /** Compares with cursors: the gap stands before the first message whose cursor is greater. */
  readonly place: string
  readonly count: number
  /** Whose they are: the other's, or our own from another browser. */
  readonly author: 'other' | 'self'
  /** In a group: what their author is called. */
  readonly name?: string
  /** Nobody can have them any more. */
  readonly lost: boolean
}

export type { Delivery, Settings }
export type {
  GroupHistory,
  GroupMemberView,
  GroupStanding,
  GroupView,
  Invitation,
  MemberDelivery,
} from './groups-api.ts'

export interface InviteView {
  readonly peerId: PeerId
  readonly nickname: string
  /** Whether this person is a contact already. */
  readonly known: boolean
}

/**
 * Whether this browser is woken when mail comes. no-key: it is to be, and the relay wakes nobody at the moment. lost: it is to
 * be, and its subscription is gone; subscribing anew has failed so far. refused: it is to be, and the relay does not go to
 * its push service.
 */
export type WakingState = 'off' | 'on' | 'no-key' | 'lost' | 'refused'

/** Why an invite link will not do. */
export type InviteProblem = 'broken' | 'forged' | 'own' | 'expired'

export interface Queries extends GroupQueries {
  /** Null before the first start. */
  profile(): Promise<Profile | null>
  /** The pinned conversations, then the others, the latest activity first in both; archived, blocked and deleted ones left out. */
  conversations(): Promise<readonly ConversationView[]>
  /** Those that are archived, the latest activity first. */
  archived(): Promise<readonly ConversationView[]>
  /** Null where there is none, or its contact was deleted. */
  conversation(id: ConversationId): Promise<ConversationView | null>
  /** The newest `limit` messages, or the `limit` before a cursor, or from one on. */
  messages(id: ConversationId, limit: number, at?: Place): Promise<MessagePage>
  /** How a message of ours fares; null where there is none. */
  delivery(id: MessageId): Promise<Delivery | null>
  /** What is known to be missing in a conversation, in order; of very many the newest. */
  gaps(id: ConversationId): Promise<readonly GapView[]>
  settings(): Promise<Settings>
  /** Null where this browser or the relay knows nothing of it. */
  waking(): Promise<WakingState | null>
  config(): Promise<PersistenceConfig>
  /** Our own invite link; null for the moment that it takes to make one. */
  inviteLink(): Promise<string | null>
  blocked(): Promise<readonly Profile[]>
  /** Accepted contacts by what they are called here, in the order of their names. */
  contacts(): Promise<readonly Profile[]>
  recoveryPhrase(): Promise<string>
  /** Who was here before the browser deleted the database, as far as that is known. */
  lostProfile(): Promise<Profile | null>
  /** Not watched. Null where the browser does not tell. */
  storage(): Promise<StorageView | null>
  /** Not watched. For a report of a fault, in English, without names, texts, secrets or ids. */
  diagnostics(): Promise<string>
}

export type { SearchFilter, SearchHit, SearchPage, SearchReach }

/** The message index: over all conversations, the same from every tab. */
export interface Search {
  /**
   * The newest `limit` messages (at most 100), or those after `after` (the `next` of the page before), in which each word
   * typed begins a word; what is written without spaces is found anywhere. A page may be short and have a next one.
   * Blocked conversations are left out. Throws UserError `search-failed`.
   */
  search(typed: string, filter: SearchFilter, limit: number, after?: number | null): Promise<SearchPage>
  /** Calls `listener` when what is found may have changed. Returns how to stop that. */
  subscribe(listener: () => void): () => void
}

export interface Commands extends Managing, GroupCommands {
  /** Throws UserError `nickname-empty`, `nickname-too-long`, or `identity-exists` (made in another tab meanwhile). */
  createIdentity(nickname: string): Promise<void>
  /**
   * Throws UserError `phrase-invalid` (not 12 words of the list, or the check word is wrong), `phrase-of-another` (it
   * does not bring back `expected`, where that is given) or `identity-exists`.
   */
  restoreIdentity(phrase: string, nickname: string, expected?: PeerId): Promise<void>
  setNickname(nickname: string): Promise<void>
  saveSettings(settings: Settings): Promise<void>
  /**
   * Asks the browser for leave, and remembers the choice. Off, nothing wakes this browser either, since each push has to be
   * seen. Throws UserError `notifications-denied`.
   */
  setNotifications(on: boolean): Promise<void>
  /** The same for while tabs are open that nobody looks at. Throws UserError `notifications-denied`. */
  setNotificationsOpen(on: boolean): Promise<void>
  /**
   * Has this browser woken when mail comes, which brings notifications with it, or no more. Throws UserError
   * `notifications-denied` or `push-…`, and changes nothing then.
   */
  setWaking(on: boolean): Promise<void>
  /** Throws UserError `config-invalid` when a number is out of its bounds. */
  saveConfig(config: PersistenceConfig): Promise<void>

  /** Reads an invite link without acting on it. Throws UserError `invite-…`. */
  readInvite(link: string): Promise<InviteView>
  /** Adds the contact and queues the introduction. Throws UserError `invite-…`. */
  addByInvite(link: string): Promise<ConversationId>
  renewInvite(): Promise<void>
  /** Begins (or finds) the conversation with someone nearby or known. Nothing is sent before the first message. */
  startConversation(peerId: PeerId, nickname: string): Promise<ConversationId>
  acceptRequest(id: ConversationId): Promise<void>
  block(id: ConversationId): Promise<void>
  unblock(peerId: PeerId): Promise<void>

  /**
   * Durable when it resolves; delivery goes on by itself. The same token twice is one message, so that whoever
   * does not know whether a text was stored may send it again. Throws UserError `text-empty` or `text-too-long`.
   */
  sendText(id: ConversationId, text: string, token?: string): Promise<MessageId>
  /** Sends a message again that expired or was refused: the same message, at a new place. */
  sendAgain(message: MessageId): Promise<void>
  /** Marks received messages as displayed; call it for what the user has had before their eyes. */
  markAsRead(id: ConversationId, messages: readonly MessageId[]): Promise<void>
  /** Marks all that is unread in a conversation, and takes the mark away that it is to be read. */
  markAllAsRead(id: ConversationId): Promise<void>
  /**
   * Keeps delivered and received messages of a conversation for so long, on this device only, or (null) for good.
   * Throws UserError `config-invalid` when it is no period that can be kept to.
   */
  setRetention(id: ConversationId, seconds: number | null): Promise<void>
  /** Which conversation this tab shows (null: none, or the tab is hidden): its peer is connected to, and it is marked unread no more. */
  show(id: ConversationId | null): Promise<void>
  /** The user is writing; the other is told, if there. Call it every few seconds at the most. */
  compose(id: ConversationId): Promise<void>
  /** Asks the browser to delete nothing of Gigi's unasked. Whether it has promised that. */
  keepStorage(): Promise<boolean>
}

export type { NetworkState }
export type Path = SessionPath | 'none'

export interface PeerStatus {
  readonly online: boolean
  readonly path: Path
  /** Is writing to us at the moment. */
  readonly typing: boolean
}

export interface NodeStatus {
  readonly network: NetworkState
  /** Only peers of which something is known. */
  readonly peers: Readonly<Record<PeerId, PeerStatus>>
  readonly nearby: readonly Profile[]
  /** Who is writing in groups at the moment. */
  readonly writers: Readonly<Record<ConversationId, readonly PeerId[]>>
  /** What the user must be told, until it is over. */
  readonly trouble: Trouble | null
}

/**
 * replaced: another browser uses this identity, and started later. deleted: the database is gone, and this tab begins
 * anew. outdated: a newer version of the app, in another tab, has changed the database; this one must be reloaded.
 */
export type Trouble = 'storage-full' | 'storage-failed' | 'no-locks' | 'replaced' | 'deleted' | 'outdated'

export interface StatusFeed {
  /** Calls `listener` at once with the current status and at each change. Returns how to stop that. */
  subscribe(listener: (status: NodeStatus) => void): () => void
}

export type UserErrorCode =
  | 'nickname-empty'
  | 'nickname-too-long'
  | 'phrase-invalid'
  | 'phrase-of-another'
  | 'notifications-denied'
  | 'push-no-key'
  | 'push-not-ready'
  | 'push-unreachable'
  | 'identity-exists'
  | `invite-${InviteProblem}`
  | 'config-invalid'
  | 'group-name-empty'
  | 'group-name-too-long'
  | 'group-full'
  | 'text-empty'
  | 'text-too-long'
  | 'blocked'
  | 'storage-full'
  | 'storage-failed'
  | 'search-failed'
  | 'file-no-room'
  | 'file-too-large'
  | 'file-unreadable'
  | 'file-gone'

/** Something the user can mend; the interface has words for each code. Anything else thrown is a fault of ours. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: UserErrorCode

  constructor(code: UserErrorCode, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}
