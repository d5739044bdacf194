/**
 * What the mailbox answers to whom (SPEC 18): checks grants, and asks the store. It knows no streams, and its world is
 * injected, so that it also runs in simulations. Requests come decoded, and in the name of a peer that was proven.
 */
import type { PeerId } from '../../src/domain/ids.ts'
import { type Cbor, MalformedError } from '../../src/protocol/cbor.ts'
import { type Grant, grantHolds, openGrant } from '../../src/protocol/grant.ts'
import { keyOfPeerId, toBase64url } from '../../src/protocol/identifiers.ts'
import { MAIL_LIFE_MS, OWNER_AWAY_MS } from '../../src/protocol/limits.ts'
import {
  fetchedPayload,
  heldPayload,
  type MailboxCode,
  type MailboxRequest,
} from '../../src/protocol/mailbox.ts'
import { openPrekey } from '../../src/protocol/prekey.ts'
import { MAX_VERIFIED_GRANTS } from '../limits.ts'
import { DepositRates } from './deposit-rates.ts'
import { SteadyClock } from './steady-clock.ts'
import type { MailboxStore } from './store.ts'

export type Verify = (
  key: Uint8Array,
  signature: Uint8Array,
  signed: Uint8Array<ArrayBuffer>,
) => Promise<boolean>

/** From whom something is that wakes its owner: a contact, or anyone who may have a grant without a holder; of what is quiet, nobody. */
export type News = 'contact' | 'anyone' | 'nobody'

export interface MailboxInit {
  readonly store: MailboxStore
  /** Whether an Ed25519 signature is by that key. Resolves, also for what is no key. */
  readonly verify: Verify
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Something new is stored for this owner. */
  readonly deposited: (owner: PeerId, news: News) => void
  /** Whether owners may be woken at an endpoint; absent: nobody is woken. */
  readonly accepts?: (endpoint: string) => boolean
  /** The store failed; the client was told `failed`. */
  readonly failed: (error: unknown) => void
}

type DepositRequest = MailboxRequest & { readonly type: 'deposit' }

/** What not only owners ask for. */
const WITH_GRANTS: ReadonlySet<MailboxRequest['type']> = new Set(['deposit', 'status', 'prekey'])

/** What stands in an answer. */
export interface Outcome {
  readonly code: MailboxCode
  readonly payload: Cbor
  /** Of a fetch: it brought what is last, or there is nothing at all. */
  readonly fetched?: 'last' | 'nothing'
}

export class Mailbox {
  readonly #init: MailboxInit
  /** Grants whose signature is good, by their bytes; the first is the one that was not used for longest. */
  readonly #verified = new Map<string, Grant>()
  readonly #rates = new DepositRates()
  /** For what is deleted at its time; grants hold by the machine's own. */
  readonly #steady: SteadyClock

  constructor(init: MailboxInit) {
    this.#init = init
    this.#steady = new SteadyClock(init.now)
  }

  /** Goes on from what an earlier run of the relay has left. Before anything is asked of it. Rejects when the store does. */
  async begin(): Promise<void> {
    const before = await this.#init.store.clock()
    if (before !== null) this.#steady.restore(before)
  }

