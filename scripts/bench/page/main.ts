/** What the measurements do within a browser, on the origin of the app: with Gigi's own code, and with the bare platform. */
import type { ConversationId } from '../../../src/domain/ids.ts'
import { getHistory, cursorOf, readConversations } from '../../../src/store/history.ts'
import { requireIdentity } from '../../../src/store/identity.ts'
import { acceptMessages } from '../../../src/store/inbox.ts'
import { raiseEpoch } from '../../../src/store/leadership.ts'
import { sendMessage } from '../../../src/store/outbox.ts'
import { GigiDatabase } from '../../../src/store/schema.ts'
import { fill, rows, stranger, textOf, verified } from './messages.ts'
import * as bareStream from './bare-stream.ts'
import * as channel from './raw-channel.ts'
import * as raw from './raw-store.ts'

const PAGE = 50

const db = new GigiDatabase()
const selfId = async () => (await requireIdentity(db)).peer_id
const bytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count))

async function timed(run: () => Promise<unknown>): Promise<number> {
  const since = performance.now()
  await run()
  return performance.now() - since
}

const bench = {
  offer: channel.offer,
  answer: channel.answer,
  accept: channel.accept,
  hangUp: channel.hangUp,
  beginBare: bareStream.begin,
  sendBare: bareStream.send,
  rawCatchUp: channel.catchUp,
  rawDeliveries: (count: number) => channel.deliveries(rows(count)),
  clearRaw: raw.clear,
  fillRaw: (count: number) => raw.insert(rows(count)),

  /** Queues texts for whoever the only conversation is with. */
  async queue(count: number): Promise<void> {
    const [conversation] = await readConversations(db, 1)
    if (conversation === undefined) throw new Error('there is no conversation')
    for (let i = 0; i < count; i++)
      await sendMessage(db, conversation.id, { type: 'Text', text: textOf(i) }, Date.now(), bytes)
  },
  fill: async (messages: number, conversations: number) => fill(db, await selfId(), messages, conversations),

  /** Milliseconds to store what came, checked, in batches: as Gigi does it, and the same rows bare. */
  async inserts(count: number, batch: number): Promise<{ gigi: number; raw: number }> {
    const self = await selfId()
    const epoch = await raiseEpoch(db)
    const by = stranger(self)
    await db.contacts.put({
      ...{ peer_id: by.peer, nickname: 'Carol', state: 'accepted', relays: [], added_at: 0 },
      ...{ request_messages: 0, request_bytes: 0 },
    })
    const begin = Date.now() - count
    const all = Array.from({ length: count }, (_, i) => verified(by, i + 1, begin + i))
    const said = { nickname: 'Carol', relays: [] }
    const gigi = await timed(async () => {
      for (let i = 0; i < count; i += batch)
        await acceptMessages(db, epoch, by.peer, said, all.slice(i, i + batch), 'push', Date.now())
    })
    const stored = await db.messages
      .where('id')
      .anyOf(all.map(({ message }) => message.id))
      .toArray()
    if (stored.length !== count) throw new Error(`${String(stored.length)} of ${String(count)} were stored`)
    await raw.clear()
    const bare = await timed(async () => {
      for (let i = 0; i < count; i += batch) await raw.insert(stored.slice(i, i + batch))
    })
    return { gigi, raw: bare }
  },

  /** Milliseconds of each of `times` pages, from here and there in a conversation. */
  async pages(conversation: ConversationId, times: number): Promise<number[]> {
    const keys = await db.messages
      .where('[conversation_id+order_key]')
      .between([conversation, ''], [conversation, '\uffff'])
      .primaryKeys()
    const took: number[] = []
    for (let i = 0; i < times; i++) {
      const key = keys[Math.floor((i / times) * keys.length)]
      const row = key === undefined ? undefined : await db.messages.get(key)
      const cursor = row === undefined ? null : cursorOf(row)
      took.push(await timed(() => getHistory(db, conversation, cursor, PAGE)))
    }
    return took
  },
  /** Milliseconds of each of `times` looks at what is unread in all conversations. */
  async unread(times: number): Promise<number[]> {
    const took: number[] = []
    for (let i = 0; i < times; i++) took.push(await timed(() => readConversations(db, 1000)))
    return took
  },
}

export type Bench = typeof bench
declare global {
  var bench: Bench
}
globalThis.bench = bench
