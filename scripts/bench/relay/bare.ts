/**
 * What Gigi's relay is measured against: a libp2p node that relays, with the libraries of the relay as they come, and
 * nothing of ours. Only its limits are raised, so that none of them ends the measurement, and what one relayed
 * connection may carry is the same.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import {
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SECOND,
  MAX_PENDING_CONNECTIONS,
  MAX_RELAYED_BYTES,
  MAX_RELAYED_MS,
  RESERVATION_MS,
} from '../../../relay/limits.ts'

// The relay goes on after what a library forgot to catch, so this does too.
process.on('unhandledRejection', (error) => {
  console.error(error)
})

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
  transports: [webSockets()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionManager: {
    maxConnections: MAX_CONNECTIONS,
    inboundConnectionThreshold: MAX_CONNECTIONS_PER_SECOND,
    maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
  },
  services: {
    identify: identify(),
    ping: ping(),
    relay: circuitRelayServer({
      reservations: {
        // It keeps those of clients that have left until they run out.
        maxReservations: Infinity,
        reservationTtl: RESERVATION_MS,
        defaultDataLimit: BigInt(MAX_RELAYED_BYTES),
        defaultDurationLimit: MAX_RELAYED_MS,
      },
    }),
  },
})

process.on('message', (question) => {
  if (question !== 'held') return
  process.send?.({
    connections: node.getConnections().length,
    reservations: node.services.relay.reservations.size,
  })
})
process.stdout.write(`Bare libp2p is ready: ${node.getMultiaddrs().join()}\n`)
