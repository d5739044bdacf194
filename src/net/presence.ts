/** Presence: tells the relay whom we watch, and hears who of them is there. */
import type { Connection } from '@libp2p/interface'
import type { PeerId } from '../domain/ids.ts'
import type { Start } from '../protocol/frames.ts'
import { MAX_PEERS_PER_FRAME, MAX_RELAY_FRAME_BYTES } from '../protocol/limits.ts'
import {
  decodeNews,
  encodeRequest,
  PRESENCE_PROTOCOL,
  type PresenceRequest,
  type Watch,
} from '../protocol/presence.ts'
import type { Log } from '../sync/ports.ts'
import { FrameStream } from './frame-stream.ts'

export interface PresenceListener {
  /** Whether a watched peer is there; null: the relay does not tell any more. */
  presence(peer: PeerId, online: boolean | null): void
  /** A newer installation of ours is there. */
  rival(start: Start): void
}

export class PresenceClient {
  readonly #log: Log
  readonly #listener: PresenceListener
  readonly #online = new Set<PeerId>()
  #watches: ReadonlyMap<PeerId, Watch> = new Map()
  #tokens: readonly string[] = []
  #stream: FrameStream | undefined

  #start: Start | undefined

  constructor(log: Log, listener: PresenceListener) {
    this.#log = log
    this.#listener = listener
  }

  /** Begins on a connection to the relay. A relay that does not know presence is a relay all the same. */
  async attach(connection: Connection): Promise<void> {
    const stream = await connection.newStream(PRESENCE_PROTOCOL)
    const frames = new FrameStream(stream, MAX_RELAY_FRAME_BYTES, {
      frame: (frame) => {
        const news = decodeNews(frame)
        if (news?.type === 'rival') this.#listener.rival(news.start)
        else for (const { peer, online } of news?.changes ?? []) this.#heard(peer, online)
      },
      closed: (reason) => {
        if (this.#stream !== frames) return
        this.#log.info('presence ended', { reason })
        this.detach()
        // Presence that ends alone would stay ended: a new connection brings it back. Asked later, since an abort of the
        // connection ends the stream first, and throws when it is begun anew in the middle of that.
        queueMicrotask(() => {
          if (connection.status === 'open') connection.abort(new Error('presence ended'))
        })
      },
    })
    this.#stream = frames
    if (this.#start !== undefined) this.#ask({ type: 'start', start: this.#start })
    this.#ask({ type: 'tokens', tokens: this.#tokens })
    this.#askToWatch([...this.#watches.values()])
  }

  /** The connection is gone: nothing is known of anyone. */
  detach(): void {
    this.#stream = undefined
    const lost = [...this.#online]
    this.#online.clear()
    for (const peer of lost) this.#listener.presence(peer, null)
  }

  /** Tells the relay, now and whenever it is reached anew, which installation of ours this is. */
  announce(start: Start): void {
    this.#start = start
    this.#ask({ type: 'start', start })
  }

  watch(watches: readonly Watch[], tokens: readonly string[]): void {
    const before = this.#watches
    this.#watches = new Map(watches.map((watch) => [watch.peer, watch]))
    if (tokens.join() !== this.#tokens.join()) {
      this.#tokens = tokens
      this.#ask({ type: 'tokens', tokens })
    }
    const gone = [...before.keys()].filter((peer) => !this.#watches.has(peer))
    for (const peers of pieces(gone)) this.#ask({ type: 'unwatch', peers })
    for (const peer of gone) this.#heard(peer, false)
    this.#askToWatch(
      watches.filter(({ peer, token }) => !before.has(peer) || before.get(peer)?.token !== token),
    )
  }

  #askToWatch(watches: readonly Watch[]): void {
    for (const piece of pieces(watches)) this.#ask({ type: 'watch', watches: piece })
  }

  #ask(request: PresenceRequest): void {
    this.#stream?.send(encodeRequest(request))
  }

  #heard(peer: PeerId, online: boolean): void {
    if (online && !this.#watches.has(peer)) return
    if (online ? this.#online.has(peer) : !this.#online.delete(peer)) return
    if (online) this.#online.add(peer)
    this.#listener.presence(peer, online)
  }
}

function* pieces<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += MAX_PEERS_PER_FRAME) yield items.slice(i, i + MAX_PEERS_PER_FRAME)
}
