/**
 * `/gigi/mailbox/1.0.0` (SPEC 18), between a client and the relay that keeps mail, on one stream. The client numbers its
 * requests from 1, each greater than the last; each is answered once, in any order.
 *
 * | Frame       | From   | Fields                                                       |
 * |-------------|--------|--------------------------------------------------------------|
 * | deposit     | client | 0, number, grant, item id, item, quiet (absent: false)       |
 * | fetch       | client | 1, number, after (position): the items behind that position  |
 * | confirm     | client | 2, number, [item id, …]: deletes them                        |
 * | status      | client | 3, number, grant, [item id, …]: which of them are held       |
 * | prekey      | client | 4, number, grant: the prekey of the grant's owner            |
 * | publish     | client | 5, number, prekey: replaces the last                         |
 * | revoke      | client | 6, number, [[grant id, end (ms)], …]                         |
 * | keep        | client | 7, number, blob: replaces the last                           |
 * | recall      | client | 8, number: the blob                                          |
 * | subscribe   | client | 9, number, endpoint: wakes this client there when mail comes |
 * | unsubscribe | client | 10, number, endpoint: not there any more                     |
 * | answer      | relay  | 16, number, code, payload                                    |
 * | mail        | relay  | 17: something was deposited for this client                  |
 */
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { type Cbor, decode, encode, MalformedError } from './cbor.ts'
import type { GrantId } from './grant.ts'
import { fromBase64url, toBase64url } from './identifiers.ts'
import {
  MAX_ENDPOINT_BYTES,
  MAX_GRANT_BYTES,
  MAX_IDS_PER_REQUEST,
  MAX_ITEM_BYTES,
  MAX_ITEMS_PER_FETCH,
  MAX_PREKEY_BYTES,
} from './limits.ts'
import { bytes, fixedBytes, flag, list, nullable, type Reader, text, tuple, uint } from './shape.ts'

export const MAILBOX_PROTOCOL = '/gigi/mailbox/1.0.0'

/** 16 bytes, base64url, random: chosen by the depositor. */
export type ItemId = string

/** A grant that must not be held to any more, until it would end by itself. */
export interface Revocation {
  readonly id: GrantId
  /** Milliseconds since the Unix epoch. */
  readonly ends: number
}

export type MailboxRequest = { readonly number: number } & (
  | {
      readonly type: 'deposit'
      /** Sealed, as in all requests. */
      readonly grant: Uint8Array
      readonly id: ItemId
      readonly item: Uint8Array
      /** Nothing in it is news to a person: nobody is woken for it. */
      readonly quiet?: true
    }
  | { readonly type: 'fetch'; readonly after: number }
  | { readonly type: 'confirm'; readonly ids: readonly ItemId[] }
  | { readonly type: 'status'; readonly grant: Uint8Array; readonly ids: readonly ItemId[] }
  | { readonly type: 'prekey'; readonly grant: Uint8Array }
  | { readonly type: 'publish'; readonly prekey: Uint8Array }
  | { readonly type: 'revoke'; readonly grants: readonly Revocation[] }
  | { readonly type: 'keep'; readonly blob: Uint8Array }
  | { readonly type: 'recall' }
  /** The endpoint is a URL of a push service; whether the relay goes there is for it to say. */
  | { readonly type: 'subscribe'; readonly endpoint: string }
  | { readonly type: 'unsubscribe'; readonly endpoint: string }
)

/** How a request went (SPEC 18.9), by number. Unknown codes count as `failed`. */
export const MAILBOX_CODES = ['done', 'denied', 'full', 'busy', 'failed', 'malformed'] as const
export type MailboxCode = (typeof MAILBOX_CODES)[number]

export interface MailboxAnswer {
  readonly type: 'answer'
  /** Of the request. */
  readonly number: number
  readonly code: MailboxCode
  /** Read by what was asked: `readFetched`, `readHeld`, `readPrekey`, `readBlob`. Null where nothing is to be said. */
  readonly payload: Cbor
}
export type MailboxNews = MailboxAnswer | { readonly type: 'mail' }

