/** Knows who shut whom out: what they must not take from then on, and which grants no mailbox may hold to any more. */
import type { PeerId } from '../../domain/ids.ts'
import { type GrantId, inviteGrantId } from '../../protocol/grant.ts'
import { fromBase64url } from '../../protocol/identifiers.ts'
import type { ContactRow, MetaRow } from '../../store/schema.ts'

export class TrespassWatch {
  readonly #blocked = new Set<PeerId>()
  /** What was given to someone and is not revoked. */
  readonly #given = new Map<PeerId, Set<GrantId>>()
  #link: string | undefined
  /** The grants that were revoked, by their ids. */
  readonly revoked = new Set<GrantId>()

  isBlocked(peer: PeerId): boolean {
    return this.#blocked.has(peer)
  }

  contacts(rows: readonly ContactRow[]): void {
    for (const { peer_id: peer, state, grant_to: grant } of rows) {
      const given = this.#given.get(peer) ?? new Set()
      this.#given.set(peer, given)
      if (grant !== undefined) given.add(grant.id)
      if (state !== 'blocked') this.#blocked.delete(peer)
      else {
        this.#blocked.add(peer)
        for (const id of given) this.revoked.add(id)
        given.clear()
      }
    }
  }

  meta(rows: readonly MetaRow[]): void {
    for (const row of rows) {
      if (row.key !== 'invite' || row.secret === this.#link) continue
      if (this.#link !== undefined) this.revoked.add(inviteGrantId(fromBase64url(this.#link)))
      this.#link = row.secret
    }
  }
}
