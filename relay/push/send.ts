/**
 * One push: an empty request to the endpoint of a push service, signed as `web-push` signs. It is sent by ourselves, since
 * the endpoint is a stranger's word: to an address that was looked at, nowhere further, and without reading what comes back.
 */
import { Resolver } from 'node:dns/promises'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import webpush from 'web-push'
import { MAX_PUSH_ADDRESSES, PUSH_LIFE_S, PUSH_LOOKUP } from '../limits.ts'
import { codeOf } from '../log.ts'
import { isLocal, publicOf } from './endpoint.ts'
import type { PushKeys } from './keys.ts'

/** taken: the push service has it. gone: nobody will ever be woken at that endpoint. */
export type Sent = 'taken' | 'gone'

/** Sends a push to an endpoint (`isEndpoint`). Rejects when it was not taken, for now, and when `signal` is aborted. */
export type Send = (endpoint: string, signal: AbortSignal) => Promise<Sent>

export interface SenderInit {
  readonly keys: PushKeys
  /** Where push services can complain: `mailto:` or `https:`. */
  readonly contact: string
  /** All addresses of a name. Rejects when it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>
}

export function createSender({ keys, contact, resolve }: SenderInit): Send {
  return async (endpoint, signal) => {
    const url = new URL(endpoint)
    // A literal address was allowed by name, and is not looked up.
    const found = isLocal(url) ? [] : await resolve(url.hostname)
    const addresses = publicOf(found)
    // That it says so now does not tell that it always will.
    if (found.length > 0 && addresses.length === 0) throw new Error('it is on no public address')
    signal.throwIfAborted()
    const { publicKey, privateKey } = keys
    const signed = webpush.getVapidHeaders(url.origin, contact, publicKey, privateKey, 'aes128gcm')
    const status = await post(url, {
      signal,
      lookup: lookupOf(addresses.slice(0, MAX_PUSH_ADDRESSES)),
      headers: {
        ...signed,
        'Content-Length': 0,
        TTL: PUSH_LIFE_S,
        // Someone wrote: it is not to wait until the device wakes up by itself.
        Urgency: 'high',
        // One that waits for a browser that is off stands for all.
        Topic: 'mail',
      },
    })
    if (status >= 200 && status < 300) return 'taken'
    if (status === 404 || status === 410) return 'gone'
    throw new Error(`the push service answered ${status}`)
  }
}

/** Asks name servers, and not the system, whose few threads the relay has better use for than to wait for a stranger's names. */
export function createResolver(): SenderInit['resolve'] {
  const resolver = new Resolver(PUSH_LOOKUP)
  return async (name) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = [v6, v4].flatMap((found) => (found.status === 'fulfilled' ? found.value : []))
    if (addresses.length === 0 && v4.status === 'rejected') throw new Error(codeOf(v4.reason))
    return addresses
  }
}

/** Posts nothing, over a connection of its own, and gives the status of the answer. */
function post(url: URL, options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? tlsRequest : plainRequest
    request(url, { ...options, method: 'POST', agent: false }, (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
      .on('error', reject)
      .end()
  })
}

/** Gives these addresses, whatever the name: it must not mean another one when it is asked a second time. */
export const lookupOf =
  (addresses: readonly string[]): LookupFunction =>
  (name, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first] = found
    if (first === undefined) callback(new Error(`${name} has no address`), '')
    else if (all === true) callback(null, found)
    else callback(null, first.address, first.family)
  }
