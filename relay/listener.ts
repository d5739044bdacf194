/**
 * The relay's libp2p transport: WebSockets that reach our own HTTP server, so that app and relay share a port.
 * The listener of @libp2p/websockets makes an HTTP server of its own, which never counts as listening and so
 * enforces none of Node's time limits, takes messages of 100 MiB, and cannot be closed while a browser holds a
 * spare connection open.
 */
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type Listener,
  type ListenerEvents,
  type Transport,
  transportSymbol,
  TypedEventEmitter,
  type Upgrader,
} from '@libp2p/interface'
import { getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSocketServer } from 'ws'
import { MAX_WEBSOCKET_MESSAGE_BYTES, SILENCE_MS, SILENCE_SWEEP_MS } from './limits.ts'
import { type Log, reasonOf } from './log.ts'
import { ClientSocket } from './websocket.ts'

/** The listen address that stands for the HTTP server, which listens by itself. */
export const HTTP_SERVER_ADDRESS = '/ip4/127.0.0.1/tcp/0/ws'

/** A transport that only listens, on the WebSocket upgrades of `server`. */
export const httpServerTransport =
  (server: Server, log: Log) =>
  (components: { logger: ComponentLogger }): Transport => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'gigi/http-server-websockets',
    createListener: ({ upgrader }: CreateListenerOptions) =>
      new UpgradeListener(server, upgrader, components.logger, log),
    listenFilter: (addresses: Multiaddr[]) => addresses,
    dialFilter: () => [],
    dial: (): Promise<Connection> => Promise.reject(new Error('the relay does not dial')),
  })

class UpgradeListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #server: Server
  readonly #upgrader: Upgrader
  readonly #logger: ComponentLogger
  readonly #log: Log
  readonly #clients = new Set<ClientSocket>()
  readonly #closing = new AbortController()
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
    perMessageDeflate: false,
    closeTimeout: 1000,
  })
  #sweep: NodeJS.Timeout | undefined

  constructor(server: Server, upgrader: Upgrader, logger: ComponentLogger, log: Log) {
    super()
    this.#server = server
    this.#upgrader = upgrader
    this.#logger = logger
    this.#log = log
    // One listener for each handshake under way.
    setMaxListeners(0, this.#closing.signal)
  }

  listen(): Promise<void> {
    this.#server.on('upgrade', this.#onUpgrade)
    this.#sweep = setInterval(this.#closeSilent, SILENCE_SWEEP_MS)
    this.safeDispatchEvent('listening')
    return Promise.resolve()
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return []
    const address = ipPortToMultiaddr(bound.address, bound.port)
    return getThinWaistAddresses(address, bound.port).map((each) => each.encapsulate('/ws'))
  }

  updateAnnounceAddrs(): void {
    // Ours need no amendment: there are no certificate hashes in them.
  }

  close(): Promise<void> {
    this.#server.off('upgrade', this.#onUpgrade)
    clearInterval(this.#sweep)
    this.#closing.abort()
    for (const client of this.#clients) client.abort(new Error('the relay is stopping'))
    this.safeDispatchEvent('close')
    return Promise.resolve()
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url !== '/') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const remoteAddr = remoteAddressOf(request)
      const debug = this.#logger.forComponent('gigi:listener')
      const client = new ClientSocket({ socket: webSocket, remoteAddr, debug, log: this.#log })
      this.#clients.add(client)
      client.addEventListener('close', () => this.#clients.delete(client))
      this.#upgrader.upgradeInbound(client, { signal: this.#closing.signal }).catch((error: unknown) => {
        // Clients that go away in mid-handshake are ordinary; those we turn away are not.
        if (error instanceof Error && error.name === 'ConnectionDeniedError')
          this.#log(`refused ${remoteAddr.toString()}: over the limit of connections`)
        client.abort(error instanceof Error ? error : new Error(reasonOf(error)))
      })
    })
  }

  readonly #closeSilent = (): void => {
    const now = Date.now()
    for (const client of this.#clients)
      if (now - client.lastHeard > SILENCE_MS) client.abort(new Error(`silent for ${SILENCE_MS} ms`))
  }
}

function remoteAddressOf(request: IncomingMessage): Multiaddr {
  const { remoteAddress = '0.0.0.0', remotePort = 0 } = request.socket
  // A socket that listens on IPv6 and IPv4 alike gives IPv4 clients as ::ffff:192.0.2.1.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1]
  const address = mapped ?? remoteAddress.replace(/%.*$/, '')
  return multiaddr(`/${isIPv6(address) ? 'ip6' : 'ip4'}/${address}/tcp/${remotePort}/ws`)
}
