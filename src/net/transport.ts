/** The Transport port on libp2p: WebRTC by way of the relay, or the relayed connection where that cannot be had. */
import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { isPeerId, type PeerId } from '../domain/ids.ts'
import { type Start, SYNC_PROTOCOL } from '../protocol/frames.ts'
import { MAX_SYNC_FRAME_BYTES } from '../protocol/limits.ts'
import type { Watch } from '../protocol/presence.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import type {
  Clock,
  Crypto,
  DialPath,
  Log,
  Random,
  Session,
  SessionPath,
  Timer,
  Transport,
  TransportListener,
} from '../sync/ports.ts'
import { DirectSearch } from './direct-search.ts'
import { FileStreams } from './files.ts'
import { FrameStream } from './frame-stream.ts'
import { FRESH_MS, HEAD_START_MS, MAX_SYNC_STREAMS, RELAYED_DIAL_MS } from './limits.ts'
import { MailboxClient } from './mailbox.ts'
import { NearbyClient, type NearbyPeer } from './nearby.ts'
import { createNode, type GigiNode, type NodeOptions } from './node.ts'
import { PresenceClient } from './presence.ts'
import { isRelayed } from './relay-address.ts'
import { RelayLink } from './relay-link.ts'

export interface Libp2pTransportOptions {
  readonly self: PeerId
  /** 32-byte Ed25519 seed of `self`. */
  readonly seed: Uint8Array
  /** What RTCPeerConnections are made with; null where there are none. */
  readonly webRtc: NodeOptions['webRtc']
  /** Where the relay is and which ICE servers to use; asked before each attempt to reach the relay. */
  readonly loadConfig: () => Promise<RelayConfig>
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly onNearby: (peers: readonly NearbyPeer[]) => void
}

export class Libp2pTransport implements Transport {
  /** Mail at our relay, while it holds a reservation, and at those of others. */
  readonly mailbox: MailboxClient
  /** Files to and from whoever a session is open with. */
  readonly files: FileStreams
  readonly #options: Libp2pTransportOptions
  readonly #presence: PresenceClient
  readonly #nearby: NearbyClient
  readonly #sessions = new Set<LibP2pSession>()
  readonly #direct = new DirectSearch()
  #node: GigiNode | undefined
  #link: RelayLink | undefined
  #listener: TransportListener | undefined
  #config: RelayConfig = { relays: [], iceServers: [] }

