/**
 * One client's mailbox stream: large frames in and out, with bounded memory. A client that asks for more than there is
 * room for is not read for a while, and one that does not take its answers, or does not finish a frame, is cut off.
 */
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { frameBytes, FrameReader } from '../../src/protocol/framing.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import {
  MAILBOX_CHUNK_BYTES,
  MAILBOX_FRAME_MS,
  MAX_MAILBOX_REQUESTS_UNDER_WAY,
  MAX_MAILBOX_STREAM_BYTES,
} from '../limits.ts'
import { reasonOf } from '../log.ts'
import { RefusedError } from '../refused.ts'
import { Budget } from './budget.ts'

export interface ChannelInit {
  readonly stream: Stream
  /** Bytes that all channels may have in memory. */
  readonly memory: Budget
  /**
   * One frame, with its room in memory. It counts as under way until the promise settles; what is done before the first
   * `await` is done in the order of the frames. What it throws ends the stream.
   */
  readonly frame: (frame: Uint8Array, room: Room) => Promise<void>
  /** Once, however it ended; `error` is what it was cut off for. */
  readonly closed: (error: unknown) => void
}

/** The room in memory of one request and its answer; it is given up when the request is done with. */
export interface Room {
  /**
   * Gives up what it has, so that nothing is held while it waits, and resolves once it has so many bytes, at most
   * MAX_MAILBOX_FRAME_BYTES; false: the stream ended meanwhile.
   */
  readonly become: (bytes: number) => Promise<boolean>
  /** Gives up all but so many bytes. */
  readonly shrink: (bytes: number) => void
}

/**
 * Nobody who has room in memory waits for anyone but its own client, within MAILBOX_FRAME_MS, and the store: so whoever
 * waits for room gets it.
 */
export class Channel {
  readonly #stream: Stream
  readonly #memory: Budget
  readonly #init: ChannelInit
  readonly #own = new Budget(MAX_MAILBOX_STREAM_BYTES)
  readonly #underWay = new Budget(MAX_MAILBOX_REQUESTS_UNDER_WAY)
  readonly #chunks: Uint8Array[] = []
  #open = true
  #sending = Promise.resolve()
  /** Each ends a wait: for a chunk, and for the stream to take more. */
  #arrived = (): void => undefined
  #drained = (): void => undefined
  #frameTimer: NodeJS.Timeout | undefined

  /** The stream is open and nobody listens to it yet. */
  constructor(init: ChannelInit) {
    this.#init = init
    this.#stream = init.stream
    this.#memory = init.memory
    this.#stream.addEventListener('message', this.#onMessage)
    this.#stream.addEventListener('drain', () => this.#drained())
    this.#stream.addEventListener('close', () => this.#leave())
    // A client that closes its half is done; ours is closed with it, so that nothing half open stays behind.
    this.#stream.addEventListener('remoteCloseWrite', () => {
      this.#leave()
      this.#stream.close().catch((error: unknown) => this.#stream.abort(new Error(reasonOf(error))))
    })
    this.#read().catch((error: unknown) => this.cutOff(error))
  }

  /** Resolves when the stream has taken the frame, or ended. Frames go out in order. */
  send(frame: Uint8Array): Promise<void> {
    return (this.#sending = this.#sending.then(() => this.#write(frameBytes(frame))))
  }

  cutOff(error: unknown): void {
    if (!this.#open) return
    this.#leave(error)
    this.#stream.abort(new Error(reasonOf(error)))
  }

  async #read(): Promise<void> {
    const reader = new FrameReader(MAX_MAILBOX_FRAME_BYTES)
    let unfinished = 0
    try {
      await this.#turn()
      for (let chunk = await this.#chunk(); chunk !== null; chunk = await this.#chunk()) {
        for (const frame of reader.push(chunk)) {
          clearTimeout(this.#frameTimer)
          await this.#holdReading(frame.length - unfinished)
          unfinished = 0
          void this.#serve(frame)
          await this.#turn()
        }
        if (reader.unfinished === unfinished) continue
        await this.#holdReading(reader.unfinished)
        unfinished = reader.unfinished
        if (this.#open) this.#frameTimer = this.#deadline('it sends too slowly', MAILBOX_FRAME_MS)
      }
    } finally {
      clearTimeout(this.#frameTimer)
      this.#release(unfinished)
    }
  }

  async #serve(frame: Uint8Array): Promise<void> {
    let held = frame.length
    const room: Room = {
      become: async (bytes) => {
        room.shrink(0)
        await this.#hold((held = bytes))
        return this.#open
      },
      shrink: (bytes) => {
        this.#release(held - bytes)
        held = bytes
      },
    }
    try {
      if (this.#open) await this.#init.frame(frame, room)
    } catch (error) {
      this.cutOff(error)
    } finally {
      this.#release(held)
      this.#underWay.give(1)
    }
  }

  /** Waits until one more request may be under way. */
  async #turn(): Promise<void> {
    if (!this.#underWay.has(1)) this.#pause()
    await this.#underWay.take(1)
  }

  async #holdReading(bytes: number): Promise<void> {
    if (!this.#own.has(bytes) || !this.#memory.has(bytes)) this.#pause()
    await this.#hold(bytes)
  }

  async #hold(bytes: number): Promise<void> {
    await this.#own.take(bytes)
    await this.#memory.take(bytes)
  }

  #release(bytes: number): void {
    this.#own.give(bytes)
    this.#memory.give(bytes)
  }

  /** The next bytes; null: there are no more. */
  async #chunk(): Promise<Uint8Array | null> {
    while (this.#open && this.#chunks.length === 0)
      await new Promise<void>((arrived) => {
        this.#arrived = arrived
        if (this.#stream.readStatus === 'paused') this.#stream.resume()
      })
    return (this.#open ? this.#chunks.shift() : undefined) ?? null
  }

  // Not from the listener of messages: the stream calls that while it resumes, and then takes itself for resumed.
  #pause(): void {
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const end = performance.now() + MAILBOX_FRAME_MS
    for (let at = 0; at < bytes.length; at += MAILBOX_CHUNK_BYTES) {
      while (this.#open && this.#stream.writableNeedsDrain) await this.#drain(end - performance.now())
      if (!this.#open || this.#stream.writeStatus !== 'writable') return
      try {
        this.#stream.send(bytes.subarray(at, at + MAILBOX_CHUNK_BYTES))
      } catch (error) {
        // Its connection ended under our hands, which is ordinary.
        this.#stream.abort(new Error(reasonOf(error)))
      }
    }
  }

  async #drain(withinMs: number): Promise<void> {
    const timer = this.#deadline('it reads too slowly', withinMs)
    await new Promise<void>((drained) => (this.#drained = drained))
    clearTimeout(timer)
  }

  #deadline(what: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.cutOff(new RefusedError(`${what}: ${MAILBOX_FRAME_MS} ms for a frame`)), ms)
  }

  readonly #onMessage = ({ data }: StreamMessageEvent): void => {
    this.#chunks.push(data.subarray())
    this.#arrived()
  }

  #leave(error?: unknown): void {
    if (!this.#open) return
    this.#open = false
    this.#stream.removeEventListener('message', this.#onMessage)
    clearTimeout(this.#frameTimer)
    this.#arrived()
    this.#drained()
    this.#init.closed(error)
  }
}
