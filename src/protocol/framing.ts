/**
 * Frames on a byte stream (SPEC 1.2): the length as an unsigned LEB128 number of at most four bytes, then so many
 * bytes. Streams keep no message boundaries, so every protocol of ours is framed like this.
 */
import { MalformedError } from './cbor.ts'

const MAX_PREFIX_BYTES = 4

/** `frame` with its length in front, ready to send. */
export function frameBytes(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix: number[] = []
  let rest = frame.length
  do {
    prefix.push(rest > 127 ? (rest & 127) | 128 : rest)
    rest >>>= 7
  } while (rest > 0)
  const framed = new Uint8Array(prefix.length + frame.length)
  framed.set(prefix)
  framed.set(frame, prefix.length)
  return framed
}

/** Cuts a stream of chunks into frames. Holds at most one unfinished frame of `maxBytes`. */
export class FrameReader {
  readonly #maxBytes: number
  #prefix: number[] = []
  #frame: Uint8Array<ArrayBuffer> | undefined
  #filled = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Length of the frame that has begun and is not complete; 0: there is none. */
  get unfinished(): number {
    return this.#frame?.length ?? 0
  }

  /** The frames that `chunk` completes. Throws MalformedError when a length is over the limit. */
  *push(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        const byte = chunk[at++] ?? 0
        this.#prefix.push(byte)
        if (byte > 127) {
          if (this.#prefix.length === MAX_PREFIX_BYTES) throw new MalformedError('frame length too long')
          continue
        }
        const length = this.#prefix.reduceRight((sum, part) => sum * 128 + (part & 127), 0)
        if (length > this.#maxBytes)
          throw new MalformedError(`frame of ${length} bytes, limit ${this.#maxBytes}`)
        this.#prefix = []
        this.#frame = new Uint8Array(length)
        this.#filled = 0
      } else {
        const part = chunk.subarray(at, at + this.#frame.length - this.#filled)
        this.#frame.set(part, this.#filled)
        this.#filled += part.length
        at += part.length
      }
      if (this.#filled === this.#frame.length) {
        const done = this.#frame
        this.#frame = undefined
        yield done
      }
    }
  }
}