  constructor(options: Libp2pTransportOptions) {
    this.#options = options
    this.#presence = new PresenceClient(options.log, {
      presence: (peer, online) => this.#listener?.presence(peer, online),
      rival: (start) => this.#listener?.rival(start),
    })
    this.#nearby = new NearbyClient({ ...options, tell: options.onNearby })
    this.mailbox = new MailboxClient({
      ...options,
      dial: (relay, address, signal) => this.#dialRelay(relay, address, signal),
    })
    this.files = new FileStreams({
      connect: (peer) => this.#connectForFiles(peer),
      unused: (connection) => {
        this.#closeIfUnused(connection)
      },
    })
  }

  async start(listener: TransportListener): Promise<void> {
    const { seed, webRtc, log } = this.#options
    this.#listener = listener
    const node = await createNode({ seed, webRtc, iceServers: () => this.#config.iceServers })
    this.#node = node
    await node.handle(SYNC_PROTOCOL, (stream, connection) => this.#open(stream, connection), {
      runOnLimitedConnection: true,
      maxInboundStreams: MAX_SYNC_STREAMS,
      maxOutboundStreams: MAX_SYNC_STREAMS,
    })
    await this.files.handle(node)
    this.#link = new RelayLink({
      ...this.#options,
      node,
      loadConfig: async () => (this.#config = await this.#options.loadConfig()),
      listener: {
        state: (state) => {
          listener.network(state)
        },
        up: (connection, relay) => {
          this.#presence.attach(connection).catch((error: unknown) => {
            log.warn('no presence at this relay', { reason: String(error) })
          })
          this.#nearby.attach(connection, relay).catch((error: unknown) => {
            log.warn('no nearby at this relay', { reason: String(error) })
          })
          this.mailbox.attach(connection, relay)
        },
        down: () => {
          this.#presence.detach()
          this.#nearby.detach()
          this.mailbox.detach()
        },
      },
    })
    this.#link.start()
  }

  async stop(): Promise<void> {
    for (const session of [...this.#sessions]) session.close('this node stops')
    this.#direct.stop()
    this.mailbox.stop()
    await this.#link?.stop()
    await this.#node?.stop()
    this.#listener = undefined
  }

  watch(watches: readonly Watch[], tokens: readonly string[]): void {
    this.#presence.watch(watches, tokens)
  }

  announce(start: Start): void {
    this.#presence.announce(start)
  }

  /** Lets those at the same relay see us by this nickname, or (null) not at all. */
  showNearby(nickname: string | null): Promise<void> {
    return this.#nearby.show(nickname)
  }

  /** Addresses of our relays, for others to find us by. */
  relays(): readonly string[] {
    return this.#config.relays
  }

  /** The network may have changed, or time may have passed while the device slept. */
  nudge(): void {
    this.#link?.nudge()
  }

  async dial(peer: PeerId, relays: readonly string[], path: DialPath): Promise<void> {
    const node = this.#node
    if (node === undefined) throw new Error('the node is not started')
    const circuits = circuitsOf([...new Set([...this.#config.relays, ...relays])])
    if (circuits.length === 0) throw new Error('no relay is known for this peer')
    await this.#direct.callOff(peer)
    this.#abortDead(node, peer)
    if (path === 'direct') {
      if (this.#options.webRtc === null) throw new Error('there is no WebRTC here')
      await this.#begin(await this.#direct.find(node, peer, circuits))
      return
    }
    // A direct path is negotiated over the relayed one, which therefore comes first.
    const relayed = await node.dial(
      circuits.map((circuit) => multiaddr(`${circuit}/p2p/${peer}`)),
      { signal: AbortSignal.timeout(RELAYED_DIAL_MS), force: true },
    )
    if (path === 'relayed' || this.#options.webRtc === null || !isRelayed(relayed.remoteAddr)) {
      await this.#begin(relayed)
      return
    }
    const search = this.#direct.find(node, peer, circuits)
    const direct = await Promise.race([search.catch(() => null), this.#headStart()])
    try {
      await this.#begin(direct ?? relayed)
    } catch (error) {
      await this.#direct.callOff(peer)
      throw error
    }
    if (direct !== null) this.#closeIfUnused(relayed)
    else
      search
        .then((found) => this.#begin(found))
        .catch((error: unknown) => {
          this.#options.log.info('no direct path', { peer, reason: String(error) })
        })
  }

  /** Not by `node.dial`, which would join what others have under way to that relay. */
  async #dialRelay(relay: PeerId, address: Multiaddr, signal: AbortSignal): Promise<Connection> {
    const node = this.#node
    if (node === undefined) throw new Error('the node is not started')
    const open = node.getConnections(peerIdFromString(relay)).find(({ status }) => status === 'open')
    return open ?? (await node.services.internals.transportManager.dial(address, { signal }))
  }

  #headStart(): Promise<null> {
    return new Promise((resolve) => {
      this.#options.timer.after(HEAD_START_MS, () => {
        resolve(null)
      })
    })
  }

  /** Opens a session on a connection of ours. */
  async #begin(connection: Connection): Promise<void> {
    const stream = await connection.newStream(SYNC_PROTOCOL, {
      runOnLimitedConnection: true,
      signal: AbortSignal.timeout(RELAYED_DIAL_MS),
    })
    this.#open(stream, connection)
  }

  #open(stream: Stream, connection: Connection): void {
    const listener = this.#listener
    const remote = connection.remotePeer.toString()
    if (listener === undefined || !isPeerId(remote)) {
      stream.abort(new Error('not accepted'))
      return
    }
    const session: LibP2pSession = new LibP2pSession(stream, connection, remote, this.#options.self, {
      frame: (frame) => {
        listener.frame(session, frame)
      },
      closed: (reason) => {
        this.#sessions.delete(session)
        this.#closeIfUnused(connection)
        listener.closed(session, reason)
      },
    })
    this.#sessions.add(session)
    listener.opened(session)
  }

  /**
   * A connection that has lost its session serves nobody. Where the peer's browser died it is dead as well and does not
   * know it yet, and libp2p would take it for a good one. Those of the last moment are the peer's own dial.
   */
  #abortDead(node: GigiNode, peer: PeerId): void {
    const before = this.#options.clock.now() - FRESH_MS
    for (const connection of node.getConnections(peerIdFromString(peer)))
      if (connection.timeline.open < before && !this.#isUsed(connection))
        connection.abort(new Error('it has lost its session'))
  }

  #isUsed(connection: Connection): boolean {
    return (
      this.files.isUsed(connection) ||
      [...this.#sessions].some((session) => session.connection === connection)
    )
  }

  /**
   * The direct connection of a session; or a relayed one of their own, so that running into the relay's limits for one connection
   * ends no session.
   */
  async #connectForFiles(peer: PeerId): Promise<Connection> {
    const sessions = [...this.#sessions].filter((session) => session.peer === peer)
    const direct = sessions.find(({ path }) => path === 'direct')
    if (direct !== undefined) return direct.connection
    const [relayed] = sessions
    if (relayed === undefined || this.#node === undefined)
      throw new Error('there is no session with this peer')
    return this.#node.dial(relayed.connection.remoteAddr, {
      signal: AbortSignal.timeout(RELAYED_DIAL_MS),
      force: true,
    })
  }

  /** A connection serves sessions and files; without any it serves nobody. */
  #closeIfUnused(connection: Connection): void {
    if (this.#isUsed(connection)) return
    connection.close().catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error('not used'))
    })
  }
}

class LibP2pSession implements Session {
  readonly id: string
  readonly peer: PeerId
  readonly initiator: PeerId
  readonly path: SessionPath
  readonly connection: Connection
  readonly #frames: FrameStream

  constructor(
    stream: Stream,
    connection: Connection,
    peer: PeerId,
    self: PeerId,
    listener: { frame(frame: Uint8Array): void; closed(reason: string): void },
  ) {
    this.id = `${connection.id}/${stream.id}`
    this.peer = peer
    this.initiator = stream.direction === 'outbound' ? self : peer
    this.path = isRelayed(connection.remoteAddr) ? 'relayed' : 'direct'
    this.connection = connection
    this.#frames = new FrameStream(stream, MAX_SYNC_FRAME_BYTES, listener)
  }

  send(frame: Uint8Array): void {
    this.#frames.send(frame)
  }

  close(reason: string): void {
    this.#frames.close(reason)
  }
}

/** The circuit addresses by which relays can be asked for a peer; what is no relay's address is left out. */
function circuitsOf(relays: readonly string[]): string[] {
  return relays.flatMap((relay) => {
    try {
      const last = multiaddr(relay).getComponents().at(-1)
      return last?.name === 'p2p' ? [`${relay}/p2p-circuit`] : []
    } catch {
      return []
    }
  })
}
