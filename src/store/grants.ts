/** Who may leave mail for whom: the grants that we gave, those that we were given, and those that hold no more (SPEC 18). */
import type { PeerId } from '../domain/ids.ts'
import { type GrantId, inviteGrantId } from '../protocol/grant.ts'
import { fromBase64url } from '../protocol/identifiers.ts'
import { MAX_GRANTS_BEFORE } from '../protocol/limits.ts'
import { checkEpoch } from './leadership.ts'
import type { ContactRow, GigiDatabase, RevokedGrantRow } from './schema.ts'

export interface GivenGrant {
  readonly id: GrantId
  readonly ends: number
  readonly sealed: Uint8Array
}

/**
 * Keeps a grant that we gave to an accepted contact, unless there is one that ends later: that one is returned. Null when
 * they are no accepted contact.
 */
export function keepGivenGrant(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  grant: GivenGrant,
  now: number,
): Promise<GivenGrant | null> {
  return db.transaction('rw', db.meta, db.contacts, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact?.state !== 'accepted') return null
    if (contact.grant_to !== undefined && contact.grant_to.ends >= grant.ends) return contact.grant_to
    const { grant_to: last, grants_before: before = [] } = contact
    await db.contacts.update(peer, {
      grant_to: grant,
      grants_before: grantsThatHold(last === undefined ? before : [...before, last], now),
    })
    return grant
  })
}

/** Those grants that hold still, each once, at most MAX_GRANTS_BEFORE; what ends last is last. */
export function grantsThatHold(grants: readonly RevokedGrantRow[], now: number): readonly RevokedGrantRow[] {
  const byId = new Map(grants.filter(({ ends }) => ends > now).map(({ id, ends }) => [id, { id, ends }]))
  return [...byId.values()].sort((a, b) => a.ends - b.ends).slice(-MAX_GRANTS_BEFORE)
}

/** Keeps a peer's grant for us, sealed; its signature was verified. A stranger's is not kept. */
export function keepReceivedGrant(
  db: GigiDatabase,
  epoch: number,
  peer: PeerId,
  sealed: Uint8Array,
): Promise<void> {
  return db.transaction('rw', db.meta, db.contacts, async () => {
    await checkEpoch(db, epoch)
    const contact = await db.contacts.get(peer)
    if (contact === undefined || contact.state === 'blocked' || sameGrant(contact.grant_from, sealed)) return
    await db.contacts.update(peer, { grant_from: sealed, mailbox_full: 0 })
  })
}

const sameGrant = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one?.length === other.length && one.every((byte, i) => byte === other[i])

/** Within a transaction over `contacts` and `revoked_grants`. */
export async function revokeGrant(db: GigiDatabase, contact: ContactRow | undefined): Promise<void> {
  if (contact?.grant_to === undefined) return
  const { id, ends } = contact.grant_to
  await db.revoked_grants.bulkPut([...(contact.grants_before ?? []), { id, ends }])
  await db.contacts.update(contact.peer_id, (row) => {
    delete row.grant_to
    delete row.grants_before
  })
}

/** Within a transaction over `revoked_grants`. */
export async function revokeInviteGrant(
  db: GigiDatabase,
  invite: { readonly secret: string; readonly expires: number },
): Promise<void> {
  await db.revoked_grants.put({ id: inviteGrantId(fromBase64url(invite.secret)), ends: invite.expires })
}

/** The grants that a mailbox must not hold to, at most `limit`, the latest to end first; those that ended are forgotten. */
export function readRevocations(
  db: GigiDatabase,
  epoch: number,
  limit: number,
  now: number,
): Promise<RevokedGrantRow[]> {
  return db.transaction('rw', db.meta, db.revoked_grants, async () => {
    await checkEpoch(db, epoch)
    const rows = await db.revoked_grants.toArray()
    const over = rows.filter((row) => row.ends <= now).map((row) => row.id)
    if (over.length > 0) await db.revoked_grants.bulkDelete(over)
    return latestToEnd(
      rows.filter((row) => row.ends > now),
      limit,
    )
  })
}

/** At most `limit` of them, those that end last, in an order of their own. */
export const latestToEnd = (rows: readonly RevokedGrantRow[], limit: number): RevokedGrantRow[] =>
  rows.toSorted((a, b) => b.ends - a.ends || (a.id < b.id ? -1 : 1)).slice(0, limit)