export interface HeldItem {
  /** Rises from item to item of one owner, from 1. */
  readonly position: number
  readonly id: ItemId
  readonly item: Uint8Array
}

export interface Fetched {
  /** Oldest first. */
  readonly items: readonly HeldItem[]
  /** There are others behind these. */
  readonly more: boolean
}

export function encodeMailboxRequest(request: MailboxRequest): Uint8Array<ArrayBuffer> {
  const { number } = request
  switch (request.type) {
    case 'deposit': {
      const elements = [0, number, request.grant, fromBase64url(request.id), request.item]
      return encode(request.quiet === true ? [...elements, true] : elements)
    }
    case 'fetch':
      return encode([1, number, request.after])
    case 'confirm':
      return encode([2, number, request.ids.map(fromBase64url)])
    case 'status':
      return encode([3, number, request.grant, request.ids.map(fromBase64url)])
    case 'prekey':
      return encode([4, number, request.grant])
    case 'publish':
      return encode([5, number, request.prekey])
    case 'revoke':
      return encode([6, number, request.grants.map(({ id, ends }) => [fromBase64url(id), ends])])
    case 'keep':
      return encode([7, number, request.blob])
    case 'recall':
      return encode([8, number])
    case 'subscribe':
      return encode([9, number, request.endpoint])
    case 'unsubscribe':
      return encode([10, number, request.endpoint])
  }
}

const kind = uint(0xffff)
const number = uint(Number.MAX_SAFE_INTEGER, 1)
const id: Reader<string> = (value, field) => toBase64url(fixedBytes(16)(value, field))
const ids = list(id, MAX_IDS_PER_REQUEST)
const grant = bytes(MAX_GRANT_BYTES)
const item = bytes(MAX_ITEM_BYTES)
const revocation = tuple<[GrantId, number]>(id, uint(MAX_TIME_MS))

const deposit = tuple<[number, number, Uint8Array, ItemId, Uint8Array]>(kind, number, grant, id, item)
const fetch = tuple<[number, number, number]>(kind, number, uint(Number.MAX_SAFE_INTEGER))
const confirm = tuple<[number, number, ItemId[]]>(kind, number, ids)
const status = tuple<[number, number, Uint8Array, ItemId[]]>(kind, number, grant, ids)
const prekey = tuple<[number, number, Uint8Array]>(kind, number, grant)
const publish = tuple<[number, number, Uint8Array]>(kind, number, bytes(MAX_PREKEY_BYTES))
const revoke = tuple<[number, number, [GrantId, number][]]>(
  kind,
  number,
  list(revocation, MAX_IDS_PER_REQUEST),
)
const keep = tuple<[number, number, Uint8Array]>(kind, number, item)
const recall = tuple<[number, number]>(kind, number)
const subscription = tuple<[number, number, string]>(kind, number, text(MAX_ENDPOINT_BYTES))

