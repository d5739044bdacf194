/**
 * `/gigi/nearby/1.0.0` (SPEC 7.2, 7.6), between a client and its relay: who of those at this relay lets themselves be seen,
 * by nickname. The relay keeps records in memory while their owner's stream is open, and passes them on as
 * they came; clients check the signature.
 *
 * | Frame    | From   | Fields                    |
 * |----------|--------|---------------------------|
 * | announce | client | 0, record                 |
 * | withdraw | client | 1                         |
 * | appeared | relay  | 16, [record, …]           |
 * | left     | relay  | 17, [key, …]              |
 *
 * A record is [body, signature]; the body is [version, key, nickname, expires, relay], `expires` in
 * milliseconds since the Unix epoch, `relay` the peer id of the relay it is for; the Ed25519 signature is over
 * `gigi/nearby/1` and the body.
 */
import { isPeerId, type PeerId } from '../domain/ids.ts'
import { cleanNickname } from '../domain/nickname.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { keyOfPeerId, peerIdOfKey } from './identifiers.ts'
import { MAX_NEARBY_PEERS, MAX_NEARBY_RECORD_BYTES, MAX_NICKNAME_BYTES, NEARBY_LIFE_MS } from './limits.ts'
import { signedBytes } from './signing.ts'
import { bytes, fixedBytes, kindAndBody, list, text, tuple, uint } from './shape.ts'

export const NEARBY_PROTOCOL = '/gigi/nearby/1.0.0'
const DOMAIN = 'gigi/nearby/1'

export interface NearbyRecord {
  readonly peer: PeerId
  readonly nickname: string
  /** Milliseconds since the Unix epoch. */
  readonly expires: number
  readonly relay: PeerId
}

export type NearbyRequest =
  { readonly type: 'announce'; readonly record: Uint8Array } | { readonly type: 'withdraw' }

export type NearbyNews =
  | { readonly type: 'appeared'; readonly records: readonly Uint8Array[] }
  | { readonly type: 'left'; readonly peers: readonly PeerId[] }

/** The bytes of a record that its owner signs, and the record around a signature. */
export function nearbyBody(record: NearbyRecord): Uint8Array {
  return encode([1, keyOfPeerId(record.peer), record.nickname, record.expires, record.relay])
}
export const nearbySignedBytes = (body: Uint8Array): Uint8Array<ArrayBuffer> => signedBytes(DOMAIN, body)
export const sealNearbyRecord = (body: Uint8Array, signature: Uint8Array): Uint8Array =>
  encode([body, signature])

export interface OpenedNearbyRecord {
  readonly record: NearbyRecord
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** Reads a record; the caller verifies the signature over `nearbySignedBytes(body)`. Throws MalformedError. */
export function openNearbyRecord(sealed: Uint8Array): OpenedNearbyRecord {
  const [body, signature] = tuple<[Uint8Array, Uint8Array]>(bytes(MAX_NEARBY_RECORD_BYTES), fixedBytes(64))(
    decode(sealed),
    'record',
  )
  const [, key, nickname, expires, relay] = tuple<[number, Uint8Array, string, number, string]>(
    uint(1, 1),
    fixedBytes(32),
    text(MAX_NICKNAME_BYTES),
    uint(MAX_TIME_MS),
    text(64),
  )(decode(body), 'record')
  if (!isPeerId(relay)) throw new MalformedError('record: relay is not a peer id')
  return {
    record: { peer: peerIdOfKey(key), nickname: cleanNickname(nickname), expires, relay },
    body,
    signature,
  }
}

/** Whether a record holds at `relay` now: not expired, and not made to live longer than records may. */
export function nearbyRecordHolds(record: NearbyRecord, relay: PeerId, now: number): boolean {
  // The announcer's clock may be wrong by as much as a record lives.
  return (
    record.relay === relay &&
    record.expires > now - NEARBY_LIFE_MS &&
    record.expires < now + 2 * NEARBY_LIFE_MS
  )
}

export const encodeNearbyRequest = (request: NearbyRequest): Uint8Array =>
  request.type === 'announce' ? encode([0, request.record]) : encode([1])

/** A client's frame, or null when its kind is not known. Throws MalformedError. */
export function decodeNearbyRequest(frame: Uint8Array): NearbyRequest | null {
  const [kind, body] = kindAndBody(frame)
  if (kind === 0) return { type: 'announce', record: bytes(MAX_NEARBY_RECORD_BYTES)(body, 'announce') }
  return kind === 1 ? { type: 'withdraw' } : null
}

export const encodeNearbyNews = (news: NearbyNews): Uint8Array =>
  news.type === 'appeared' ? encode([16, news.records]) : encode([17, news.peers.map(keyOfPeerId)])

/** A relay's frame, or null when its kind is not known. Throws MalformedError. */
export function decodeNearbyNews(frame: Uint8Array): NearbyNews | null {
  const [kind, body] = kindAndBody(frame)
  if (kind === 16)
    return {
      type: 'appeared',
      records: list(bytes(MAX_NEARBY_RECORD_BYTES), MAX_NEARBY_PEERS)(body, 'appeared'),
    }
  if (kind === 17)
    return { type: 'left', peers: list(fixedBytes(32), MAX_NEARBY_PEERS)(body, 'left').map(peerIdOfKey) }
  return null
}
