/** Made up people and what they write: messages of about 300 bytes, as Gigi stores them. */
import type { ConversationId, LogId, PeerId } from '../../../src/domain/ids.ts'
import type { AuthoredMessage } from '../../../src/domain/message.ts'
import {
  directConversationId,
  mintMessageId,
  peerIdOfKey,
  toBase64url,
} from '../../../src/protocol/identifiers.ts'
import { newContact } from '../../../src/store/contacts.ts'
import { createInboundMessage } from '../../../src/store/messages.ts'
import type { GigiDatabase, MessageRow } from '../../../src/store/schema.ts'
import type { VerifiedMessage } from '../../../src/store/reception.ts'

const WORDS =
  'and the of river letter morning coffee train number please tomorrow table window garden question answer little ' +
  'green mountain paper music evening market bridge summer winter friend station bread water light street house ' +
  'naïve café über straße señor 東京 大阪 友達 手紙 שלום מכתב مرحبا رسالة привет письмо'
const VOCABULARY = WORDS.split(' ')
/** Every so many messages have a word of their own, so that words are as rare as words are. */
const RARE_EVERY = 10
const TEXT_BYTES = 300

const random = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count))

/** Some words, the same for the same number. */
export function textOf(number: number): string {
  let text = number % RARE_EVERY === 0 ? `w${String(number)}x` : ''
  for (let i = number; text.length < TEXT_BYTES * 0.9; i = (i * 31 + 17) % 1_000_003)
    text += ` ${VOCABULARY[i % VOCABULARY.length] ?? ''}`
  return text.trim()
}

export interface Stranger {
  readonly peer: PeerId
  readonly log: LogId
  readonly conversation: ConversationId
}

export function stranger(self: PeerId): Stranger {
  const peer = peerIdOfKey(random(32))
  return { peer, log: toBase64url(random(8)) as LogId, conversation: directConversationId(self, peer) }
}

/** What someone wrote to us, as it comes from the network, checked. */
export function verified(by: Stranger, seq: number, at: number): VerifiedMessage {
  const nonce = random(16)
  const message: AuthoredMessage = {
    id: mintMessageId(at, by.peer, by.conversation, nonce),
    nonce: toBase64url(nonce),
    conversation_id: by.conversation,
    author: by.peer,
    log_id: by.log,
    seq,
    time: { ms: at, logical: 0 },
    timestamp: at,
    content: { type: 'Text', text: textOf(seq) },
  }
  return { message, signature: random(64), bytes: 2 * TEXT_BYTES }
}

const rowOf = ({ message, signature }: VerifiedMessage): MessageRow =>
  createInboundMessage(message, { senderNickname: 'Bob', recipientNickname: 'Alice', signature, now: 0 })

/** Rows as they are stored, for the raw platform; without bytes, which JSON has no way to say. */
export function rows(count: number): MessageRow[] {
  const by = stranger(peerIdOfKey(random(32)))
  const begin = Date.now() - count
  return Array.from({ length: count }, (_, i) => {
    const row = rowOf(verified(by, i + 1, begin + i))
    delete row.signature
    return row
  })
}

/** How many rows one transaction fills. */
const FILL_ROWS = 5_000

/** Fills a profile with conversations that have been going on: half of all is in the first. Returns the first. */
export async function fill(
  db: GigiDatabase,
  self: PeerId,
  messages: number,
  conversations: number,
): Promise<ConversationId> {
  const people = Array.from({ length: conversations }, () => stranger(self))
  const first = people[0]
  if (first === undefined) throw new Error('nobody to write')
  const begin = Date.now() - messages * 1000
  const seqs = new Map<Stranger, number>()
  for (let from = 0; from < messages; from += FILL_ROWS) {
    const batch: MessageRow[] = []
    for (let i = from; i < Math.min(messages, from + FILL_ROWS); i++) {
      const by = i % 2 === 0 ? first : (people[(i >> 1) % people.length] ?? first)
      const seq = (seqs.get(by) ?? 0) + 1
      seqs.set(by, seq)
      batch.push({ ...rowOf(verified(by, seq, begin + i * 1000)), read: 1 })
    }
    await db.messages.bulkAdd(batch)
  }
  await db.transaction('rw', db.contacts, db.conversations, db.logs, async () => {
    for (const [i, by] of people.entries()) {
      const said = { peerId: by.peer, nickname: `Person ${String(i)}`, relays: [] }
      const { contact, conversation } = newContact(self, said, 'accepted', begin + i)
      await db.contacts.put(contact)
      await db.conversations.put({ ...conversation, unread: i % 3, last_activity: Date.now() - i * 1000 })
      const accepted = [[1, seqs.get(by) ?? 1]] as const
      await db.logs.put({
        conversation_id: by.conversation,
        log_id: by.log,
        author: by.peer,
        accepted,
        read: accepted,
      })
    }
  })
  return first.conversation
}
