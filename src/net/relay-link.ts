/**
 * The watchdog of our reservation. libp2p makes it once and forgets it when the connection to the relay is
 * lost; this makes it again, for as long as it runs.
 *
 *   connecting ──reserved──▶ online ──connection or reservation lost──▶ connecting
 *       └──an attempt failed──▶ offline ──reserved──▶ online
 *
 * An attempt that is given up for a new one, since the network may have changed, is no failed one.
 */
import type { Connection, Listener } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { backoffMs } from '../domain/backoff.ts'
import type { PeerId } from '../domain/ids.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import type { Clock, Log, NetworkState, Random, Timer } from '../sync/ports.ts'
import { Attempt } from './attempt.ts'
import {
  BUSY_RELAY_BACKOFF,
  HANG_UP_MS,
  NUDGE_PAUSE_MS,
  NUDGE_PING_MS,
  RELAY_BACKOFF,
  RELAY_OPEN_MS,
  RELAY_STEP,
} from './limits.ts'
import { circuitTransport, type GigiNode } from './node.ts'
import { relayOf } from './relay-address.ts'

export interface RelayLinkListener {
  state(state: NetworkState): void
  /** A reservation was made over this connection. */
  up(connection: Connection, relay: PeerId): void
  /** It was lost. */
  down(): void
}

export interface RelayLinkOptions {
  readonly node: GigiNode
  /** Asked before each attempt, since a relay may have moved. Rejects, within seconds, when there is none to be had. */
  readonly loadConfig: () => Promise<RelayConfig>
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly log: Log
  readonly listener: RelayLinkListener
}

/** libp2p says so when a WebSocket has opened and the handshake begins. */
const HANDSHAKE_BEGINS = 'upgrader:encrypt-outbound-connection'

export class RelayLink {
  readonly #options: RelayLinkOptions
  readonly #stopped = Promise.withResolvers<void>()
  #running = false
  #loop: Promise<void> = Promise.resolve()
  #attempt: Attempt | undefined
  #connection: Connection | undefined
  /** The connection that a ping is under way on, or was answered on a moment ago. */
  #checked: Connection | undefined
  /** Attempts in a row that failed. */
  #failures = 0
  /** Attempts in a row that the relay answered, and that failed all the same. */
  #busy = 0
  /** No wait before the next attempt: the network may have changed. */
  #atOnce = false
  #wake: () => void = () => undefined
  #state: NetworkState | undefined

  constructor(options: RelayLinkOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = true
    this.#say('connecting')
    this.#loop = this.#run()
  }

  /** Resolves within about HANG_UP_MS, whatever is under way. */
  async stop(): Promise<void> {
    this.#running = false
    this.#stopped.resolve()
    this.#attempt?.abort('stopped')
    this.#wake()
    await this.#loop
  }

