/**
 * One client's mailbox stream: large frames in and out, with bounded memory. A client that asks for more than there is
 * room for is not read for a while, and one that does not take its answers, or does not finish a frame, is cut off.
 */
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { frameBytes, FrameReader } from '../../src/protocol/framing.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import {
  MAILBOX_CHUNK_BYTES,
  MAILBOX_SLACK_MS,
  MAX_MAILBOX_REQUESTS_UNDER_WAY,
  SLOWEST_MAILBOX_BYTES_PER_MS,
  STREAM_WINDOW_BYTES,
} from '../limits.ts'
import { reasonOf } from '../log.ts'
import { RefusedError } from '../refused.ts'
import { Budget } from './budget.ts'
import type { StreamMemory } from './memory.ts'

export interface ChannelInit {
  readonly stream: Stream
  readonly memory: StreamMemory
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
   * Gives up what it has, so that nothing is held while it waits, and resolves once it has so many bytes for an answer, at
   * most MAX_MAILBOX_FRAME_BYTES; false: the stream ended meanwhile.
   */
  readonly become: (bytes: number) => Promise<boolean>
  /** Gives up all but so many bytes. */
  readonly shrink: (bytes: number) => void
}

/** Milliseconds from the beginning of a frame within which a client that has sent or taken so much of it has to go on. */
const paceMs = (bytes: number): number => MAILBOX_SLACK_MS + bytes / SLOWEST_MAILBOX_BYTES_PER_MS

/**
 * Nobody who has room in memory waits for anyone but its own client, no longer than its pace allows, and the store: so
 * whoever waits for room gets it.
 */
export class Channel {
  readonly #stream: Stream
  readonly #memory: StreamMemory
  readonly #init: ChannelInit
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
    let begun = 0
    let received = 0
    try {
      await this.#turn()
      for (let chunk = await this.#chunk(); chunk !== null; chunk = await this.#chunk()) {
        for (const frame of reader.push(chunk)) {
          clearTimeout(this.#frameTimer)
          if (unfinished === 0) await this.#holdReading(frame.length)
          unfinished = 0
          void this.#serve(frame)
          await this.#turn()
        }
        if (reader.unfinished === 0) continue
        if (unfinished === 0) {
          await this.#holdReading(reader.unfinished)
          unfinished = reader.unfinished
          begun = performance.now()
          received = 0
        } else received += chunk.length
        clearTimeout(this.#frameTimer)
        const left = begun + paceMs(received) - performance.now()
        if (this.#open) this.#frameTimer = this.#deadline('it sends too slowly', left)
      }
    } finally {
      clearTimeout(this.#frameTimer)
      this.#memory.shelf('requests', unfinished).give(unfinished)
    }
  }

  async #serve(frame: Uint8Array): Promise<void> {
    let held = frame.length
    let shelf = this.#memory.shelf('requests', held)
    const room: Room = {
      become: async (bytes) => {
        room.shrink(0)
        shelf = this.#memory.shelf('answers', bytes)
        await shelf.take((held = bytes))
        return this.#open
      },
      shrink: (bytes) => {
        shelf.give(held - bytes)
        held = bytes
      },
    }
    try {
      if (this.#open) await this.#init.frame(frame, room)
    } catch (error) {
      this.cutOff(error)
    } finally {
      shelf.give(held)
      this.#underWay.give(1)
    }
  }

  /** Waits until one more request may be under way. */
  async #turn(): Promise<void> {
    if (!this.#underWay.has(1)) this.#pause()
    await this.#underWay.take(1)
  }

  async #holdReading(bytes: number): Promise<void> {
    const shelf = this.#memory.shelf('requests', bytes)
    if (!shelf.has(bytes)) this.#pause()
    await shelf.take(bytes)
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
    const begun = performance.now()
    for (let at = 0; at < bytes.length; at += MAILBOX_CHUNK_BYTES) {
      while (this.#open && this.#stream.writableNeedsDrain) {
        // What the stream has on its way the client has not taken yet.
        const taken = Math.max(0, at - STREAM_WINDOW_BYTES)
        await this.#drain(begun + paceMs(taken) - performance.now())
      }
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
    return setTimeout(() => this.cutOff(new RefusedError(what)), ms)
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
