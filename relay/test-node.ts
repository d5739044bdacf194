/** A real libp2p client of a relay, for tests and benches. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'

/**
 * A client's node, which whoever makes it stops; with `listen` it makes a reservation at that relay before this resolves,
 * or, without `start`, before its `start()` does.
 */
export const clientNode = (listen?: string, privateKey?: PrivateKey, start = true): Promise<Libp2p> =>
  createLibp2p({
    start,
    ...(privateKey === undefined ? {} : { privateKey }),
    addresses: { listen: listen === undefined ? [] : [`${listen}/p2p-circuit`] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: { identify: identify(), ping: ping() },
  })