  /**
   * The network may have changed. A wait ends; an attempt that may hang (older than STALE_ATTEMPT_MS) is made anew, and a
   * younger one is, should it fail, at once; a reservation that is held has NUDGE_PING_MS to prove itself. Calling it
   * again while that goes on does nothing more.
   */
  nudge(): void {
    if (!this.#running) return
    this.#failures = 0
    this.#busy = 0
    if (this.#connection !== undefined) {
      this.#check(this.#connection)
      return
    }
    this.#atOnce = true
    this.#attempt?.replace()
    this.#wake()
  }

  #check(connection: Connection): void {
    if (this.#checked === connection) return
    this.#checked = connection
    const { node, timer, log } = this.#options
    node.services.ping.ping(connection.remotePeer, { signal: AbortSignal.timeout(NUDGE_PING_MS) }).then(
      () =>
        timer.after(NUDGE_PAUSE_MS, () => {
          if (this.#checked === connection) this.#checked = undefined
        }),
      (error: unknown) => {
        log.info('the relay does not answer', { reason: String(error) })
        connection.abort(new Error('no answer to a ping', { cause: error }))
        this.#atOnce = true
        this.#wake()
      },
    )
  }

  async #run(): Promise<void> {
    const { clock, timer, log } = this.#options
    while (this.#running) {
      const attempt = new Attempt(clock, timer)
      this.#attempt = attempt
      this.#atOnce = false
      try {
        await this.#holdReservation(attempt)
        this.#say('connecting')
      } catch (error) {
        log.info('no reservation at the relay', { failures: this.#failures, reason: String(error) })
        if (!attempt.replaced) this.#failed(attempt)
      }
      this.#attempt = undefined
      await this.#wait(attempt)
    }
  }

  #failed(attempt: Attempt): void {
    this.#failures += 1
    this.#busy = attempt.heard ? this.#busy + 1 : 0
    this.#say('offline')
  }

  /** Resolves when a reservation that was made is lost; rejects when none could be made. */
  async #holdReservation(attempt: Attempt): Promise<void> {
    const { loadConfig, listener } = this.#options
    const config = await attempt.orAbort(loadConfig())
    const address = config.relays.map((text) => multiaddr(text)).find((a) => relayOf(a) !== null)
    const relay = address === undefined ? null : relayOf(address)
    if (address === undefined || relay === null) throw new Error('no relay is configured')

    try {
      const connection = await this.#dial(address, relay, attempt)
      const lost = lostConnection(connection)
      const reservation = await this.#reserve(address, connection, attempt)
      try {
        if (connection.status !== 'open') throw new Error('the relay hung up')
        attempt.settle()
        this.#connection = connection
        this.#failures = 0
        this.#busy = 0
        listener.up(connection, relay)
        this.#say('online')
        await Promise.race([lost, this.#stopped.promise])
        listener.down()
      } finally {
        this.#connection = undefined
        await reservation.close()
      }
    } finally {
      await this.#hangUp(relay, attempt)
    }
  }

  /** Not by `node.dial`, which would join, and hang with, what others have under way to the relay. */
  async #dial(address: Multiaddr, relay: PeerId, attempt: Attempt): Promise<Connection> {
    const { node } = this.#options
    const patienceMs = this.#patienceMs()
    const open = (): Connection | undefined =>
      node.getConnections(peerIdFromString(relay)).find(({ status }) => status === 'open')
    attempt.allow(RELAY_OPEN_MS)
    const dialled =
      open() ??
      (await node.services.internals.transportManager.dial(address, {
        signal: attempt.signal,
        onProgress: ({ type }: { readonly type: string }) => {
          if (type !== HANDSHAKE_BEGINS) return
          attempt.heard = true
          attempt.allow(patienceMs)
        },
      }))
    attempt.signal.throwIfAborted()
    // The oldest is the one that libp2p reserves on.
    return open() ?? dialled
  }

  /** Makes the reservation; closing the listener that it resolves to ends it. */
  async #reserve(address: Multiaddr, connection: Connection, attempt: Attempt): Promise<Listener> {
    const { node } = this.#options
    const giveUp = (): void => {
      connection.abort(attempt.signal.reason as Error)
    }
    attempt.signal.addEventListener('abort', giveUp)
    attempt.heard = true
    attempt.allow(this.#patienceMs())
    const reservation = circuitTransport(node).createListener({ upgrader: node.services.internals.upgrader })
    reservation.addEventListener('listening', () => {
      if (reservation.getAddrs().length === 0)
        connection.abort(new Error('the relay took the reservation back'))
    })
    try {
      // It must have ended before the next one begins: libp2p would join the two. Aborting the connection ends it.
      await reservation.listen(address.encapsulate('/p2p-circuit'))
      return reservation
    } catch (error) {
      await reservation.close()
      throw error
    } finally {
      attempt.signal.removeEventListener('abort', giveUp)
    }
  }

  /** Politely when we stop; else at once, since a connection that is half dead would be taken for a good one. */
  async #hangUp(relay: PeerId, attempt: Attempt): Promise<void> {
    const { node } = this.#options
    const peer = peerIdFromString(relay)
    if (!attempt.signal.aborted && !this.#running)
      await node.hangUp(peer, { signal: AbortSignal.timeout(HANG_UP_MS) })
    for (const connection of node.getConnections(peer)) connection.abort(new Error('the reservation is lost'))
  }

  #patienceMs(): number {
    return Math.min(RELAY_STEP.maxMs, RELAY_STEP.firstMs * 2 ** this.#busy)
  }

  /** From the end of `attempt` until the next one may begin. */
  #wait(attempt: Attempt): Promise<void> {
    if (!this.#running || this.#atOnce) return Promise.resolve()
    const { timer, random } = this.#options
    const fraction = random.fraction()
    const shortest = backoffMs(1, RELAY_BACKOFF, fraction)
    const delay =
      this.#busy > 0
        ? backoffMs(this.#busy, BUSY_RELAY_BACKOFF, fraction)
        : Math.max(shortest, backoffMs(this.#failures, RELAY_BACKOFF, fraction) - attempt.ageMs)
    return new Promise((resolve) => {
      const cancel = timer.after(delay, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  #say(state: NetworkState): void {
    if (state === this.#state || !this.#running) return
    this.#state = state
    this.#options.listener.state(state)
  }
}

function lostConnection(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    if (connection.status !== 'open') resolve()
    connection.addEventListener('close', () => {
      resolve()
    })
  })
}
