/**
 * The watchdog of our reservation. libp2p makes it once and forgets it when the connection to the relay is
 * lost; this makes it again, for as long as it runs.
 *
 *   connecting ──reserved──▶ online ──connection or reservation lost──▶ connecting
 *       └──an attempt failed──▶ offline ──reserved──▶ online
 */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { backoffMs } from '../domain/backoff.ts'
import { isPeerId, type PeerId } from '../domain/ids.ts'
import type { RelayConfig } from '../protocol/relay-config.ts'
import type { Log, NetworkState, Random, Timer } from '../sync/ports.ts'
import { RELAY_BACKOFF, RESERVE_MS } from './limits.ts'
import { circuitTransport, type GigiNode } from './node.ts'

export interface RelayLinkListener {
  state(state: NetworkState): void
  /** A reservation was made over this connection. */
  up(connection: Connection, relay: PeerId): void
  /** It was lost. */
  down(): void
}

export interface RelayLinkOptions {
  readonly node: GigiNode
  /** Asked before each attempt, since a relay may have moved. Rejects when there is none to be had. */
  readonly loadConfig: () => Promise<RelayConfig>
  readonly timer: Timer
  readonly random: Random
  readonly log: Log
  readonly listener: RelayLinkListener
}

export class RelayLink {
  readonly #options: RelayLinkOptions
  readonly #stopped = Promise.withResolvers<void>()
  #running = false
  #loop: Promise<void> = Promise.resolve()
  #connection: Connection | undefined
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

  async stop(): Promise<void> {
    this.#running = false
    this.#stopped.resolve()
    this.#wake()
    await this.#loop
  }

  /** The network may have changed: try again now, or see whether what we hold is alive. */
  nudge(): void {
    this.#wake()
    const connection = this.#connection
    if (connection === undefined) return
    this.#options.node.services.ping
      .ping(connection.remotePeer, { signal: AbortSignal.timeout(RESERVE_MS) })
      .catch((error: unknown) =>
        connection.abort(error instanceof Error ? error : new Error('no answer to a ping')),
      )
  }

  async #run(): Promise<void> {
    let failures = 0
    while (this.#isRunning()) {
      try {
        await this.#holdReservation(() => {
          failures = 0
        })
        this.#say('connecting')
      } catch (error) {
        failures += 1
        this.#options.log.info('no reservation at the relay', { failures, reason: String(error) })
        this.#say('offline')
      }
      if (this.#isRunning()) await this.#wait(failures)
    }
  }

  /** Resolves when a reservation that was made is lost; rejects when none could be made. */
  async #holdReservation(made: () => void): Promise<void> {
    const { node, loadConfig, listener } = this.#options
    const config = await loadConfig()
    const address = config.relays.map((text) => multiaddr(text)).find((a) => relayOf(a) !== null)
    const relay = address === undefined ? null : relayOf(address)
    if (address === undefined || relay === null) throw new Error('no relay is configured')

    const reservation = circuitTransport(node).createListener({ upgrader: node.services.internals.upgrader })
    try {
      const signal = AbortSignal.timeout(RESERVE_MS)
      const connection = await node.dial(address, { signal })
      const lost = lostConnection(connection)
      reservation.addEventListener('listening', () => {
        if (reservation.getAddrs().length === 0)
          connection.abort(new Error('the relay took the reservation back'))
      })
      await Promise.race([reservation.listen(address.encapsulate('/p2p-circuit')), lost])
      if (connection.status !== 'open') throw new Error('the relay hung up')
      this.#connection = connection
      made()
      listener.up(connection, relay)
      this.#say('online')
      await Promise.race([lost, this.#stopped.promise])
      listener.down()
    } finally {
      this.#connection = undefined
      await reservation.close()
      // A half-made connection would be taken for a good one at the next attempt.
      await node.hangUp(peerIdFromString(relay), { signal: AbortSignal.timeout(1_000) })
    }
  }

  #isRunning(): boolean {
    return this.#running
  }

  #wait(failures: number): Promise<void> {
    const { timer, random } = this.#options
    const delay = backoffMs(failures, RELAY_BACKOFF, random.fraction())
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

/** The relay that an address names, or null when it names none. */
function relayOf(address: Multiaddr): PeerId | null {
  const id = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
  return id !== undefined && isPeerId(id) ? id : null
}
