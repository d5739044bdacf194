/** The relay's libp2p node: circuit relay v2 for those who cannot reach each other, and the listener for the rest. */
import type { Server } from 'node:http'
import { noise } from '@chainsafe/libp2p-noise'
import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { createLibp2p } from 'libp2p'
import {
  HANDSHAKE_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SECOND,
  MAX_PENDING_CONNECTIONS,
  MAX_RELAYED_BYTES,
  MAX_RELAYED_MS,
  MAX_RELAYED_PER_CLIENT,
  MAX_RESERVATIONS,
  PROBE_MS,
  RESERVATION_MS,
} from './limits.ts'
import { HTTP_SERVER_ADDRESS, httpServerTransport } from './listener.ts'
import { type Log, reasonOf } from './log.ts'
import { boundedYamux } from './muxer.ts'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'

export type RelayNode = Libp2p<{ relay: CircuitRelayService }>

export interface RelayNodeInit {
  /** The HTTP server, already listening, whose WebSocket upgrades are the node's connections. */
  readonly server: Server
  readonly privateKey: PrivateKey
  /** Multiaddrs that clients are told to reach the relay at; none means where it listens. */
  readonly announce: readonly string[]
  /** Each makes it serve a protocol besides, from the first connection on. */
  readonly services: readonly ((node: Libp2p) => Promise<void>)[]
  readonly log: Log
}

/** Starts the node. It takes connections until `stop()`. */
export async function startNode({
  server,
  privateKey,
  announce,
  services,
  log,
}: RelayNodeInit): Promise<RelayNode> {
  // Only the relay service has reservations, and it does not exist yet when its gater is made.
  let freeReservation: ((peer: PeerId) => void) | undefined = undefined

  const node = await createLibp2p({
    start: false,
    privateKey,
    addresses: { listen: [HTTP_SERVER_ADDRESS], announce: [...announce] },
    transports: [httpServerTransport(server, log)],
    connectionEncrypters: [noise()],
    streamMuxers: [boundedYamux(log)],
    // The muxer's pings and the listener's limit of silence do this for a fraction of the work.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundUpgradeTimeout: HANDSHAKE_MS,
    },
    connectionGater: {
      // Called before each reservation. Renewing one in place leaves the timer of the renewal before it
      // running (retimeable-signal 1.0.1), which later deletes a reservation that was still good; so each is
      // made anew.
      denyInboundRelayReservation: (peer) => {
        freeReservation?.(peer)
        return false
      },
    },
    services: {
      // Clients learn our protocols from it; we need nothing of theirs.
      identify: identify({ runOnConnectionOpen: false }),
      ping: ping(),
      relay: circuitRelayServer({
        maxInboundHopStreams: MAX_RELAYED_PER_CLIENT,
        maxOutboundStopStreams: MAX_RELAYED_PER_CLIENT,
        reservations: {
          maxReservations: MAX_RESERVATIONS,
          reservationTtl: RESERVATION_MS,
          defaultDataLimit: BigInt(MAX_RELAYED_BYTES),
          defaultDurationLimit: MAX_RELAYED_MS,
        },
      }),
    },
  })

  const { reservations } = node.services.relay
  const free = (peer: PeerId): void => {
    reservations.get(peer)?.signal.clear()
    reservations.delete(peer)
  }
  freeReservation = free
  node.addEventListener('peer:disconnect', ({ detail: peer }) => {
    free(peer)
    // What libp2p noted about the peer would otherwise stay in memory for good.
    node.peerStore.delete(peer).catch((error: unknown) => {
      log(`could not forget ${peer.toString()}: ${reasonOf(error)}`)
    })
  })
  node.addEventListener('connection:open', ({ detail: connection }) => {
    for (const older of node.getConnections(connection.remotePeer))
      if (older.id !== connection.id) probe(older)
  })
  // Before it takes connections: a client that finds no presence does not ask again while it is connected.
  for (const serve of services) await serve(node)
  await node.start()
  return node
}

/**
 * Ends `connection` when it is dead. A client whose network changed comes back at once, while its first
 * connection stays half open until SILENCE_MS; and libp2p relays to a peer's oldest connection.
 */
function probe(connection: Connection): void {
  connection.newStream(PING_PROTOCOL, { signal: AbortSignal.timeout(PROBE_MS) }).then(
    (stream) => stream.abort(new Error('probe answered')),
    (error: unknown) => {
      const answered = error instanceof Error && error.name === 'UnsupportedProtocolError'
      if (!answered && connection.status === 'open')
        connection.abort(new Error(`replaced: ${reasonOf(error)}`))
    },
  )
}
