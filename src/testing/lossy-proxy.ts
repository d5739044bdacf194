/** A network between clients and a relay on loopback, of which a test says whether packets get through. */
import { connect, createServer, type Server, type Socket } from 'node:net'

export class LossyProxy {
  readonly #server: Server
  readonly #relayPort: number
  readonly #near = new Set<Socket>()
  readonly #far = new Set<Socket>()
  #vanishing = false
  /** Connections that came while packets vanished. */
  swallowed = 0
  /** Connections that came while they did not. */
  forwarded = 0

  private constructor(relayPort: number) {
    this.#relayPort = relayPort
    this.#server = createServer((near) => this.#accept(near))
  }

  static async before(relayPort: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(relayPort)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
    return bound.port
  }

  /** Connections that a client has open. */
  get open(): number {
    return this.#near.size
  }

  /** All that is sent from now on vanishes, and nobody is told. What is connected now never gets a byte again. */
  vanish(): void {
    this.#vanishing = true
    for (const socket of [...this.#near, ...this.#far]) socket.unpipe().resume()
  }

  /** New connections get through again. */
  restore(): void {
    this.#vanishing = false
  }

  close(): void {
    this.#server.close()
    for (const socket of [...this.#near, ...this.#far]) socket.destroy()
  }

  #accept(near: Socket): void {
    track(near, this.#near)
    if (this.#vanishing) {
      this.swallowed += 1
      near.resume()
      return
    }
    this.forwarded += 1
    const far = connect(this.#relayPort, '127.0.0.1')
    track(far, this.#far)
    near.pipe(far)
    far.pipe(near)
  }
}

/** Errors are what the network does; the end of the socket follows them. */
function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
}
