/** A client's WebSocket as libp2p's connection of raw bytes. */
import type { Logger, StreamMessageEvent } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WebSocket } from 'ws'
import { MAX_SOCKET_BUFFER_BYTES } from './limits.ts'
import type { Log } from './log.ts'

const NORMAL_CLOSURE = 1000
const ABNORMAL_CLOSURE = 1006

export interface ClientSocketInit {
  readonly socket: WebSocket
  readonly remoteAddr: Multiaddr
  /** libp2p's own debugging log. */
  readonly debug: Logger
  readonly log: Log
}

export class ClientSocket extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  /** Milliseconds since the Unix epoch at which the last bytes came from the client. */
  lastHeard = Date.now()

  constructor({ socket, remoteAddr, debug, log }: ClientSocketInit) {
    super({ remoteAddr, direction: 'inbound', log: debug })
    this.#socket = socket
    socket.on('message', (data) => {
      this.lastHeard = Date.now()
      this.onData(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    })
    socket.on('error', (error) => {
      // What breaks in the network is ordinary; what breaks the WebSocket protocol is worth a line.
      if (error.code?.startsWith('WS_ERR') === true)
        log(`closing ${remoteAddr.toString()}: not WebSocket as we speak it: ${error.message}`)
    })
    socket.once('close', (code) => {
      if (code === ABNORMAL_CLOSURE) this.onRemoteReset()
      else this.onTransportClosed()
    })
  }

  sendData(data: Exclude<StreamMessageEvent['data'], Uint8Array>): SendResult {
    this.#socket.send(data.subarray(), this.#afterSend)
    return {
      sentBytes: data.byteLength,
      canSendMore: this.#socket.bufferedAmount < MAX_SOCKET_BUFFER_BYTES,
    }
  }

  sendReset(): void {
    this.#socket.terminate()
  }

  sendClose(): Promise<void> {
    this.#socket.close(NORMAL_CLOSURE)
    return Promise.resolve()
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }

  // A failed write needs no handling of its own: the socket's `close` follows it.
  readonly #afterSend = (): void => {
    if (this.writableNeedsDrain && this.#socket.bufferedAmount < MAX_SOCKET_BUFFER_BYTES / 2)
      this.safeDispatchEvent('drain')
  }
}
