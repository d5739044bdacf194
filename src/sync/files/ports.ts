/** What the transfer of files needs of the world, besides what all of the sync manager needs (`sync/ports.ts`). */
import type { PeerId } from '../../domain/ids.ts'
import type { SequenceSet } from '../../domain/sequence-set.ts'
import type { SessionPath } from '../ports.ts'

/** There is not enough room on this device. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError'
}

/** The bytes are not here any more, or are not what they were. */
export class GoneError extends Error {
  override readonly name = 'GoneError'
}

/** What a file is that is being fetched. */
export interface BlobShape {
  /** Bytes. */
  readonly size: number
  /** Of its hash tree. */
  readonly root: Uint8Array
}

/** A chunk with what proves it. */
export interface ProvenChunk {
  readonly chunk: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Where the bytes of files are kept: each has a name, and an owner of which there is one at a time. Names are of letters, digits, `-`,
 * `_` and `.`.
 */
export interface FileRoom {
  /**
   * Opens a file to be written, new or as it was left with the chunks `held`. Throws NoRoomError where what is missing would not
   * fit, before anything is written, and GoneError where what was held is not there.
   */
  begin(blob: string, shape: BlobShape, held: SequenceSet): Promise<void>
  /**
   * Checks a chunk against the root, and writes it only if it is proven; wrong: it is not, or is too long or short. The bytes are given
   * away: they may be empty afterwards. Throws NoRoomError.
   */
  put(blob: string, n: number, proven: ProvenChunk): Promise<'kept' | 'wrong'>
  /** Resolves when all that was put is on the disk. */
  flush(blob: string): Promise<void>
  /** Closes a file that was begun; what was put and not flushed is flushed. */
  end(blob: string): Promise<void>
  /** A chunk of a file that is complete, as it was promised. Throws GoneError. */
  read(blob: string, shape: BlobShape, n: number): Promise<ProvenChunk>
  /** Nothing happens where it is not there. */
  remove(blob: string): Promise<void>
  /** All names, of whatever is there. */
  list(): Promise<string[]>
}

/** One open stream of the file protocol. Whole frames go in and come out, in order. */
export interface FileStream {
  readonly peer: PeerId
  readonly path: SessionPath
  /** Queues one frame. */
  send(frame: Uint8Array): void
  /** Whether more may be sent without its waiting long in memory; when it may again, `drained` says so. */
  readonly hasRoom: boolean
  /** Ends it, when what is queued has gone out. */
  close(reason: string): void
  /** Ends it at once. */
  abort(reason: string): void
}

export interface FileStreamListener {
  frame(frame: Uint8Array): void
  drained(): void
  /** Once, however it ended. */
  closed(reason: string): void
}

export interface FileLinks {
  /** Answers those who open streams to us; null: nobody any more, and all that are open end. */
  serve(accept: ((stream: FileStream) => FileStreamListener) | null): void
  /** Opens a stream to someone with whom a session is open, by the best path. Rejects when there is none. */
  fetch(peer: PeerId, listener: FileStreamListener): Promise<FileStream>
}
