/** One stream to a mailbox (SPEC 18): requests go out by number, and each has its answer or an error within its time. */
import type { Connection, Stream } from '@libp2p/interface'
import { MalformedError } from '../protocol/cbor.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../protocol/limits.ts'
import {
  decodeMailboxNews,
  encodeMailboxRequest,
  MAILBOX_PROTOCOL,
  type MailboxAnswer,
} from '../protocol/mailbox.ts'
import { NoMailboxError, type Timer } from '../sync/ports.ts'
import { FrameStream } from './frame-stream.ts'
import {
  MAILBOX_ANSWER_MS,
  MAILBOX_WINDOW_BYTES,
  MAX_MAILBOX_REQUESTS,
  MAX_WAITING_MAILBOX_REQUESTS,
} from './limits.ts'
import type { Outcome, Question } from './mailbox-calls.ts'

export interface MailboxStreamListener {
  /** There is mail for us. */
  mail(): void
  /** Once, however it ended; every request has been rejected. */
  closed(reason: string): void
}

interface Waiting {
  readonly frame: Uint8Array
  readonly number: number
  /** Throws MalformedError where the answer is not one. */
  readonly settle: (answer: MailboxAnswer) => void
  readonly fail: (error: Error) => void
}

interface UnderWay extends Waiting {
  readonly cancelPatience: () => void
}

export class MailboxStream {
  readonly #timer: Timer
  readonly #frames: FrameStream
  readonly #underWay = new Map<number, UnderWay>()
  #bytesUnderWay = 0
  #waiting: Waiting[] = []
  #numbers = 0
  #endedFor: string | undefined

  /** Rejects with NoMailboxError when the relay has none, and when `signal` is aborted. */
  static async open(
    connection: Connection,
    timer: Timer,
    signal: AbortSignal,
    listener: MailboxStreamListener,
  ): Promise<MailboxStream> {
    try {
      const stream = await connection.newStream(MAILBOX_PROTOCOL, { signal })
      // What ended meanwhile does not say so any more.
      if (stream.status !== 'open' || stream.remoteWriteStatus !== 'writable') {
        stream.abort(new Error('closed early'))
        throw new Error('the mailbox closed the stream')
      }
      return new MailboxStream(stream, timer, listener)
    } catch (error) {
      if (error instanceof Error && error.name === 'UnsupportedProtocolError')
        throw new NoMailboxError('the relay has no mailbox', { cause: error })
      throw error
    }
  }

  private constructor(stream: Stream, timer: Timer, listener: MailboxStreamListener) {
    this.#timer = timer
    this.#frames = new FrameStream(stream, MAX_MAILBOX_FRAME_BYTES, {
      frame: (frame) => {
        const news = decodeMailboxNews(frame)
        if (news?.type === 'mail') listener.mail()
        if (news?.type === 'answer') this.#answered(news)
      },
      closed: (reason) => {
        this.#endedFor = reason
        this.#failAll(reason)
        listener.closed(reason)
      },
    })
  }

  /**
   * Asks, and reads the answer; one that cannot be read ends the stream. Rejects when the stream ends before it came, and
   * when too much waits already.
   */
  request<T>({ ask, read }: Question<T>): Promise<Outcome<T>> {
    if (this.#endedFor !== undefined) return Promise.reject(gone(this.#endedFor))
    if (this.#waiting.length >= MAX_WAITING_MAILBOX_REQUESTS)
      return Promise.reject(new Error('too many requests wait for this mailbox'))
    return new Promise((resolve, reject) => {
      const number = ++this.#numbers
      this.#waiting.push({
        number,
        frame: encodeMailboxRequest(ask(number)),
        settle: ({ code, payload }) => {
          resolve(code === 'done' ? { code, value: read(payload) } : { code })
        },
        fail: reject,
      })
      this.#sendOn()
    })
  }

  get isOpen(): boolean {
    return this.#endedFor === undefined
  }

  close(reason: string): void {
    this.#frames.close(reason)
  }

  #sendOn(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoomFor(next); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#bytesUnderWay += next.frame.length
      this.#underWay.set(next.number, { ...next, cancelPatience: this.#patience() })
      this.#frames.send(next.frame)
    }
  }

  #hasRoomFor({ frame }: Waiting): boolean {
    if (this.#underWay.size === 0) return true
    const bytes = this.#bytesUnderWay + frame.length
    return this.#underWay.size < MAX_MAILBOX_REQUESTS && bytes <= MAILBOX_WINDOW_BYTES
  }

  /** A mailbox that leaves one request unanswered is not asked for more. */
  #patience(): () => void {
    let cancel = this.#timer.after(MAILBOX_ANSWER_MS, () => {
      // A frozen page finds its timers due before it reads what has arrived in time: that comes first.
      cancel = this.#timer.after(0, () => {
        this.#frames.abort(`no answer within ${MAILBOX_ANSWER_MS} ms`)
      })
    })
    return () => {
      cancel()
    }
  }

  #answered(answer: MailboxAnswer): void {
    const request = this.#underWay.get(answer.number)
    if (request === undefined) throw new MalformedError('an answer to what was not asked')
    request.settle(answer)
    this.#underWay.delete(request.number)
    this.#bytesUnderWay -= request.frame.length
    request.cancelPatience()
    this.#sendOn()
  }

  #failAll(reason: string): void {
    for (const { cancelPatience } of this.#underWay.values()) cancelPatience()
    const all = [...this.#underWay.values(), ...this.#waiting]
    this.#underWay.clear()
    this.#waiting = []
    for (const { fail } of all) fail(gone(reason))
  }
}

const gone = (reason: string): Error => new Error(`the stream to the mailbox ended: ${reason}`)
