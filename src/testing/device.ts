/** Someone's device for tests of the engine: a store that lasts, and an engine that comes and goes. */
import { DEFAULT_CONFIG } from '../domain/config.ts'
import type { PeerId } from '../domain/ids.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { addContact } from '../store/contacts.ts'
import { markAsRead, getHistory } from '../store/history.ts'
import { saveConfig } from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { sendMessage } from '../store/outbox.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { PeerReport } from '../sync/core.ts'
import { cleanUp } from '../sync/clean-up.ts'
import { SyncEngine } from '../sync/engine.ts'
import { beginStart, sameStart } from '../sync/start.ts'
import { type FakeTime, silentLog } from './fake-world.ts'
import type { MemoryMailbox, MemoryPost } from './memory-mailbox.ts'
import type { MemoryNetwork, MemoryTransport } from './memory-network.ts'
import type { Person } from './people.ts'
import { quickSealer } from './quick-sealer.ts'

export class Device {
  readonly who: Person
  readonly db: GigiDatabase
  readonly network: MemoryNetwork
  readonly time: FakeTime
  readonly reports = new Map<string, PeerReport>()
  engine: SyncEngine | undefined
  transport: MemoryTransport
  fenced = false
  replaced = false
  /** The relay that its mailbox is at, and those that it tells others. */
  home = 'relay'
  named: string[] = []
  /** It runs as the service worker does. */
  errand = false
  readonly typing: PeerId[] = []
  trouble: string | null = null
  /** What the engine warned of. */
  readonly warnings: string[] = []
  /** Where there is mail; without it there is none. */
  post: MemoryPost | undefined
  mailbox: MemoryMailbox | undefined

  constructor(who: Person, db: GigiDatabase, network: MemoryNetwork, time: FakeTime) {
    this.who = who
    this.db = db
    this.network = network
    this.time = time
    this.transport = network.transport(who.peerId)
  }

  async comeOnline(): Promise<void> {
    this.transport = this.network.transport(this.who.peerId)
    await saveConfig(this.db, { ...DEFAULT_CONFIG, max_batch_size: 20 })
    const epoch = await raiseEpoch(this.db)
    this.mailbox = this.post?.mailbox(this.who.peerId, this.home)
    this.mailbox?.connect()
    const { crypto } = this.who
    const started = this.errand ? await sameStart(this.db, crypto) : null
    this.engine = new SyncEngine({
      db: this.db,
      epoch,
      self: this.who.peerId,
      transport: this.transport,
      clock: this.time,
      timer: this.time,
      clean: (epoch, signal) => cleanUp(this.db, epoch, this.time, signal),
      random: this.who.random,
      crypto,
      log: { ...silentLog, warn: (message) => this.warnings.push(message) },
      start: started ?? (await beginStart(this.db, epoch, crypto, this.time.now())),
      relays: () => this.named,
      ...(this.mailbox === undefined
        ? {}
        : { mail: { mailbox: this.mailbox, sealer: quickSealer(this.who), errand: this.errand } }),
      listener: {
        network: () => undefined,
        peer: (peer, report) => this.reports.set(peer, report),
        trouble: (trouble) => (this.trouble = trouble),
        typing: (peer) => this.typing.push(peer),
        wrote: () => undefined,
        replaced: () => (this.replaced = true),
        fenced: () => (this.fenced = true),
      },
    })
    await this.engine.start()
  }

  async goOffline(): Promise<void> {
    // With its transport: nothing waits for an answer any more.
    this.mailbox?.stop()
    await this.engine?.stop()
    this.engine = undefined
  }

  conversationWith = (other: Device) => directConversationId(this.who.peerId, other.who.peerId)

  befriend = (other: Device) =>
    addContact(
      this.db,
      this.who.peerId,
      { peerId: other.who.peerId, nickname: other.who.nickname, relays: [] },
      this.time.now(),
    )

  write = (other: Device, text: string) =>
    sendMessage(
      this.db,
      this.conversationWith(other),
      { type: 'Text', text },
      this.time.now(),
      this.who.random.bytes,
    )

  async texts(other: Device): Promise<string[]> {
    const { rows } = await getHistory(this.db, this.conversationWith(other), null, 1000)
    return rows.flatMap((row) =>
      row.content_type === 'Text' ? [(JSON.parse(row.content_json) as { text: string }).text] : [],
    )
  }

  async statuses(): Promise<string[]> {
    const rows = await this.db.messages.orderBy('id').toArray()
    return rows.filter((row) => row.direction === 'Sent').map((row) => row.sync_status)
  }

  async readAll(other: Device): Promise<void> {
    const { rows } = await getHistory(this.db, this.conversationWith(other), null, 1000)
    await markAsRead(
      this.db,
      this.conversationWith(other),
      rows.map((row) => row.id),
      this.time.now(),
    )
  }
}
