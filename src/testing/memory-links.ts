/** File streams in memory between people who have a session: frames arrive later, in order, and can be cut. */
import type { PeerId } from '../domain/ids.ts'
import type { SessionPath } from '../sync/ports.ts'
import type { FileLinks, FileStream, FileStreamListener } from '../sync/files/ports.ts'

export class MemoryLinks implements FileLinks {
  readonly self: PeerId
  readonly #all: Map<PeerId, MemoryLinks>
  readonly #open = new Set<MemoryFileStream>()
  accept: ((stream: FileStream) => FileStreamListener) | null = null
  path: SessionPath = 'direct'
  /** What becomes of a frame that we send: tests replace it to lose, change or hold some. */
  deliver: (frame: Uint8Array, arrive: (frame: Uint8Array) => void) => void = (frame, arrive) => {
    arrive(frame)
  }

  /** `all`: everybody on this network. */
  constructor(self: PeerId, all: Map<PeerId, MemoryLinks>) {
    this.self = self
    this.#all = all
    all.set(self, this)
  }

  serve(accept: ((stream: FileStream) => FileStreamListener) | null): void {
    this.accept = accept
    if (accept === null) this.cut()
  }

  async fetch(peer: PeerId, listener: FileStreamListener): Promise<FileStream> {
    await Promise.resolve()
    const other = this.#all.get(peer)
    if (other?.accept == null) throw new Error('not there')
    const [near, far] = [new MemoryFileStream(this, peer), new MemoryFileStream(other, this.self)]
    near.other = far
    far.other = near
    near.listener = listener
    far.listener = other.accept(far)
    this.#open.add(near)
    other.#open.add(far)
    return near
  }

  /** Ends every stream, as a lost network does. */
  cut(): void {
    for (const stream of [...this.#open]) stream.abort('cut')
  }

  get openStreams(): number {
    return this.#open.size
  }

  ended(stream: MemoryFileStream): void {
    this.#open.delete(stream)
  }
}

class MemoryFileStream implements FileStream {
  readonly peer: PeerId
  readonly hasRoom = true
  readonly #owner: MemoryLinks
  other: MemoryFileStream | undefined
  listener: FileStreamListener | undefined
  #isClosed = false

  constructor(owner: MemoryLinks, peer: PeerId) {
    this.#owner = owner
    this.peer = peer
  }

  get path(): SessionPath {
    return this.#owner.path
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#owner.deliver(frame.slice(), (arriving) => {
      setImmediate(() => {
        const { other } = this
        if (other !== undefined && !other.#isClosed) other.listener?.frame(arriving)
      })
    })
  }

  close(reason: string): void {
    // What was sent before arrives before.
    setImmediate(() => {
      this.abort(reason)
    })
  }

  abort(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#owner.ended(this)
    setImmediate(() => this.listener?.closed(reason))
    setImmediate(() => this.other?.abort('closed by the other side'))
  }
}
