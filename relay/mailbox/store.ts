/**
 * What keeps the mail: the one thing of the mailbox that lasts. What a function of it says was done is durable when its
 * promise resolves; where it rejects, nothing was done, or it may be asked again without harm. Functions take effect one
 * after another, in the order in which they were called. Another engine, one on several machines say, has to keep to
 * `store-contract.ts` and nothing else.
 */
import type { PeerId } from '../../src/domain/ids.ts'
import type { GrantId } from '../../src/protocol/grant.ts'
import type { Fetched, ItemId, Revocation } from '../../src/protocol/mailbox.ts'
import {
  MAILBOX_RESERVED_PART,
  MAX_BYTES_PER_GRANT,
  MAX_BYTES_PER_OPEN_GRANT,
  MAX_BYTES_PER_OWNER,
  MAX_ITEMS_PER_GRANT,
  MAX_ITEMS_PER_OPEN_GRANT,
  MAX_ITEMS_PER_OWNER,
  MAX_REVOCATIONS_PER_OWNER,
  MAX_SUBSCRIPTIONS_PER_OWNER,
} from '../limits.ts'
import type { ClockState } from './steady-clock.ts'

export interface Deposit {
  readonly owner: PeerId
  readonly grant: GrantId
  /** Whoever has the grant may use it, so that there is less room under it. */
  readonly open: boolean
  readonly id: ItemId
  readonly item: Uint8Array
  /** Milliseconds since the Unix epoch, from 1. */
  readonly at: number
}

/**
 * `stored`: it is there now; `known`: it was there, under the same grant, and nothing changed; `denied`: the grant is
 * revoked, or the owner holds that id under another; `full`: there is no room for now.
 */
export type Deposited = 'stored' | 'known' | 'denied' | 'full'

/** What an owner has at most. Counted are the bytes of items, and in `totalBytes` MAILBOX_ROW_BYTES for each row as well. */
export interface Room {
  readonly ownerItems: number
  readonly ownerBytes: number
  readonly grantItems: number
  readonly grantBytes: number
  readonly openItems: number
  readonly openBytes: number
  readonly revocations: number
  readonly subscriptions: number
  /** Of all owners: items, prekeys, blobs, revocations and subscriptions. */
  readonly totalBytes: number
  /** Of these, what items and blobs cannot take. */
  readonly reservedBytes: number
}

/** The room that the limits give, with `totalBytes` for all. */
export const roomOf = (totalBytes: number): Room => ({
  ownerItems: MAX_ITEMS_PER_OWNER,
  ownerBytes: MAX_BYTES_PER_OWNER,
  grantItems: MAX_ITEMS_PER_GRANT,
  grantBytes: MAX_BYTES_PER_GRANT,
  openItems: MAX_ITEMS_PER_OPEN_GRANT,
  openBytes: MAX_BYTES_PER_OPEN_GRANT,
  revocations: MAX_REVOCATIONS_PER_OWNER,
  subscriptions: MAX_SUBSCRIPTIONS_PER_OWNER,
  totalBytes,
  reservedBytes: Math.floor(totalBytes / MAILBOX_RESERVED_PART),
})

/** Where an owner can be woken, and how that went. */
export interface Subscription {
  readonly endpoint: string
  /** Pushes in a row that were not taken. */
  readonly failures: number
  /** No push before this time, milliseconds since the Unix epoch. */
  readonly notBefore: number
}

/** What had its time, in milliseconds since the Unix epoch; revocations have an end of their own. */
export interface Expired {
  /** Items that were deposited then or before. */
  readonly items: number
  /** Blobs, prekeys and subscriptions of owners who were last there then or before. Of whom nothing is noted counts as there at the next sweep. */
  readonly owners: number
}

export interface MailboxStore {
  deposit(deposit: Deposit): Promise<Deposited>
  /**
   * The owner's items behind that position, oldest first: MAX_ITEMS_PER_FETCH, and FETCH_BYTES unless it is one. `large`: they
   * have more than `within` bytes, and were not read.
   */
  fetch(owner: PeerId, after: number): Promise<Fetched>
  fetch(owner: PeerId, after: number, within: number | undefined): Promise<Fetched | 'large'>
  /** Deletes those of the ids that the owner holds. */
  confirm(owner: PeerId, ids: readonly ItemId[]): Promise<void>
  /** Which of the ids the owner holds under that grant. */
  held(owner: PeerId, grant: GrantId, ids: readonly ItemId[]): Promise<readonly ItemId[] | 'denied'>
  /** Replaces the owner's prekey. */
  publish(owner: PeerId, prekey: Uint8Array): Promise<'done' | 'full'>
  /** The owner's prekey, for whoever has that grant; null: none was published. */
  prekey(owner: PeerId, grant: GrantId): Promise<Uint8Array | null | 'denied'>
  /** Denies the owner's grants from now on until their end; all of them or, where there is no room, none. */
  revoke(owner: PeerId, grants: readonly Revocation[]): Promise<'done' | 'full'>
  /** Replaces the owner's blob. */
  keep(owner: PeerId, blob: Uint8Array): Promise<'done' | 'full'>
  /** The owner's blob; null: there is none. `large`: it has more than `within` bytes, and was not read. */
  recall(owner: PeerId): Promise<Uint8Array | null>
  recall(owner: PeerId, within: number | undefined): Promise<Uint8Array | null | 'large'>
  /**
   * Adds an endpoint, or notes that it is still wanted at `at` (milliseconds since the Unix epoch); how pushing went stays.
   * Where the owner has as many as there is room for, the one goes that was wanted longest ago.
   */
  subscribe(owner: PeerId, endpoint: string, at: number): Promise<'done' | 'full'>
  /** Removes one of the owner's endpoints, if it is there. */
  unsubscribe(owner: PeerId, endpoint: string): Promise<void>
  /** The owner's, in any order. */
  subscriptions(owner: PeerId): Promise<readonly Subscription[]>
  /** Notes how pushing went, if the owner still has that endpoint. */
  pushed(owner: PeerId, subscription: Subscription): Promise<void>
  /** Notes that the owner was there at `at` (milliseconds since the Unix epoch), unless that is known to OWNER_SEEN_MS, or nothing of it is here. */
  seen(owner: PeerId, at: number): Promise<void>
  /** What was noted of the relay's clock last; null: nothing yet. */
  clock(): Promise<ClockState | null>
  noteClock(state: ClockState): Promise<void>
  /** Deletes what had its time at `now`. Tells how many items. What was deleted before is in no file any more when it resolves. */
  sweep(before: Expired, now: number): Promise<number>
  /** Ends what was begun, and frees what it holds. All calls after it reject. */
  close(): Promise<void>
}
