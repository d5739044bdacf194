/** Alice's store, and Bob's, who writes to her and proves what he has: for tests that import `fake-indexeddb/auto`. */
import type { LogId, MessageId } from '../domain/ids.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { addContact } from '../store/contacts.ts'
import { acceptMessages } from '../store/inbox.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { getPendingMessages, sendMessage } from '../store/outbox.ts'
import { recordProofs, settle } from '../store/receipts.ts'
import type { ConversationRow, GigiDatabase, LogRow } from '../store/schema.ts'
import { databaseOf, person } from './people.ts'

export const [alice, bob] = [person('Alice', 1), person('Bob', 2)]
export const conversation = directConversationId(alice.peerId, bob.peerId)
export const start = 1_700_000_000_000

export class Pair {
  readonly db: GigiDatabase
  readonly bobs: GigiDatabase
  readonly epoch: number

  private constructor(db: GigiDatabase, bobs: GigiDatabase, epoch: number) {
    this.db = db
    this.bobs = bobs
    this.epoch = epoch
  }

  /** They know each other, and nothing is written yet. */
  static async open(): Promise<Pair> {
    const [db, bobs] = [await databaseOf(alice, start), await databaseOf(bob, start)]
    const pair = new Pair(db, bobs, await raiseEpoch(db))
    await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
    await addContact(bobs, bob.peerId, { peerId: alice.peerId, nickname: 'Alice', relays: [] }, start)
    return pair
  }

  /** Alice writes. Her introduction has the number 1. */
  send = (text: string, now = start): Promise<MessageId> =>
    sendMessage(this.db, conversation, { type: 'Text', text }, now, alice.random.bytes)

  bobWrites = (text: string, now = start): Promise<MessageId> =>
    sendMessage(this.bobs, conversation, { type: 'Text', text }, now, bob.random.bytes)

  /** All that Bob ever wrote comes to Alice, once more where it was there before. */
  async receive(now = start): Promise<void> {
    const epoch = await raiseEpoch(this.bobs)
    const { messages } = await getPendingMessages(this.bobs, epoch, alice.peerId, 'test', null, 1000, now)
    const pushed = messages.map((message) => ({ message, signature: new Uint8Array(64), bytes: 100 }))
    const said = { nickname: 'Bob', relays: [] }
    const { refused } = await acceptMessages(this.db, this.epoch, bob.peerId, said, pushed, 'push', now)
    if (refused.length > 0) throw new Error('something was refused')
  }

  /** Bob proves that he has these numbers of Alice's log; `settled`: her rows say so too. */
  async prove(accepted: SequenceSet, settled = true): Promise<void> {
    const { log_id: log } = await this.ownLog()
    await recordProofs(this.db, this.epoch, bob.peerId, [{ conversation, log, accepted, read: [] }])
    while (settled && (await settle(this.db, this.epoch, bob.peerId, 100, start)));
  }

  async row(): Promise<ConversationRow> {
    const row = await this.db.conversations.get(conversation)
    if (row === undefined) throw new Error('no conversation')
    return row
  }

  async ownLog(): Promise<LogRow> {
    const log = await this.db.logs.get([conversation, (await this.row()).own_log_id ?? ('' as LogId)])
    if (log === undefined) throw new Error('no log')
    return log
  }

  /** The texts that Alice has, in order. */
  async texts(): Promise<string[]> {
    const rows = await this.db.messages.where({ conversation_id: conversation }).sortBy('order_key')
    return rows.flatMap(({ content_type, content_json }) =>
      content_type === 'Text' ? [(JSON.parse(content_json) as { text: string }).text] : [],
    )
  }

  /** The texts that wait for Bob. */
  async waiting(now = start): Promise<string[]> {
    const { messages } = await getPendingMessages(this.db, this.epoch, bob.peerId, 'test', null, 1000, now)
    return messages.flatMap(({ content }) => (content.type === 'Text' ? [content.text] : []))
  }

  /** All that is stored of messages, to be compared with what it was. */
  async everything(): Promise<unknown> {
    const { messages, deleted_messages, offline_queue, message_acknowledgments, logs } = this.db
    const tables = [messages, deleted_messages, offline_queue, message_acknowledgments, logs]
    return [await this.row(), ...(await Promise.all(tables.map((table) => table.toArray())))]
  }
}
