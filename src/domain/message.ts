/** Messages and what they carry, as every layer speaks of them. */
import type { GroupContent } from './group.ts'
import type { ConversationId, LogId, MessageId, PeerId } from './ids.ts'
import type { HybridTime } from './ordering.ts'

export type MsgType = 'Direct' | 'Group'
export type Direction = 'Sent' | 'Received'

/** What a message carries. A kind this version does not know stays opaque and is passed on as it came. */
export type MessageContent =
  | { readonly type: 'Text'; readonly text: string }
  | {
      readonly type: 'FileShare'
      /** 128 bits, base64url. */
      readonly share_code: string
      readonly filename: string
      /** Bytes. */
      readonly file_size: number
      readonly file_type: string
      /** Of the hash tree over its chunks: 32 bytes, base64url. */
      readonly root: string
      /** Of pictures and films, in pixels, as the sender says. */
      readonly dimensions?: { readonly width: number; readonly height: number }
      /** A small picture of it, JPEG or WebP, base64url: as little to be trusted as the file. */
      readonly preview?: string
    }
  | {
      readonly type: 'ShareGroup'
      readonly group_id: string
      readonly group_name: string
      readonly inviter_nickname: string
    }
  /** First entry of a log towards someone who may not know us; the secret is that of their invite link. */
  | { readonly type: 'Introduction'; readonly nickname: string; readonly secret?: string }
  /** Fills a sequence number that will never be sent. Never shown or counted. */
  | { readonly type: 'Void' }
  /** What stands in the membership logs of groups. */
  | GroupContent
  | { readonly type: 'Unknown'; readonly kind: number; /** base64url */ readonly payload: string }

export type ContentType = MessageContent['type']

/** Everything the author fixed about a message: what the envelope carries, in the words of the tables. */
export interface AuthoredMessage {
  readonly id: MessageId
  /** 16 random bytes, base64url. */
  readonly nonce: string
  readonly conversation_id: ConversationId
  readonly author: PeerId
  readonly log_id: LogId
  /** 1, 2, 3, … within the log. */
  readonly seq: number
  readonly time: HybridTime
  /** When the author sent it, by the author's clock: milliseconds since the Unix epoch. Shown, never sorted by. */
  readonly timestamp: number
  readonly content: MessageContent
}

/** Whether people see a message of this type in the conversation (and whether it counts as unread). */
export const isShown = (type: ContentType): boolean =>
  type !== 'Void' && type !== 'Introduction' && !isMembership(type)

/** Whether it stands in the membership log of a group: a quiet line in the conversation, or nothing. */
export const isMembership = (type: ContentType): boolean => type.startsWith('Group')
