/**
 * Who lets themselves be seen at this relay, and what each viewer was shown. Pure: no streams, no clock. A
 * stream is any key that stands for one open nearby stream; the record of a peer lasts as long as the stream
 * that announced it last.
 */
import type { PeerId } from '../src/domain/ids.ts'
import { MalformedError } from '../src/protocol/cbor.ts'
import { MAX_NEARBY_PEERS } from '../src/protocol/limits.ts'
import { nearbyRecordHolds, type NearbyRecord, openNearbyRecord } from '../src/protocol/nearby.ts'
import { RefusedError } from './refused.ts'

/** What one stream is to be told: records that appeared or changed, and peers that left. */
export interface NearbyChange {
  readonly appeared: readonly Uint8Array[]
  readonly left: readonly PeerId[]
}
export type NearbyChanges<Stream> = ReadonlyMap<Stream, NearbyChange>

interface Announced<Stream> {
  readonly stream: Stream
  readonly sealed: Uint8Array
  readonly record: NearbyRecord
}

interface Viewer {
  readonly peer: PeerId
  readonly shown: Set<PeerId>
}

export class NearbyBook<Stream> {
  readonly #relay: PeerId
  readonly #records = new Map<PeerId, Announced<Stream>>()
  readonly #viewers = new Map<Stream, Viewer>()

  /** `relay` is the peer id that records must be made for. */
  constructor(relay: PeerId) {
    this.#relay = relay
  }

  /** A nearby stream of `peer` opened: it is shown who is here. */
  open(stream: Stream, peer: PeerId): NearbyChanges<Stream> {
    const viewer: Viewer = { peer, shown: new Set() }
    this.#viewers.set(stream, viewer)
    const appeared: Uint8Array[] = []
    for (const [owner, { sealed }] of this.#records) {
      if (viewer.shown.size === MAX_NEARBY_PEERS) break
      if (owner === peer) continue
      viewer.shown.add(owner)
      appeared.push(sealed)
    }
    return new Map(appeared.length === 0 ? [] : [[stream, { appeared, left: [] }]])
  }

  close(stream: Stream): NearbyChanges<Stream> {
    const viewer = this.#viewers.get(stream)
    this.#viewers.delete(stream)
    const isOwner = viewer !== undefined && this.#records.get(viewer.peer)?.stream === stream
    return isOwner ? this.#remove(viewer.peer) : new Map()
  }

  /** The stream's peer shows itself. Throws RefusedError or MalformedError when the record is not its own or does not hold. */
  announce(stream: Stream, sealed: Uint8Array, now: number): NearbyChanges<Stream> {
    const owner = this.#viewerOf(stream).peer
    const { record } = openNearbyRecord(sealed)
    if (record.peer !== owner) throw new RefusedError('it announced a record of someone else')
    if (record.nickname === '') throw new MalformedError('record: the nickname is empty')
    if (!nearbyRecordHolds(record, this.#relay, now))
      throw new RefusedError('it announced a record that ran out or is for another relay')
    this.#records.set(owner, { stream, sealed, record })
    const changes = new Map<Stream, NearbyChange>()
    for (const [viewing, { peer, shown }] of this.#viewers) {
      if (peer === owner || (!shown.has(owner) && shown.size === MAX_NEARBY_PEERS)) continue
      shown.add(owner)
      changes.set(viewing, { appeared: [sealed], left: [] })
    }
    return changes
  }

  /** The stream's peer is seen no more. */
  withdraw(stream: Stream): NearbyChanges<Stream> {
    return this.#remove(this.#viewerOf(stream).peer)
  }

  /** Removes the records that ran out; their owners are still connected and did not announce themselves anew. */
  expire(now: number): NearbyChanges<Stream>[] {
    return [...this.#records]
      .filter(([, { record }]) => !nearbyRecordHolds(record, this.#relay, now))
      .map(([owner]) => this.#remove(owner))
  }

  #viewerOf(stream: Stream): Viewer {
    const viewer = this.#viewers.get(stream)
    if (viewer === undefined) throw new Error('the stream is not open')
    return viewer
  }

  #remove(owner: PeerId): NearbyChanges<Stream> {
    const changes = new Map<Stream, NearbyChange>()
    if (!this.#records.delete(owner)) return changes
    for (const [viewing, { shown }] of this.#viewers)
      if (shown.delete(owner)) changes.set(viewing, { appeared: [], left: [owner] })
    return changes
  }
}
