/** Alice and Bob with their stores, file rooms and a network of file streams: for tests that import `fake-indexeddb/auto`. */
import type { MessageId, PeerId } from '../domain/ids.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { readFile, shareFile } from '../store/files.ts'
import { acceptMessages } from '../store/inbox.ts'
import { raiseEpoch } from '../store/leadership.ts'
import { getPendingMessages } from '../store/outbox.ts'
import type { FileRow, GigiDatabase } from '../store/schema.ts'
import { FileSync } from '../sync/files/files.ts'
import { FakeTime, SeededRandom, silentLog, until } from './fake-world.ts'
import { MemoryLinks } from './memory-links.ts'
import { MemoryRoom } from './memory-room.ts'
import { alice, bob, conversation, Pair, start } from './pair.ts'

export const bytesOf = (size: number, seed = 1): Uint8Array => {
  const bytes = new Uint8Array(size)
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}

/** One of the two: their store, their disk, their line, and whoever transfers for them at the time. */
export class Sharer {
  readonly peer: PeerId
  readonly db: GigiDatabase
  readonly room = new MemoryRoom()
  readonly links: MemoryLinks
  readonly time: FakeTime
  sought: ReadonlySet<PeerId> = new Set()
  #sync: FileSync | undefined

  constructor(peer: PeerId, db: GigiDatabase, all: Map<PeerId, MemoryLinks>, time: FakeTime) {
    this.peer = peer
    this.db = db
    this.links = new MemoryLinks(peer, all)
    this.time = time
  }

  async start(): Promise<void> {
    this.#sync = new FileSync({
      db: this.db,
      epoch: await raiseEpoch(this.db),
      room: this.room,
      links: this.links,
      clock: this.time,
      timer: this.time,
      random: new SeededRandom(1),
      log: silentLog,
      listener: { sought: (peers) => (this.sought = peers), fenced: () => undefined },
    })
    await this.#sync.start()
  }

  meets(peer: PeerId, path: 'direct' | 'relayed' | 'none' = 'direct'): void {
    this.#sync?.peer(peer, path)
  }

  /** Ends as a tab does that is closed. */
  async stop(): Promise<void> {
    await this.#sync?.stop()
    this.#sync = undefined
  }

  async row(message: MessageId): Promise<FileRow> {
    const row = await this.db.files.get(message)
    if (row === undefined) throw new Error('there is no such file')
    return row
  }

  /** Waits until a file is in one of these states. */
  async reaches(message: MessageId, ...states: FileRow['state'][]): Promise<FileRow> {
    await until(async () => states.includes((await this.row(message)).state), states.join(' or '))
    return this.row(message)
  }

  async transfers(message: MessageId) {
    return (await readFile(this.db, message))?.transfers ?? []
  }
}

/** Two who know each other; nobody transfers yet. */
export class FilePair {
  readonly alice: Sharer
  readonly bob: Sharer
  readonly time = new FakeTime(start)
  /** Everybody on their network. */
  readonly all = new Map<PeerId, MemoryLinks>()
  #shared = 0

  private constructor(pair: Pair) {
    this.alice = new Sharer(alice.peerId, pair.db, this.all, this.time)
    this.bob = new Sharer(bob.peerId, pair.bobs, this.all, this.time)
  }

  static async open(): Promise<FilePair> {
    return new FilePair(await Pair.open())
  }

  /** Both transfer, and have a session with each other. */
  async meet(): Promise<void> {
    await this.alice.start()
    await this.bob.start()
    this.alice.meets(bob.peerId)
    this.bob.meets(alice.peerId)
  }

  async part(): Promise<void> {
    await this.alice.stop()
    await this.bob.stop()
  }

  /** Alice shares a file, and Bob has the message. */
  async share(data: Uint8Array, change: Partial<Parameters<typeof shareFile>[2]> = {}): Promise<MessageId> {
    const blob = `own-${String(++this.#shared)}`
    const root = this.alice.room.store(blob, data)
    const content = {
      type: 'FileShare',
      share_code: toBase64url(alice.random.bytes(16)),
      filename: 'file.bin',
      file_size: data.length,
      file_type: '',
      root: toBase64url(root),
      ...change,
    } as const
    const id = await shareFile(this.alice.db, conversation, content, blob, start, alice.random.bytes)
    await this.deliver()
    return id
  }

  /** What Alice has written comes to Bob. */
  async deliver(): Promise<void> {
    const [hers, his] = await Promise.all(
      [this.alice.db, this.bob.db].map(
        async (db) => (await db.meta.get('leader')) as { epoch: number } | undefined,
      ),
    )
    const { messages } = await getPendingMessages(
      this.alice.db,
      hers?.epoch ?? 0,
      bob.peerId,
      'test',
      null,
      1000,
      start,
    )
    const pushed = messages.map((message) => ({ message, signature: new Uint8Array(64), bytes: 100 }))
    const said = { nickname: 'Alice', relays: [] }
    await acceptMessages(this.bob.db, his?.epoch ?? 0, alice.peerId, said, pushed, 'push', start)
  }
}
