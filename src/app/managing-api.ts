/** What the user may do with conversations, contacts and single messages: the part of the commands that keeps things in order. */
import type { ConversationId, MessageId, PeerId } from '../domain/ids.ts'
import type { SHELF } from '../domain/shelf.ts'

/** hidden: blocked or deleted, in no list. */
export type ShelfName = keyof typeof SHELF

/** Brings back what was deleted, as it was before; nothing happens where that has no place any more. Throws UserError. */
export type Undo = () => Promise<void>

/** Each holds on this device alone, and is durable when it resolves. */
export interface Managing {
  /** Pins or archives a conversation, or neither. One that is hidden stays so. */
  setShelf(id: ConversationId, shelf: Exclude<ShelfName, 'hidden'>): Promise<void>
  /** No notifications until then (milliseconds since the Unix epoch, FOR_GOOD), or again from now on (null). */
  mute(id: ConversationId, until: number | null): Promise<void>
  /** Marks a conversation as to be read, until it is opened. */
  markUnread(id: ConversationId): Promise<void>
  /** Deletes all messages of a conversation but those that are still to be sent, which go out. */
  clearConversation(id: ConversationId): Promise<void>
  /** As `clearConversation`, and it leaves the list until someone writes in it or it is begun anew. */
  deleteConversation(id: ConversationId): Promise<void>
  /** Throws UserError `nickname-too-long`. Empty, or null: they are called by their nickname again. */
  renameContact(peer: PeerId, alias: string | null): Promise<void>
  /** They are a stranger from then on. Their conversation is deleted, with what is still to be sent to them. */
  deleteContact(peer: PeerId): Promise<void>
  /** An own message that has not arrived is not sent any more. Null where there is nothing to delete. */
  deleteMessage(id: MessageId): Promise<Undo | null>
}
