/**
 * Who is there, who watches whom, and who is to be told. Pure: no streams, no clock. A stream is any key that
 * stands for one open presence stream; a peer is there while it has at least one, and watches what any of its
 * streams watches, so that a page that opens its new stream before the old one closes never seems away.
 */
import type { PeerId } from '../src/domain/ids.ts'
import type { InviteToken, PeerPresence, Watch } from '../src/protocol/presence.ts'
import { MAX_WATCHED_PEERS } from '../src/protocol/limits.ts'
import { MAX_PRESENCE_STREAMS_PER_PEER, MAX_WATCHES } from './limits.ts'
import { RefusedError } from './refused.ts'

/** What one stream is to be told. */
export type PresenceNews<Stream> = ReadonlyMap<Stream, readonly PeerPresence[]>

interface Watched {
  token: InviteToken | undefined
  /** What the watcher was last told; one that was told nothing takes the peer for away. */
  online: boolean
}

interface Seat<Stream> {
  readonly stream: Stream
  readonly peer: PeerId
  readonly watches: Map<PeerId, Watched>
  tokens: ReadonlySet<InviteToken>
}

export class PresenceBook<Stream> {
  readonly #seats = new Map<Stream, Seat<Stream>>()
  /** The seats of each peer that is there. */
  readonly #present = new Map<PeerId, Set<Seat<Stream>>>()
  /** The seats that watch each peer, whether it is there or not. */
  readonly #watchers = new Map<PeerId, Set<Seat<Stream>>>()
  #watches = 0

  /** A presence stream of `peer` opened. Nobody is told yet: it has not said whom it watches. Throws RefusedError. */
  open(stream: Stream, peer: PeerId): void {
    if ((this.#present.get(peer)?.size ?? 0) >= MAX_PRESENCE_STREAMS_PER_PEER)
      throw new RefusedError(`it has more than ${MAX_PRESENCE_STREAMS_PER_PEER} streams open`)
    const seat: Seat<Stream> = { stream, peer, watches: new Map(), tokens: new Set() }
    this.#seats.set(stream, seat)
    addTo(this.#present, peer, seat)
  }

  /** It closed: those who see its peer no longer are told at once. */
  close(stream: Stream): PresenceNews<Stream> {
    const seat = this.#seats.get(stream)
    if (seat === undefined) return new Map()
    this.#seats.delete(stream)
    removeFrom(this.#present, seat.peer, seat)
    for (const peer of seat.watches.keys()) removeFrom(this.#watchers, peer, seat)
    this.#watches -= seat.watches.size
    const news = new News<Stream>()
    this.#tellWatchersOf(seat.peer, news)
    return news.byStream
  }

  /** Adds `watches` to what the stream watches. Throws RefusedError over a limit, and then adds none. */
  watch(stream: Stream, watches: readonly Watch[]): PresenceNews<Stream> {
    const seat = this.#seatOf(stream)
    const added = new Set(watches.map(({ peer }) => peer).filter((peer) => !seat.watches.has(peer))).size
    if (seat.watches.size + added > MAX_WATCHED_PEERS)
      throw new RefusedError(`it watches more than ${MAX_WATCHED_PEERS} peers`)
    if (this.#watches + added > MAX_WATCHES)
      throw new RefusedError(`all clients watch more than ${MAX_WATCHES} peers`)
    const news = new News<Stream>()
    for (const { peer, token } of watches) {
      const watched = seat.watches.get(peer)
      if (watched === undefined) {
        seat.watches.set(peer, { token, online: false })
        addTo(this.#watchers, peer, seat)
        this.#watches++
      } else {
        watched.token = token
      }
      this.#tell(seat, peer, news)
      this.#tellPeerAbout(peer, seat.peer, news)
    }
    return news.byStream
  }

  /** Removes `peers` from what the stream watches; those who saw its peer by that alone see it leave. */
  unwatch(stream: Stream, peers: readonly PeerId[]): PresenceNews<Stream> {
    const seat = this.#seatOf(stream)
    const news = new News<Stream>()
    for (const peer of peers) {
      if (!seat.watches.delete(peer)) continue
      removeFrom(this.#watchers, peer, seat)
      this.#watches--
      this.#tellPeerAbout(peer, seat.peer, news)
    }
    return news.byStream
  }

  /** Replaces the invite tokens that the stream registered. */
  register(stream: Stream, tokens: readonly InviteToken[]): PresenceNews<Stream> {
    const seat = this.#seatOf(stream)
    seat.tokens = new Set(tokens)
    const news = new News<Stream>()
    this.#tellWatchersOf(seat.peer, news)
    return news.byStream
  }

  /** Peers that are there. */
  get size(): number {
    return this.#present.size
  }

  #seatOf(stream: Stream): Seat<Stream> {
    const seat = this.#seats.get(stream)
    if (seat === undefined) throw new Error('the stream is not open')
    return seat
  }

  #tellWatchersOf(peer: PeerId, news: News<Stream>): void {
    for (const watcher of this.#watchers.get(peer) ?? []) this.#tell(watcher, peer, news)
  }

  /** Tells the streams of `peer` that watch `about`. */
  #tellPeerAbout(peer: PeerId, about: PeerId, news: News<Stream>): void {
    for (const seat of this.#present.get(peer) ?? []) this.#tell(seat, about, news)
  }

  #tell(watcher: Seat<Stream>, peer: PeerId, news: News<Stream>): void {
    const watched = watcher.watches.get(peer)
    if (watched === undefined) return
    const online = this.#mayBeSeen(peer, watcher.peer, watched.token)
    if (online === watched.online) return
    watched.online = online
    news.add(watcher.stream, { peer, online })
  }

  /** Whether `peer` is there and lets `watcher` know: it watches back, or registered the token. */
  #mayBeSeen(peer: PeerId, watcher: PeerId, token: InviteToken | undefined): boolean {
    for (const seat of this.#present.get(peer) ?? [])
      if (seat.watches.has(watcher) || (token !== undefined && seat.tokens.has(token))) return true
    return false
  }
}

/** Gathers what each stream is to be told; a later change of the same peer replaces the earlier. */
class News<Stream> {
  readonly #changes = new Map<Stream, Map<PeerId, PeerPresence>>()

  add(stream: Stream, change: PeerPresence): void {
    let changes = this.#changes.get(stream)
    if (changes === undefined) this.#changes.set(stream, (changes = new Map<PeerId, PeerPresence>()))
    changes.set(change.peer, change)
  }

  get byStream(): PresenceNews<Stream> {
    return new Map([...this.#changes].map(([stream, changes]) => [stream, [...changes.values()]]))
  }
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

function removeFrom<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set?.delete(value) === true && set.size === 0) map.delete(key)
}
