/** Message rows: how they are made of messages, and messages of them. */
import { safeFileName } from '../domain/files/name.ts'
import { type AuthoredMessage, isShown, type MessageContent } from '../domain/message.ts'
import { orderKey } from '../domain/ordering.ts'
import { advance } from '../domain/status.ts'
import type { MessageRow } from './schema.ts'

/** Stands in `expires_at` where a row is kept. */
export const KEPT = Number.MAX_SAFE_INTEGER

/** Longest text that the list of conversations shows of a message, in characters. */
const PREVIEW_LENGTH = 120

type Place = Pick<
  MessageRow,
  | 'id'
  | 'content_type'
  | 'content_json'
  | 'peer_id'
  | 'timestamp'
  | 'conversation_id'
  | 'log_id'
  | 'seq'
  | 'clock_ms'
  | 'clock_logical'
  | 'order_key'
  | 'nonce'
>

function authoredColumns(message: AuthoredMessage): Place {
  return {
    id: message.id,
    content_type: message.content.type,
    content_json: JSON.stringify(message.content),
    peer_id: message.author,
    timestamp: message.timestamp,
    conversation_id: message.conversation_id,
    log_id: message.log_id,
    seq: message.seq,
    clock_ms: message.time.ms,
    clock_logical: message.time.logical,
    order_key: orderKey(message.time, message.author),
    nonce: message.nonce,
  }
}

export interface OutboundDetails {
  readonly senderNickname: string
  readonly recipientNickname: string
  /** When trying ends. */
  readonly expiresAt: number
  readonly now: number
}

/** The row of a message that we send. What people do not see is tried for as long as it takes. */
export function createOutboundMessage(message: AuthoredMessage, details: OutboundDetails): MessageRow {
  return {
    ...authoredColumns(message),
    msg_type: 'Direct',
    direction: 'Sent',
    sender_nickname: details.senderNickname,
    recipient_nickname: details.recipientNickname,
    created_at: details.now,
    delivered: 0,
    read: 1,
    sync_status: 'Pending',
    sync_attempts: 0,
    expires_at: isShown(message.content.type) ? details.expiresAt : KEPT,
  }
}

export interface InboundDetails {
  readonly senderNickname: string
  readonly recipientNickname: string
  readonly signature: Uint8Array
  readonly now: number
}

/** The row of a message that we received; it is delivered by being stored. */
export function createInboundMessage(message: AuthoredMessage, details: InboundDetails): MessageRow {
  return {
    ...authoredColumns(message),
    msg_type: 'Direct',
    direction: 'Received',
    sender_nickname: details.senderNickname,
    recipient_nickname: details.recipientNickname,
    created_at: details.now,
    delivered: 1,
    delivered_at: details.now,
    read: 0,
    sync_status: 'Delivered',
    sync_attempts: 0,
    expires_at: KEPT,
    signature: details.signature,
  }
}

/** The row of a message of our own that came back from its recipient, who therefore has it. */
export function createRestoredMessage(message: AuthoredMessage, details: InboundDetails): MessageRow {
  return { ...createInboundMessage(message, details), direction: 'Sent', read: 1 }
}

export interface GroupDetails {
  readonly senderNickname: string
  readonly groupName: string
  readonly now: number
}

/** The row of a message that we send to a group. */
export function createGroupOutbound(
  message: AuthoredMessage,
  details: GroupDetails & { readonly expiresAt: number; readonly audience: number | undefined },
): MessageRow {
  const { senderNickname, groupName, now, expiresAt, audience } = details
  return {
    ...authoredColumns(message),
    msg_type: 'Group',
    direction: 'Sent',
    sender_nickname: senderNickname,
    group_name: groupName,
    created_at: now,
    delivered: 0,
    read: 1,
    sync_status: 'Pending',
    sync_attempts: 0,
    expires_at: isShown(message.content.type) ? expiresAt : KEPT,
    ...(audience === undefined ? {} : { audience_id: audience }),
  }
}

/** The row of a message of a group that came to us; `sent`: it is our own, and came back. */
export function createGroupInbound(
  message: AuthoredMessage,
  details: GroupDetails & { readonly signature: Uint8Array; readonly sent: boolean },
): MessageRow {
  const { senderNickname, groupName, now, signature, sent } = details
  return {
    ...authoredColumns(message),
    msg_type: 'Group',
    direction: sent ? 'Sent' : 'Received',
    sender_nickname: senderNickname,
    group_name: groupName,
    created_at: now,
    delivered: 1,
    delivered_at: now,
    read: sent || !isShown(message.content.type) ? 1 : 0,
    sync_status: 'Delivered',
    sync_attempts: 0,
    expires_at: KEPT,
    signature,
  }
}

/** The row of an own message that has arrived at another place of ours than it stands at here: that is its place. */
export function createReturnedMessage(
  row: MessageRow,
  message: AuthoredMessage,
  signature: Uint8Array,
  now: number,
): MessageRow {
  const returned: MessageRow = {
    ...row,
    ...authoredColumns(message),
    delivered: 1,
    delivered_at: row.delivered_at ?? now,
    sync_status: advance(row.sync_status, 'Delivered'),
    expires_at: KEPT,
    signature,
  }
  delete returned.refusal
  delete returned.expired_at
  return returned
}

/** The message that a row holds, as its author fixed it: the same each time. */
export function authoredMessage(row: MessageRow): AuthoredMessage {
  return {
    id: row.id,
    nonce: row.nonce,
    conversation_id: row.conversation_id,
    author: row.peer_id,
    log_id: row.log_id,
    seq: row.seq,
    time: { ms: row.clock_ms, logical: row.clock_logical },
    timestamp: row.timestamp,
    content: contentOf(row),
  }
}

export const contentOf = (row: MessageRow): MessageContent => JSON.parse(row.content_json) as MessageContent

/** What the list of conversations shows of a message: one short line. */
export function previewText(content: MessageContent): string {
  switch (content.type) {
    case 'Text':
      return Array.from(content.text.slice(0, PREVIEW_LENGTH * 2).replace(/\s+/gu, ' '))
        .slice(0, PREVIEW_LENGTH)
        .join('')
    case 'FileShare':
      return safeFileName(content.filename)
    case 'ShareGroup':
      return content.group_name
    case 'Introduction':
    case 'Void':
    case 'Unknown':
    case 'GroupChange':
    case 'GroupJoin':
    case 'GroupLeave':
    case 'GroupCard':
      return ''
  }
}