/** A client's frame, or null when its kind is not known. Grants and prekeys are still sealed. Throws MalformedError. */
export function decodeMailboxRequest(frame: Uint8Array): MailboxRequest | null {
  const elements = elementsOf(frame)
  switch (elements[0]) {
    case 0: {
      const [, number, grant, id, item] = deposit(elements, 'deposit')
      const request = { type: 'deposit', number, grant, id, item } as const
      return elements[5] !== undefined && flag(elements[5], 'quiet') ? { ...request, quiet: true } : request
    }
    case 1: {
      const [, number, after] = fetch(elements, 'fetch')
      return { type: 'fetch', number, after }
    }
    case 2: {
      const [, number, ids] = confirm(elements, 'confirm')
      return { type: 'confirm', number, ids }
    }
    case 3: {
      const [, number, grant, ids] = status(elements, 'status')
      return { type: 'status', number, grant, ids }
    }
    case 4: {
      const [, number, grant] = prekey(elements, 'prekey')
      return { type: 'prekey', number, grant }
    }
    case 5: {
      const [, number, prekey] = publish(elements, 'publish')
      return { type: 'publish', number, prekey }
    }
    case 6: {
      const [, number, grants] = revoke(elements, 'revoke')
      return { type: 'revoke', number, grants: grants.map(([id, ends]) => ({ id, ends })) }
    }
    case 7: {
      const [, number, blob] = keep(elements, 'keep')
      return { type: 'keep', number, blob }
    }
    case 8: {
      const [, number] = recall(elements, 'recall')
      return { type: 'recall', number }
    }
    case 9: {
      const [, number, endpoint] = subscription(elements, 'subscribe')
      return { type: 'subscribe', number, endpoint }
    }
    case 10: {
      const [, number, endpoint] = subscription(elements, 'unsubscribe')
      return { type: 'unsubscribe', number, endpoint }
    }
    default:
      kind(elements[0], 'kind')
      return null
  }
}

export const encodeMailboxNews = (news: MailboxNews): Uint8Array<ArrayBuffer> =>
  news.type === 'mail'
    ? encode([17])
    : encode([16, news.number, MAILBOX_CODES.indexOf(news.code), news.payload])

const anything: Reader<Cbor> = (value, field) => {
  if (value === undefined) throw new MalformedError(`${field}: expected a value`)
  return value
}
const answer = tuple<[number, number, number, Cbor]>(kind, number, uint(0xffff), anything)

/** A relay's frame, or null when its kind is not known. Throws MalformedError. */
export function decodeMailboxNews(frame: Uint8Array): MailboxNews | null {
  const elements = elementsOf(frame)
  switch (elements[0]) {
    case 16: {
      const [, number, code, payload] = answer(elements, 'answer')
      return { type: 'answer', number, code: MAILBOX_CODES[code] ?? 'failed', payload }
    }
    case 17:
      return { type: 'mail' }
    default:
      kind(elements[0], 'kind')
      return null
  }
}

function elementsOf(frame: Uint8Array): readonly Cbor[] {
  const value = decode(frame)
  if (!Array.isArray(value)) throw new MalformedError('a frame is an array')
  const elements: readonly Cbor[] = value
  return elements
}

/** The payloads of answers that something was done (SPEC 18.8). */
export const fetchedPayload = ({ items, more }: Fetched): Cbor => [
  items.map(({ position, id, item }) => [position, fromBase64url(id), item]),
  more,
]
export const heldPayload = (ids: readonly ItemId[]): Cbor => ids.map(fromBase64url)

const fetched = tuple<[[number, ItemId, Uint8Array][], boolean]>(
  list(tuple<[number, ItemId, Uint8Array]>(number, id, item), MAX_ITEMS_PER_FETCH),
  flag,
)

/** What the answer to a fetch behind `after` brings. Throws MalformedError; also where asking on would never end. */
export function readFetched(payload: Cbor, after: number): Fetched {
  const [rows, more] = fetched(payload, 'fetched')
  const items = rows.map(([position, id, item]) => ({ position, id, item }))
  if (items.some(({ position }, i) => position <= (items[i - 1]?.position ?? after)))
    throw new MalformedError('fetched: positions do not rise')
  if (more && items.length === 0) throw new MalformedError('fetched: more of nothing')
  return { items, more }
}

/** Which deposits the answer to a status says are held. Throws MalformedError. */
export const readHeld = (payload: Cbor): ItemId[] => ids(payload, 'held')
/** The prekey, sealed, in the answer to prekey; null: none is published. Throws MalformedError. */
export const readPrekey = (payload: Cbor): Uint8Array | null =>
  nullable(bytes(MAX_PREKEY_BYTES))(payload, 'prekey')
/** The blob in the answer to recall; null: there is none. Throws MalformedError. */
export const readBlob = (payload: Cbor): Uint8Array | null => nullable(item)(payload, 'blob')
