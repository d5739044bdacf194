/** Whole frames over a libp2p stream. */
import type { Stream } from '@libp2p/interface'
import { FrameReader, frameBytes } from '../protocol/framing.ts'
import { CLOSE_MS, MAX_STREAM_BUFFER_BYTES } from './limits.ts'

export interface FrameStreamListener {
  frame(frame: Uint8Array): void
  /** Once, however it ended. */
  closed(reason: string): void
}

/** Reads from the moment it is made, so it is made in the same turn in which the stream came. */
export class FrameStream {
  readonly #stream: Stream
  #closedFor: string | undefined
  #reported = false
  readonly #listener: FrameStreamListener

  constructor(stream: Stream, maxFrameBytes: number, listener: FrameStreamListener) {
    this.#stream = stream
    this.#listener = listener
    const reader = new FrameReader(maxFrameBytes)
    stream.addEventListener('message', ({ data }) => {
      if (this.#reported) return
      try {
        for (const frame of reader.push(data instanceof Uint8Array ? data : data.subarray())) {
          if (this.#closedFor !== undefined) return
          listener.frame(frame)
        }
      } catch (error) {
        // Whatever a peer's bytes do, they end their own stream and nothing else.
        this.abort(`unreadable: ${String(error)}`)
      }
    })
    stream.addEventListener('close', (event) => {
      this.#report(this.#closedFor ?? event.error?.message ?? 'closed by the other side')
    })
    stream.addEventListener('remoteCloseWrite', () => {
      this.close('closed by the other side')
    })
  }

  /** Queues a frame. A stream that cannot take it ends. */
  send(frame: Uint8Array): void {
    if (this.#closedFor !== undefined || this.#reported) return
    if (this.#stream.writeBufferLength > MAX_STREAM_BUFFER_BYTES) {
      this.abort('the other side does not read')
      return
    }
    try {
      this.#stream.send(frameBytes(frame))
    } catch (error) {
      this.abort(`could not send: ${String(error)}`)
    }
  }

  /** Lets what is queued go out, within CLOSE_MS, and ends the stream. */
  close(reason: string): void {
    if (this.#closedFor !== undefined || this.#reported) return
    this.#closedFor = reason
    this.#stream
      .close({ signal: AbortSignal.timeout(CLOSE_MS) })
      .catch((error: unknown) => this.#stream.abort(error instanceof Error ? error : new Error(reason)))
  }

  /** Ends the stream at once. */
  abort(reason: string): void {
    this.#closedFor ??= reason
    this.#stream.abort(new Error(reason))
  }

  #report(reason: string): void {
    if (this.#reported) return
    this.#reported = true
    this.#listener.closed(reason)
  }
}