  /** Does what `peer` asks for. Never rejects: what the store cannot do is `failed`. */
  async answer(peer: PeerId, request: MailboxRequest): Promise<Outcome>
  /** `large`: the answer would bring more than `within` bytes of items or of a blob, and was not read. */
  async answer(peer: PeerId, request: MailboxRequest, within: number | undefined): Promise<Outcome | 'large'>
  async answer(peer: PeerId, request: MailboxRequest, within?: number): Promise<Outcome | 'large'> {
    const { store } = this.#init
    try {
      const outcome = this.#answer(peer, request, within)
      // In the same turn, so that the two share a transaction. What fails only now is noted the next time.
      if (!WITH_GRANTS.has(request.type)) store.seen(peer, this.#steady.now()).catch(() => undefined)
      return await outcome
    } catch (error) {
      this.#init.failed(error)
      return { code: 'failed', payload: null }
    }
  }

  /** Deletes what had its time. Rejects when the store does. */
  async sweep(): Promise<void> {
    const { store } = this.#init
    // First: should the relay end in the middle of it, a jump is known already.
    await store.noteClock(this.#steady.read())
    const now = this.#steady.now()
    await store.sweep({ items: now - MAIL_LIFE_MS, owners: now - OWNER_AWAY_MS }, now)
  }

  async #answer(
    peer: PeerId,
    request: MailboxRequest,
    within: number | undefined,
  ): Promise<Outcome | 'large'> {
    const { store, now } = this.#init
    switch (request.type) {
      case 'deposit': {
        const grant = await this.#grant(request.grant, peer)
        if (grant === null) return refused('denied')
        return this.#rates.take(grant, now()) ? await this.#deposit(grant, request) : refused('busy')
      }
      case 'fetch': {
        const fetched = await store.fetch(peer, request.after, within)
        if (fetched === 'large') return 'large'
        const outcome = done(fetchedPayload(fetched))
        if (fetched.more) return outcome
        const isNothing = request.after === 0 && fetched.items.length === 0
        return { ...outcome, fetched: isNothing ? 'nothing' : 'last' }
      }
      case 'confirm':
        await store.confirm(peer, request.ids)
        return done()
      case 'status': {
        const grant = await this.#grant(request.grant, peer)
        const held = grant && (await store.held(grant.owner, grant.id, request.ids))
        return held === null || held === 'denied' ? refused('denied') : done(heldPayload(held))
      }
      case 'prekey': {
        const grant = await this.#grant(request.grant, peer)
        const prekey = grant === null ? 'denied' : await store.prekey(grant.owner, grant.id)
        return prekey === 'denied' ? refused('denied') : done(prekey)
      }
      case 'publish':
        if (!(await this.#isPrekeyOf(peer, request.prekey))) return refused('malformed')
        return plain(await store.publish(peer, request.prekey))
      case 'revoke': {
        // Those that do not hold by themselves any more would only take room.
        const grants = request.grants.filter(({ ends }) => ends > now())
        return plain(await store.revoke(peer, grants))
      }
      case 'keep':
        return plain(await store.keep(peer, request.blob))
      case 'recall': {
        const blob = await store.recall(peer, within)
        return blob === 'large' ? 'large' : done(blob)
      }
      case 'subscribe':
        if (this.#init.accepts?.(request.endpoint) !== true) return refused('malformed')
        return plain(await store.subscribe(peer, request.endpoint, this.#steady.now()))
      case 'unsubscribe':
        await store.unsubscribe(peer, request.endpoint)
        return done()
    }
  }

  async #deposit({ owner, id: grant, holder }: Grant, { id, item, quiet }: DepositRequest): Promise<Outcome> {
    const { store, deposited } = this.#init
    const open = holder === null
    const at = Math.max(1, this.#steady.now())
    const outcome = await store.deposit({ owner, grant, open, id, item, at })
    switch (outcome) {
      case 'stored':
        deposited(owner, quiet === true ? 'nobody' : open ? 'anyone' : 'contact')
        return done()
      case 'known':
        return done()
      default:
        return refused(outcome)
    }
  }

  /** The grant, if it holds for `peer` but for revocation, of which the store knows. */
  async #grant(sealed: Uint8Array, peer: PeerId): Promise<Grant | null> {
    const grant = await this.#signedGrant(sealed)
    return grant !== null && grantHolds(grant, peer, this.#init.now()) ? grant : null
  }

  async #signedGrant(sealed: Uint8Array): Promise<Grant | null> {
    const name = toBase64url(sealed)
    const known = this.#verified.get(name)
    const grant = known ?? (await this.#verifiedGrant(sealed))
    if (grant === null) return null
    this.#verified.delete(name)
    this.#verified.set(name, grant)
    const [oldest] = this.#verified.keys()
    if (this.#verified.size > MAX_VERIFIED_GRANTS && oldest !== undefined) this.#verified.delete(oldest)
    return grant
  }

  async #verifiedGrant(sealed: Uint8Array): Promise<Grant | null> {
    const opened = unlessMalformed(() => openGrant(sealed))
    if (opened === null) return null
    const { grant, signature, signed } = opened
    return (await this.#init.verify(keyOfPeerId(grant.owner), signature, signed)) ? grant : null
  }

  async #isPrekeyOf(peer: PeerId, sealed: Uint8Array): Promise<boolean> {
    const opened = unlessMalformed(() => openPrekey(sealed))
    if (opened?.prekey.owner !== peer) return false
    return await this.#init.verify(keyOfPeerId(peer), opened.signature, opened.signed)
  }
}

const done = (payload: Cbor = null): Outcome => ({ code: 'done', payload })
const refused = (code: MailboxCode): Outcome => ({ code, payload: null })
const plain = (code: 'done' | 'full'): Outcome => ({ code, payload: null })

function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}
