/** The part of `ws` that the relay uses: the package brings no types. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http'
  import type { Duplex } from 'node:stream'

  export interface WebSocket {
    readonly bufferedAmount: number
    on(event: 'message', listener: (data: Buffer) => void): this
    on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): this
    once(event: 'close', listener: (code: number) => void): this
    send(data: Uint8Array, sent: (error?: Error) => void): void
    close(code: number): void
    terminate(): void
    pause(): void
    resume(): void
  }

  export interface ServerOptions {
    readonly noServer: true
    readonly clientTracking: boolean
    readonly maxPayload: number
    readonly perMessageDeflate: boolean
    readonly closeTimeout: number
  }

  export class WebSocketServer {
    constructor(options: ServerOptions)
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      opened: (socket: WebSocket, request: IncomingMessage) => void,
    ): void
  }
}
