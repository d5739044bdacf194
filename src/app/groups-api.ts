/** What the interface may ask of groups, and do with them. */
import type { GroupHistory } from '../domain/group.ts'
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import type { SyncStatus } from '../domain/status.ts'

export type { GroupHistory }

/**
 * How we stand to a group. invited: nothing was answered yet. joining: we want to, and the creator's word of it is not here
 * yet. ignored: its invitation was put aside.
 */
export type GroupStanding = 'invited' | 'ignored' | 'joining' | 'joined' | 'left' | 'removed'

export interface GroupMemberView {
  readonly peerId: PeerId
  /** What they are called here. */
  readonly name: string
  readonly isUs: boolean
  readonly isCreator: boolean
  /** They were invited and have not joined yet. */
  readonly isInvited: boolean
}

export interface GroupView {
  readonly id: ConversationId
  readonly name: string
  readonly standing: GroupStanding
  /** Whether it is ours to change. */
  readonly isOurs: boolean
  /** What new members see: what is written from when they were added, or everything. */
  readonly history: GroupHistory
  /** Who is in it or invited; the creator first. */
  readonly members: readonly GroupMemberView[]
  /** What everybody is called here who was ever in it. */
  readonly names: Readonly<Record<PeerId, string>>
}

/** How a message to a group fares with one member. */
export interface MemberDelivery {
  readonly peerId: PeerId
  readonly name: string
  readonly status: SyncStatus | 'Expired'
  /** When we heard of it, milliseconds; null: not yet. */
  readonly delivered: number | null
  readonly read: number | null
}

export interface GroupQueries {
  /** Null where nothing is known of it. */
  group(id: ConversationId): Promise<GroupView | null>
  /** Of a message of ours to a group: with each member that it is addressed to, less those who left; null where it is none. */
  memberDeliveries(id: MessageId): Promise<readonly MemberDelivery[] | null>
}

/** An invitation as it stands in a message. */
export interface Invitation {
  readonly id: ConversationId
  readonly name: string
  /** The author of the message. */
  readonly inviter: PeerId
}

/** Each is durable when it resolves, and goes out like any message. Where a name is given, throws UserError `group-name-…`. */
export interface GroupCommands {
  /** Makes a group, and invites contacts to it. Throws UserError `group-full`. */
  createGroup(name: string, members: readonly PeerId[], history: GroupHistory): Promise<ConversationId>
  /** Throws UserError `group-full`. */
  inviteToGroup(id: ConversationId, members: readonly PeerId[]): Promise<void>
  /** Nothing more goes to them, from now on. */
  removeFromGroup(id: ConversationId, member: PeerId): Promise<void>
  renameGroup(id: ConversationId, name: string): Promise<void>
  setGroupHistory(id: ConversationId, history: GroupHistory): Promise<void>
  /** Joins at once, or as soon as the creator's word of it is here. Throws UserError `group-full`. */
  joinGroup(invitation: Invitation): Promise<void>
  /** Puts an invitation aside. It can be taken up later. */
  ignoreGroup(invitation: Invitation): Promise<void>
  /** What was written goes out still; nothing more comes. */
  leaveGroup(id: ConversationId): Promise<void>
}
