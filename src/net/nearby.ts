/** Nearby: shows our nickname to those at the same relay, if we want that, and lists theirs. */
import type { Connection } from '@libp2p/interface'
import type { PeerId } from '../domain/ids.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { MAX_NEARBY_PEERS, MAX_RELAY_FRAME_BYTES, NEARBY_LIFE_MS } from '../protocol/limits.ts'
import {
  decodeNearbyNews,
  encodeNearbyRequest,
  NEARBY_PROTOCOL,
  nearbyBody,
  nearbyRecordHolds,
  nearbySignedBytes,
  openNearbyRecord,
  sealNearbyRecord,
} from '../protocol/nearby.ts'
import type { Clock, Crypto, Log, Timer } from '../sync/ports.ts'
import { FrameStream } from './frame-stream.ts'
import { NEARBY_RENEW_BEFORE_MS } from './limits.ts'

export interface NearbyPeer {
  readonly peerId: PeerId
  readonly nickname: string
}

export interface NearbyOptions {
  readonly self: PeerId
  readonly clock: Clock
  readonly timer: Timer
  readonly crypto: Crypto
  readonly log: Log
  /** The list has changed: whoever is there now, in the order in which they came. */
  readonly tell: (peers: readonly NearbyPeer[]) => void
}

export class NearbyClient {
  readonly #options: NearbyOptions
  readonly #peers = new Map<PeerId, NearbyPeer>()
  /** How we let ourselves be seen; null: not at all. */
  #nickname: string | null = null
  #relay: PeerId | undefined
  #stream: FrameStream | undefined
  #cancelRenewal: () => void = () => undefined

  constructor(options: NearbyOptions) {
    this.#options = options
  }

  async attach(connection: Connection, relay: PeerId): Promise<void> {
    const stream = await connection.newStream(NEARBY_PROTOCOL)
    const frames = new FrameStream(stream, MAX_RELAY_FRAME_BYTES, {
      frame: (frame) => {
        this.#onFrame(frame)
      },
      closed: (reason) => {
        if (this.#stream !== frames) return
        this.#options.log.info('nearby ended', { reason })
        this.detach()
      },
    })
    this.#stream = frames
    this.#relay = relay
    await this.#announce()
  }

  detach(): void {
    this.#stream = undefined
    this.#cancelRenewal()
    this.#peers.clear()
    this.#tell()
  }

  /** Lets others see us by this nickname, or not at all. */
  async show(nickname: string | null): Promise<void> {
    if (nickname === this.#nickname) return
    this.#nickname = nickname
    await this.#announce()
  }

  async #announce(): Promise<void> {
    this.#cancelRenewal()
    const { self, clock, crypto, timer, log } = this.#options
    if (this.#stream === undefined || this.#relay === undefined) return
    const nickname = this.#nickname
    if (nickname === null) {
      this.#stream.send(encodeNearbyRequest({ type: 'withdraw' }))
      return
    }
    const record = { peer: self, nickname, expires: clock.now() + NEARBY_LIFE_MS, relay: this.#relay }
    const body = nearbyBody(record)
    const signature = await crypto.sign(nearbySignedBytes(body))
    // While it was signed, the user may have hidden again, or the relay gone.
    if (!this.#mayShow(nickname)) return
    this.#send(encodeNearbyRequest({ type: 'announce', record: sealNearbyRecord(body, signature) }))
    this.#cancelRenewal = timer.after(NEARBY_LIFE_MS - NEARBY_RENEW_BEFORE_MS, () => {
      this.#announce().catch((error: unknown) => log.warn('could not announce', { reason: String(error) }))
    })
  }

  #mayShow(nickname: string): boolean {
    return this.#nickname === nickname
  }

  #send(frame: Uint8Array): void {
    this.#stream?.send(frame)
  }

  #onFrame(frame: Uint8Array): void {
    const news = decodeNearbyNews(frame)
    if (news?.type === 'left') {
      for (const peer of news.peers) this.#peers.delete(peer)
      this.#tell()
    }
    if (news?.type === 'appeared')
      for (const sealed of news.records)
        this.#appeared(sealed).catch((error: unknown) =>
          this.#options.log.info('a nearby record was not readable', { reason: String(error) }),
        )
  }

  async #appeared(sealed: Uint8Array): Promise<void> {
    const { record, body, signature } = openNearbyRecord(sealed)
    const { self, clock, crypto } = this.#options
    const relay = this.#relay
    if (relay === undefined || record.peer === self || record.nickname === '') return
    if (!nearbyRecordHolds(record, relay, clock.now())) return
    if (!this.#peers.has(record.peer) && this.#peers.size >= MAX_NEARBY_PEERS) return
    if (!(await crypto.verify(keyOfPeerId(record.peer), signature, nearbySignedBytes(body)))) return
    if (this.#stream === undefined) return
    this.#peers.set(record.peer, { peerId: record.peer, nickname: record.nickname })
    this.#tell()
  }

  #tell(): void {
    this.#options.tell([...this.#peers.values()])
  }
}
