/** A store, the file of its index, and what keeps them in step: all in memory, for tests that import `fake-indexeddb/auto`. */
import sqlite3InitModule, { type Database } from '@sqlite.org/sqlite-wasm'
import type { LogId, MessageId } from '../domain/ids.ts'
import { matches, parseQuery } from '../domain/search/terms.ts'
import { add, highest } from '../domain/sequence-set.ts'
import { directConversationId, mintMessageId } from '../protocol/identifiers.ts'
import { newContact } from '../store/contacts.ts'
import { createInboundMessage, createOutboundMessage } from '../store/messages.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { Indexer } from '../worker/search/indexer.ts'
import { MessageIndex } from '../worker/search/message-index.ts'
import type { SearchFilter } from '../worker/search/messages.ts'
import { search } from '../worker/search/searcher.ts'
import { databaseOf, person } from './people.ts'

const sqlite = await sqlite3InitModule()
export const self = person('Self', 1)
export const others = [person('Ann', 2), person('Ben', 3)]
export const now = 1_700_000_000_000

export const emptyFile = (): Database => new sqlite.oo1.DB(':memory:')

/** A message to be stored; an empty text is a void. */
export interface Written {
  readonly to: number
  readonly sent: boolean
  readonly at: number
  readonly text: string
}

export class Bench {
  file = emptyFile()
  index = new MessageIndex(this.file)
  indexer: Indexer
  readonly db: GigiDatabase
  room = Infinity
  time = now

  constructor(db: GigiDatabase) {
    this.db = db
    this.indexer = this.#indexer()
  }

  static async open(): Promise<Bench> {
    const db = await databaseOf(self, now)
    for (const { peerId, nickname } of others) {
      const who = { peerId, nickname, relays: [] }
      const { contact, conversation } = newContact(self.peerId, who, 'accepted', now)
      await db.contacts.put(contact)
      await db.conversations.put(conversation)
    }
    return new Bench(db)
  }

  #indexer(): Indexer {
    return new Indexer({ db: this.db, index: this.index, now: () => this.time, room: this.room })
  }

  /** As after the worker was ended, wherever it was. */
  restart(): void {
    this.index = new MessageIndex(this.file)
    this.indexer = this.#indexer()
  }

  async settle(): Promise<void> {
    this.indexer.changed()
    while (await this.indexer.step());
  }

  async write({ to, sent, at, text }: Written): Promise<MessageId> {
    const other = others[to % others.length] ?? self
    const author = sent ? self : other
    const conversation = directConversationId(self.peerId, other.peerId)
    const log_id = `log-${String(to % others.length)}-${sent ? 's' : 'r'}` as LogId
    const nonce = self.random.bytes(16)
    const message = {
      id: mintMessageId(at, author.peerId, conversation, nonce),
      nonce: '',
      conversation_id: conversation,
      author: author.peerId,
      log_id,
      time: { ms: at, logical: 0 },
      timestamp: at,
      content: text === '' ? ({ type: 'Void' } as const) : ({ type: 'Text', text } as const),
    }
    await this.db.transaction('rw', this.db.logs, this.db.messages, async () => {
      const log = (await this.db.logs.get([conversation, log_id])) ?? {
        conversation_id: conversation,
        log_id,
        author: author.peerId,
        accepted: [],
        read: [],
      }
      // Now and then a number is left out.
      const seq = highest(log.accepted) + (at % 5 === 0 ? 2 : 1)
      const details = { senderNickname: '', recipientNickname: '', expiresAt: now, now }
      const row = sent
        ? createOutboundMessage({ ...message, seq }, details)
        : createInboundMessage({ ...message, seq }, { ...details, signature: new Uint8Array(64) })
      await this.db.messages.put(row)
      await this.db.logs.put({ ...log, accepted: add(log.accepted, seq) })
    })
    return message.id
  }

  /** All pages of an answer. */
  async find(typed: string, filter: SearchFilter = {}, limit = 7): Promise<MessageId[]> {
    const ids: MessageId[] = []
    for (let after: number | null = null; ;) {
      const page = await search(this.db, this.index, { typed, filter, limit, after })
      if (page.hits.length > limit) throw new Error('more than was asked for')
      ids.push(...page.hits.map(({ id }) => id))
      if (page.next === null) return ids
      after = page.next
    }
  }

  /** What is to be found, by looking at every message. */
  async scan(typed: string, { conversation, sender, from, to }: SearchFilter = {}): Promise<MessageId[]> {
    const query = parseQuery(typed)
    const rows = await this.db.messages.toArray()
    return rows
      .filter((row) => {
        const content = JSON.parse(row.content_json) as { text?: string }
        return (
          query !== null &&
          matches(query, content.text ?? '') &&
          (conversation === undefined || row.conversation_id === conversation) &&
          (sender === undefined || row.peer_id === sender) &&
          row.timestamp >= (from ?? 0) &&
          row.timestamp < (to ?? Infinity)
        )
      })
      .map(({ id }) => id)
  }
}

/** Messages in turn between all, so many milliseconds apart. */
export const spread = (count: number, step: number): Written[] =>
  Array.from({ length: count }, (_, i) => ({
    to: i % 2,
    sent: i % 3 === 0,
    at: now + i * step,
    text: `word ${String(i)}`,
  }))
