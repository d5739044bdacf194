/** A client's mailbox stream as tests and benches use it: numbers its requests, and knows its answers. */
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { frameBytes, FrameReader } from '../../src/protocol/framing.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import {
  decodeMailboxNews,
  encodeMailboxRequest,
  type Fetched,
  type HeldItem,
  MAILBOX_PROTOCOL,
  type MailboxAnswer,
  type MailboxRequest,
  readFetched,
} from '../../src/protocol/mailbox.ts'

/** A request whose number the client gives. */
export type Asked = MailboxRequest extends infer R ? (R extends unknown ? Omit<R, 'number'> : never) : never

export class MailboxClient {
  readonly stream: Stream
  /** How often it was told of mail. */
  mail = 0
  #number = 0
  readonly #waiting = new Map<number, PromiseWithResolvers<MailboxAnswer>>()

  private constructor(stream: Stream) {
    this.stream = stream
    const reader = new FrameReader(MAX_MAILBOX_FRAME_BYTES)
    stream.addEventListener('message', ({ data }) => {
      for (const frame of reader.push(data.subarray())) this.#news(frame)
    })
    stream.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the stream ended'))
    })
  }

  static async open(node: Libp2p, relay: string): Promise<MailboxClient> {
    return new MailboxClient(await node.dialProtocol(multiaddr(relay), MAILBOX_PROTOCOL))
  }

  /** Resolves with the answer; rejects when the stream ends before it. */
  async ask(asked: Asked): Promise<MailboxAnswer> {
    const answer = Promise.withResolvers<MailboxAnswer>()
    const number = ++this.#number
    this.#waiting.set(number, answer)
    this.send(encodeMailboxRequest({ ...asked, number }))
    return await answer.promise
  }

  /** Sends a frame as it is. */
  send(frame: Uint8Array): void {
    this.stream.send(frameBytes(frame))
  }

  async fetch(after = 0): Promise<Fetched> {
    return readFetched((await this.ask({ type: 'fetch', after })).payload, after)
  }

  /** All that waits for this client, page by page. */
  async fetchAll(): Promise<readonly HeldItem[]> {
    const items: HeldItem[] = []
    for (let more = true; more;) {
      const page = await this.fetch(items.at(-1)?.position)
      items.push(...page.items)
      more = page.more
    }
    return items
  }

  #news(frame: Uint8Array): void {
    const news = decodeMailboxNews(frame)
    if (news?.type === 'mail') this.mail++
    if (news?.type !== 'answer') return
    const waiting = this.#waiting.get(news.number)
    if (waiting === undefined)
      throw new Error(`an answer to ${news.number}, which was not asked or answered before`)
    this.#waiting.delete(news.number)
    waiting.resolve(news)
  }
}
