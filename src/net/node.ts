/** The libp2p node of a profile. It is made without addresses: reservations come and go with the relay. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, Transport, Upgrader } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { type Ping, ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { createLibp2p } from 'libp2p'
import type { IceServer } from '../protocol/relay-config.ts'
import { MAX_CONNECTIONS, MAX_PING_MS, MAX_PINGS, PING_INTERVAL_MS, RELAY_STEP } from './limits.ts'
import { closingWebSockets } from './websocket.ts'

/** What a libp2p service is handed, as far as the reservation needs it. */
export interface Internals {
  readonly transportManager: TransportManager
  readonly upgrader: Upgrader
}

interface Services extends Record<string, unknown> {
  readonly identify: unknown
  readonly ping: Ping
  readonly internals: Internals
}

export type GigiNode = Libp2p<Services>

export interface NodeOptions {
  /** 32-byte Ed25519 seed. */
  readonly seed: Uint8Array
  /** What every RTCPeerConnection is made with, besides the ICE servers; null where there is none: in a service worker. */
  readonly webRtc: Omit<RTCConfiguration, 'iceServers'> | null
  /** Asked at each connection, so that a relay may change them. */
  readonly iceServers: () => readonly IceServer[]
}

/** A started node. */
export async function createNode({ seed, webRtc, iceServers }: NodeOptions): Promise<GigiNode> {
  const rtcConfiguration = (): RTCConfiguration => ({
    ...webRtc,
    iceServers: iceServers().map(({ urls, username, credential }) => ({
      urls: typeof urls === 'string' ? urls : [...urls],
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })),
  })
  return createLibp2p<Services>({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen: [] },
    transports: [
      closingWebSockets(),
      // The watchdog has less patience where it can, and this is the longest.
      circuitRelayTransport({ reservationCompletionTimeout: RELAY_STEP.maxMs }),
      ...(webRtc === null ? [] : [webRTC({ rtcConfiguration })]),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: {
      // libp2p refuses private addresses in browsers; a relay at home or on this machine is a good relay.
      denyDialMultiaddr: () => false,
    },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      // The watchdog and the sync engine reconnect, by rules that libp2p does not know.
      reconnectRetries: 0,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { maxTimeout: MAX_PING_MS } },
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: MAX_PINGS, maxOutboundStreams: MAX_PINGS }),
      internals,
    },
  })
}

// A service of libp2p's is handed its parts; ours is to hand on the two that the reservation needs.
const internals = (components: Internals): Internals => ({
  get transportManager() {
    return components.transportManager
  },
  get upgrader() {
    return components.upgrader
  },
})

const CIRCUIT_TRANSPORT = '@libp2p/circuit-relay-v2-transport'

/** The transport that makes reservations. */
export function circuitTransport(node: GigiNode): Transport {
  const transports = node.services.internals.transportManager.getTransports()
  const found = transports.find((transport) => transport[Symbol.toStringTag] === CIRCUIT_TRANSPORT)
  if (found === undefined) throw new Error('the node has no circuit relay transport')
  return found
}
