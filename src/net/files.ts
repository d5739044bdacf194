/** The FileLinks port on libp2p: a stream of its own for each file, on the best connection that there is. */
import type { Connection, Stream } from '@libp2p/interface'
import { isPeerId, type PeerId } from '../domain/ids.ts'
import { FILE_PROTOCOL } from '../protocol/file-frames.ts'
import { MAX_FILE_FRAME_BYTES, MAX_FILE_REQUEST_BYTES } from '../protocol/limits.ts'
import type { FileLinks, FileStream, FileStreamListener } from '../sync/files/ports.ts'
import { FrameStream } from './frame-stream.ts'
import { FILE_BUFFER_BYTES, MAX_FILE_STREAMS, RELAYED_DIAL_MS } from './limits.ts'
import type { GigiNode } from './node.ts'
import { isRelayed } from './relay-address.ts'

export interface FileStreamsOptions {
  /** The connection over which files go to a peer. Rejects when there is no session with it. */
  readonly connect: (peer: PeerId) => Promise<Connection>
  /** A connection may serve nobody any more. */
  readonly unused: (connection: Connection) => void
}

export class FileStreams implements FileLinks {
  readonly #options: FileStreamsOptions
  readonly #open = new Set<LibP2pFileStream>()
  #accept: ((stream: FileStream) => FileStreamListener) | null = null

  constructor(options: FileStreamsOptions) {
    this.#options = options
  }

  /** To be called before the node is reached by anyone. */
  async handle(node: GigiNode): Promise<void> {
    await node.handle(FILE_PROTOCOL, (stream, connection) => this.#take(stream, connection), {
      runOnLimitedConnection: true,
      maxInboundStreams: MAX_FILE_STREAMS,
      maxOutboundStreams: MAX_FILE_STREAMS,
    })
  }

  serve(accept: ((stream: FileStream) => FileStreamListener) | null): void {
    this.#accept = accept
    if (accept === null) for (const stream of [...this.#open]) stream.abort('this node stops')
  }

  async fetch(peer: PeerId, listener: FileStreamListener): Promise<FileStream> {
    const connection = await this.#options.connect(peer)
    try {
      const stream = await connection.newStream(FILE_PROTOCOL, {
        runOnLimitedConnection: true,
        signal: AbortSignal.timeout(RELAYED_DIAL_MS),
      })
      return this.#begin(stream, connection, peer, MAX_FILE_FRAME_BYTES, () => listener)
    } catch (error) {
      this.#options.unused(connection)
      throw error
    }
  }

  /** Whether a file goes over this connection. */
  isUsed(connection: Connection): boolean {
    return [...this.#open].some((stream) => stream.connection === connection)
  }

  #take(stream: Stream, connection: Connection): void {
    const accept = this.#accept
    const remote = connection.remotePeer.toString()
    if (accept === null || !isPeerId(remote)) stream.abort(new Error('not accepted'))
    else this.#begin(stream, connection, remote, MAX_FILE_REQUEST_BYTES, accept)
  }

  #begin(
    stream: Stream,
    connection: Connection,
    peer: PeerId,
    maxFrameBytes: number,
    accept: (stream: FileStream) => FileStreamListener,
  ): FileStream {
    const file: LibP2pFileStream = new LibP2pFileStream(
      stream,
      connection,
      peer,
      maxFrameBytes,
      accept,
      () => {
        this.#open.delete(file)
        this.#options.unused(connection)
      },
    )
    this.#open.add(file)
    return file
  }
}

class LibP2pFileStream implements FileStream {
  readonly peer: PeerId
  readonly path: 'direct' | 'relayed'
  readonly connection: Connection
  readonly #stream: Stream
  readonly #frames: FrameStream

  constructor(
    stream: Stream,
    connection: Connection,
    peer: PeerId,
    maxFrameBytes: number,
    accept: (stream: FileStream) => FileStreamListener,
    onEnd: () => void,
  ) {
    this.peer = peer
    this.connection = connection
    this.path = isRelayed(connection.remoteAddr) ? 'relayed' : 'direct'
    this.#stream = stream
    this.#frames = new FrameStream(stream, maxFrameBytes, {
      frame: (frame) => {
        listener.frame(frame)
      },
      closed: (reason) => {
        onEnd()
        listener.closed(reason)
      },
    })
    const listener = accept(this)
    stream.addEventListener('drain', () => {
      // What was waiting in our own buffer goes first.
      queueMicrotask(() => {
        listener.drained()
      })
    })
  }

  get hasRoom(): boolean {
    return this.#stream.writeBufferLength < FILE_BUFFER_BYTES
  }

  send(frame: Uint8Array): void {
    this.#frames.send(frame)
  }

  close(reason: string): void {
    this.#frames.close(reason)
  }

  abort(reason: string): void {
    this.#frames.abort(reason)
  }
}
