/**
 * libp2p's transport over WebSockets, dialling only, which closes every WebSocket that it gives up. The one of
 * @libp2p/websockets 10.1 leaves them open: those that did not open in time, those whose handshake failed, and
 * those that are reset, since it closes them with code 1006, which browsers refuse. Chromium opens one WebSocket at
 * a time to one address, so one that hangs would keep all later ones from opening.
 */
import {
  type ComponentLogger,
  type Connection,
  type DialTransportOptions,
  type Listener,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import {
  AbstractMultiaddrConnection,
  type AbstractMultiaddrConnectionInit,
  type RepeatingTask,
  repeatingTask,
  type SendResult,
} from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { BUFFER_POLL_MS, MAX_SOCKET_BUFFER_BYTES } from './limits.ts'

const WEBSOCKET_ADDRESS =
  /^\/(?<kind>ip4|ip6|dns|dns4|dns6)\/(?<host>[^/]+)\/tcp\/(?<port>\d+)(?<tls>\/tls(?:\/sni\/[^/]+)?)?\/(?<scheme>wss?)(?:\/p2p\/[^/]+)?$/

/** Dials WebSockets; a dial that fails or is aborted leaves none behind. */
export const closingWebSockets =
  () =>
  ({ logger }: { logger: ComponentLogger }): Transport => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'gigi/closing-websockets',
    createListener: (): Listener => {
      throw new Error('browsers cannot listen for WebSockets')
    },
    listenFilter: () => [],
    dialFilter: (addresses) => addresses.filter((address) => urlOf(address) !== undefined),
    dial: async (address, options): Promise<Connection> => {
      const socket = await openWebSocket(address, options)
      const log = logger.forComponent('gigi:websocket')
      const connection = new SocketConnection(socket, { remoteAddr: address, direction: 'outbound', log })
      try {
        return await options.upgrader.upgradeOutbound(connection, options)
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      }
    },
  })

/** The URL of a WebSocket's multiaddr, or undefined when it is none. */
function urlOf(address: Multiaddr): string | undefined {
  const parts = WEBSOCKET_ADDRESS.exec(address.toString())?.groups
  if (parts === undefined) return undefined
  const { kind, host = '', port = '', tls, scheme } = parts
  const secure = tls !== undefined || scheme === 'wss'
  return `${secure ? 'wss' : 'ws'}://${kind === 'ip6' ? `[${host}]` : host}:${port}`
}

async function openWebSocket(address: Multiaddr, { signal }: DialTransportOptions): Promise<WebSocket> {
  signal.throwIfAborted()
  const url = urlOf(address)
  if (url === undefined) throw new Error(`${address.toString()} is no address of a WebSocket`)
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const done = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(new Error(`no WebSocket at ${url}`, { cause: signal.reason }))
      socket.addEventListener('open', () => resolve(), { signal: done.signal })
      for (const event of ['error', 'close']) socket.addEventListener(event, fail, { signal: done.signal })
      signal.addEventListener('abort', fail, { signal: done.signal })
    })
    return socket
  } catch (error) {
    socket.close()
    throw error
  } finally {
    done.abort()
  }
}

/** An open WebSocket as libp2p's connection of raw bytes. */
class SocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  readonly #poll: RepeatingTask

  constructor(socket: WebSocket, init: AbstractMultiaddrConnectionInit) {
    super(init)
    this.#socket = socket
    // Browsers do not tell when what waited has been sent.
    this.#poll = repeatingTask(() => {
      if (socket.bufferedAmount > 0) return
      this.#poll.stop()
      this.safeDispatchEvent('drain')
    }, BUFFER_POLL_MS)
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.onData(new Uint8Array(data))
      else this.abort(new Error('a WebSocket message that is text'))
    })
    socket.addEventListener('close', ({ wasClean }) => {
      this.#poll.stop()
      // What we ended ourselves has been told already.
      if (this.status !== 'open' && this.status !== 'closing') return
      if (wasClean) this.onTransportClosed()
      else this.onRemoteReset()
    })
  }

  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    // None of our bytes are in shared memory, which a WebSocket would refuse.
    for (const chunk of data) this.#socket.send(chunk as Uint8Array<ArrayBuffer>)
    const canSendMore = this.#socket.bufferedAmount < MAX_SOCKET_BUFFER_BYTES
    if (!canSendMore) this.#poll.start()
    return { sentBytes: data.byteLength, canSendMore }
  }

  sendReset(): void {
    this.#close()
  }

  sendClose(): Promise<void> {
    this.#close()
    return Promise.resolve()
  }

  sendPause(): void {
    // A browser reads on regardless.
  }

  sendResume(): void {
    // It never paused.
  }

  #close(): void {
    this.#poll.stop()
    this.#socket.close()
  }
}
