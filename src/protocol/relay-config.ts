/**
 * `/config.json` (SPEC 7.8), which the relay serves to the app: where its libp2p listens, which ICE servers to use, and the
 * key of its pushes.
 */
import { MalformedError } from './cbor.ts'
import { MAX_ADDRESS_LENGTH, MAX_RELAYS } from './limits.ts'

export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

export interface RelayConfig {
  /** Multiaddrs of the relay, each ending in its peer id. */
  readonly relays: readonly string[]
  readonly iceServers: readonly IceServer[]
  /** The public key that browsers subscribe with to be woken (VAPID, RFC 8292), base64url; absent: this relay wakes nobody. */
  readonly vapid?: string
}

const MAX_ICE_SERVERS = 16
/** A point of P-256, not compressed: 65 bytes. */
const VAPID_KEY = /^B[A-Za-z0-9_-]{86}$/

/** Reads `/config.json`. Throws MalformedError, with the field, when it is not one. */
export function readRelayConfig(value: unknown): RelayConfig {
  const { relays, iceServers, vapid } = object(value, 'config')
  return {
    relays: list(relays, MAX_RELAYS, 'relays').map((relay) => address(relay, 'relays')),
    iceServers: list(iceServers, MAX_ICE_SERVERS, 'iceServers').map(iceServer),
    ...(vapid === undefined ? {} : { vapid: vapidKey(vapid) }),
  }
}

function vapidKey(value: unknown): string {
  if (typeof value !== 'string' || !VAPID_KEY.test(value))
    throw new MalformedError('vapid: expected a public key')
  return value
}

function iceServer(value: unknown): IceServer {
  const { urls, username, credential } = object(value, 'iceServers')
  return {
    urls: Array.isArray(urls) ? urls.map((url) => address(url, 'urls')) : address(urls, 'urls'),
    ...(username === undefined ? {} : { username: address(username, 'username') }),
    ...(credential === undefined ? {} : { credential: address(credential, 'credential') }),
  }
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError(`${field}: expected an object`)
  return { ...value }
}

function list(value: unknown, max: number, field: string): unknown[] {
  if (!Array.isArray(value) || value.length > max)
    throw new MalformedError(`${field}: expected at most ${max}`)
  return value
}

function address(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > MAX_ADDRESS_LENGTH)
    throw new MalformedError(`${field}: expected text of at most ${MAX_ADDRESS_LENGTH} characters`)
  return value
}
