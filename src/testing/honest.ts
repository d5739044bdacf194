/** Someone honest among hostile peers: a store, an engine, and what the engine complained of. */
import { vi } from 'vitest'
import type { PeerId } from '../domain/ids.ts'
import type { Start } from '../protocol/frames.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { addContact } from '../store/contacts.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { sendMessage } from '../store/outbox.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { cleanUp } from '../sync/clean-up.ts'
import { SyncEngine } from '../sync/engine.ts'
import { beginStart } from '../sync/start.ts'
import { type FakeTime, until } from './fake-world.ts'
import type { MemoryNetwork } from './memory-network.ts'
import { databaseOf, type Person } from './people.ts'

export class Honest {
  readonly who: Person
  readonly db: GigiDatabase
  /** Warnings, and troubles that the user would be told. */
  readonly complaints: string[] = []
  readonly typing: PeerId[] = []
  #transactions = 0
  readonly #engine: SyncEngine

  static async start(who: Person, network: MemoryNetwork, time: FakeTime, friends: readonly Person[]) {
    const db = await databaseOf(who, time.now())
    for (const { peerId, nickname } of friends)
      await addContact(db, who.peerId, { peerId, nickname, relays: [] }, time.now())
    const epoch = await raiseEpoch(db)
    const start = await beginStart(db, epoch, who.crypto, time.now())
    return new Honest(who, db, network, time, epoch, start)
  }

  constructor(
    who: Person,
    db: GigiDatabase,
    network: MemoryNetwork,
    time: FakeTime,
    epoch: number,
    start: Start,
  ) {
    this.who = who
    this.db = db
    const transaction = db.transaction.bind(db) as (...args: unknown[]) => PromiseLike<unknown>
    vi.spyOn(db, 'transaction').mockImplementation(((...args: unknown[]) => {
      this.#transactions += 1
      const done = (): void => void (this.#transactions -= 1)
      const running = transaction(...args)
      running.then(done, done)
      return running
    }) as typeof db.transaction)
    const complain = (message: string): void => void this.complaints.push(message)
    this.#engine = new SyncEngine({
      ...{ db, epoch, self: who.peerId, transport: network.transport(who.peerId), clock: time, timer: time },
      ...{ random: who.random, crypto: who.crypto, start, relays: () => [] },
      clean: (epoch, signal) => cleanUp(db, epoch, time, signal),
      log: { info: () => undefined, warn: complain },
      listener: {
        network: () => undefined,
        peer: () => undefined,
        typing: (peer) => this.typing.push(peer),
        wrote: () => undefined,
        replaced: () => {
          complain('replaced')
        },
        trouble: (trouble) => {
          if (trouble !== null) complain(trouble)
        },
        fenced: () => {
          complain('fenced')
        },
      },
    })
  }

  /** Resolves when the store has been left alone for a while: nothing that came is still to be dealt with. */
  async idle(): Promise<void> {
    let quiet = 0
    await until(() => {
      quiet = this.#transactions === 0 ? quiet + 1 : 0
      return quiet > 50
    }, 'the store to be left alone')
  }

  start = (): Promise<void> => this.#engine.start()
  stop = (): Promise<void> => this.#engine.stop()

  write = (other: Person, text: string, now: number) =>
    sendMessage(
      this.db,
      directConversationId(this.who.peerId, other.peerId),
      { type: 'Text', text },
      now,
      this.who.random.bytes,
    )

  /** The texts that stand in the conversation with someone, by their author. */
  async texts(other: Person): Promise<string[]> {
    const id = directConversationId(this.who.peerId, other.peerId)
    const rows = await this.db.messages
      .where('[conversation_id+order_key]')
      .between([id, ''], [id, '~'])
      .toArray()
    return rows.flatMap(({ content_type, content_json, direction }) =>
      content_type === 'Text' ? [`${direction}: ${(JSON.parse(content_json) as { text: string }).text}`] : [],
    )
  }

  async delivered(): Promise<string[]> {
    const rows = await this.db.messages.toArray()
    return rows
      .filter((row) => row.sync_status === 'Delivered' && row.direction === 'Sent')
      .map((row) => row.id)
  }
}
