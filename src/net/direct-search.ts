/** Looks for direct paths to peers: WebRTC, negotiated over the relayed connection that there is. One search for each peer. */
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../domain/ids.ts'
import { DIRECT_TRIES_MS } from './limits.ts'
import type { GigiNode } from './node.ts'

interface Search {
  readonly stop: AbortController
  /** Resolves when it has come to its end. */
  readonly ended: Promise<void>
}

export class DirectSearch {
  readonly #searches = new Map<PeerId, Search>()

  /** Calls off the search for a peer, and resolves when it is over: libp2p would take a new dial for a part of it. */
  async callOff(peer: PeerId): Promise<void> {
    const search = this.#searches.get(peer)
    search?.stop.abort(new Error('dialled anew'))
    await search?.ended
  }

  /** Calls off every search. */
  stop(): void {
    for (const { stop } of this.#searches.values()) stop.abort(new Error('this node stops'))
  }

  /**
   * A direct connection. Tries several times: on a busy device libp2p's handshake sometimes waits for the opening of a
   * channel that the other side has closed already. Rejects when none was found or the search was called off.
   */
  async find(node: GigiNode, peer: PeerId, circuits: readonly string[]): Promise<Connection> {
    const [stop, end] = [new AbortController(), Promise.withResolvers<void>()]
    const search: Search = { stop, ended: end.promise }
    this.#searches.set(peer, search)
    const addresses = circuits.map((circuit) => multiaddr(`${circuit}/webrtc/p2p/${peer}`))
    try {
      let last: unknown
      for (const patience of DIRECT_TRIES_MS)
        try {
          const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(patience)])
          return await node.dial(addresses, { signal })
        } catch (error) {
          last = error
          if (stop.signal.aborted) break
        }
      throw last
    } finally {
      if (this.#searches.get(peer) === search) this.#searches.delete(peer)
      end.resolve()
    }
  }
}
