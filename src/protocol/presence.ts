/**
 * `/gigi/presence/1.0.0` (SPEC 7.1, 7.4), between a client and its relay, on one stream for as long as the connection lasts.
 * The client says whom it watches; the relay says who of those is there, at once and at each change. It tells
 * only where the watching is mutual, or where the watcher brings an invite token that the watched peer
 * registered. A peer is there while it has a presence stream open.
 *
 * | Frame    | From   | Fields                                   |
 * |----------|--------|------------------------------------------|
 * | watch    | client | 0, [[key, token or null], …]: adds these |
 * | unwatch  | client | 1, [key, …]                              |
 * | tokens   | client | 2, [token, …]: replaces those registered |
 * | start    | client | 3, [installation id, started (ms), signature]: which installation of the peer this is |
 * | presence | relay  | 16, [[key, there], …]                    |
 * | rival    | relay  | 17, as start: a newer installation of the same peer is there |
 */
import type { InstallationId, PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, encode } from './cbor.ts'
import type { Start } from './frames.ts'
import { fromBase64url, hashOf, keyOfPeerId, peerIdOfKey, toBase64url } from './identifiers.ts'
import { MAX_INVITE_TOKENS, MAX_PEERS_PER_FRAME } from './limits.ts'
import { fixedBytes, flag, kindAndBody, list, nullable, type Reader, tuple, uint } from './shape.ts'

export const PRESENCE_PROTOCOL = '/gigi/presence/1.0.0'

/** 16 bytes, base64url: what a relay is told of an invite's secret. */
export type InviteToken = string

export interface Watch {
  readonly peer: PeerId
  readonly token?: InviteToken
}

export type PresenceRequest =
  | { readonly type: 'watch'; readonly watches: readonly Watch[] }
  | { readonly type: 'unwatch'; readonly peers: readonly PeerId[] }
  | { readonly type: 'tokens'; readonly tokens: readonly InviteToken[] }
  | { readonly type: 'start'; readonly start: Start }

export type PresenceNews =
  | { readonly type: 'presence'; readonly changes: readonly PeerPresence[] }
  | { readonly type: 'rival'; readonly start: Start }

export interface PeerPresence {
  readonly peer: PeerId
  readonly online: boolean
}

const peer: Reader<PeerId> = (value, field) => peerIdOfKey(fixedBytes(32)(value, field))
const token: Reader<InviteToken> = (value, field) => toBase64url(fixedBytes(16)(value, field))

/** The token of an invite's secret: the relay can match it and cannot go back from it. */
export const inviteToken = (secret: Uint8Array): InviteToken =>
  toBase64url(hashOf('gigi/invite-token/1', secret).subarray(0, 16))

export function encodeRequest(request: PresenceRequest): Uint8Array {
  switch (request.type) {
    case 'watch':
      return encode([
        0,
        request.watches.map((w) => [
          keyOfPeerId(w.peer),
          w.token === undefined ? null : fromBase64url(w.token),
        ]),
      ])
    case 'unwatch':
      return encode([1, request.peers.map(keyOfPeerId)])
    case 'tokens':
      return encode([2, request.tokens.map(fromBase64url)])
    case 'start':
      return encode([3, startFields(request.start)])
  }
}

/** A client's frame, or null when its kind is not known. Throws MalformedError. */
export function decodeRequest(bytes: Uint8Array): PresenceRequest | null {
  const [kind, body] = kindAndBody(bytes)
  switch (kind) {
    case 0:
      return {
        type: 'watch',
        watches: list(tuple<[PeerId, InviteToken | null]>(peer, nullable(token)), MAX_PEERS_PER_FRAME)(
          body,
          'watch',
        ).map(([peer, token]) => (token === null ? { peer } : { peer, token })),
      }
    case 1:
      return { type: 'unwatch', peers: list(peer, MAX_PEERS_PER_FRAME)(body, 'unwatch') }
    case 2:
      return { type: 'tokens', tokens: list(token, MAX_INVITE_TOKENS)(body, 'tokens') }
    case 3:
      return { type: 'start', start: start(body, 'start') }
    default:
      return null
  }
}

export const encodePresence = (changes: readonly PeerPresence[]): Uint8Array =>
  encode([16, changes.map(({ peer, online }) => [keyOfPeerId(peer), online])])

export const encodeRival = (start: Start): Uint8Array => encode([17, startFields(start)])

/** A relay's frame, or null when its kind is not known. Throws MalformedError. */
export function decodeNews(bytes: Uint8Array): PresenceNews | null {
  const [kind, body] = kindAndBody(bytes)
  if (kind === 17) return { type: 'rival', start: start(body, 'rival') }
  if (kind !== 16) return null
  const read = list(tuple<[PeerId, boolean]>(peer, flag), MAX_PEERS_PER_FRAME)
  const changes = read(body, 'presence').map(([peer, online]) => ({ peer, online }))
  return { type: 'presence', changes }
}

const startFields = ({ installation, started, signature }: Start): Cbor => [
  fromBase64url(installation),
  started,
  signature,
]

const start: Reader<Start> = (value, field) => {
  const [installation, started, signature] = tuple<[Uint8Array, number, Uint8Array]>(
    fixedBytes(16),
    uint(MAX_TIME_MS),
    fixedBytes(64),
  )(value, field)
  return { installation: toBase64url(installation) as InstallationId, started, signature }
}
