/**
 * Brings rows up to what was proven. Storage is what catching up waits for, so they follow when nothing is under way to a
 * peer any more or, where that takes long, some of them every SETTLE_AFTER_MS.
 */
import type { PeerId } from '../domain/ids.ts'
import { settle } from '../store/receipts.ts'
import type { Core } from './core.ts'
import { isUnderWay } from './decide.ts'
import { SETTLE_AFTER_MS, SETTLE_PIECES, SETTLE_ROWS } from './limits.ts'
import { Coalesced, Delayed } from './serial.ts'

export class Settling {
  readonly #core: Core
  /** Who has proven what is not settled yet. */
  readonly #unsettled = new Set<PeerId>()
  /** Whose rows are being settled. */
  #current: PeerId | undefined
  /** Those to whom something is under way have waited long enough. */
  #isOverdue = false
  readonly #run: Coalesced
  readonly #later: Delayed

  constructor(core: Core) {
    this.#core = core
    this.#run = new Coalesced(() => core.guard('settle what was proven', () => this.#settleAll()))
    this.#later = new Delayed(core.options.timer, SETTLE_AFTER_MS, () => {
      this.#isOverdue = true
      this.#run.request()
    })
  }

  /** A peer has proven something. */
  proven(peer: PeerId): void {
    this.#unsettled.add(peer)
    this.look()
  }

  /** Something may not be under way any more. */
  look(): void {
    if (this.#unsettled.size === 0) return
    this.#later.request()
    if ([...this.#unsettled].some((peer) => this.#isFree(peer))) this.#run.request()
  }

  /** Whether rows may still say that something waits which was proven to have arrived. */
  isPending(peer: PeerId): boolean {
    return this.#unsettled.has(peer) || this.#current === peer
  }

  get isIdle(): boolean {
    return this.#unsettled.size === 0 && this.#current === undefined
  }

  stop(): void {
    this.#later.cancel()
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#run.idle()
  }

  async #settleAll(): Promise<void> {
    const isOverdue = this.#isOverdue
    this.#isOverdue = false
    try {
      for (const peer of [...this.#unsettled]) if (isOverdue || this.#isFree(peer)) await this.#settle(peer)
    } finally {
      this.#current = undefined
      // What is left, or could not be done, has its turn then.
      if (this.#unsettled.size > 0) this.#later.request()
      else this.#later.cancel()
    }
  }

  async #settle(peer: PeerId): Promise<void> {
    const { db, epoch, clock } = this.#core.options
    this.#current = peer
    // Before it is: what is proven meanwhile is seen to once more.
    this.#unsettled.delete(peer)
    let isMore = true
    try {
      for (let pieces = 0; isMore && (pieces < SETTLE_PIECES || this.#isFree(peer)); pieces++)
        isMore = await settle(db, epoch, peer, SETTLE_ROWS, clock.now())
    } finally {
      if (isMore) this.#unsettled.add(peer)
    }
  }

  #isFree(peer: PeerId): boolean {
    const state = this.#core.peers.get(peer)
    return state === undefined || !isUnderWay(state)
  }
}
