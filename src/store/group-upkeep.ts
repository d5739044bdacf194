/** What is to be said in groups of ourselves: which of them want it, and the saying. */
import type { ConversationId } from '../domain/ids.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import type { GivenGrant } from './grants.ts'
import { groupTables } from './groups.ts'
import { openGroupWriter } from './group-writer.ts'
import { requireIdentity } from './identity.ts'
import { checkEpoch } from './leadership.ts'
import type { RandomBytes } from './log-writer.ts'
import { enter } from './membership.ts'
import type { GigiDatabase } from './schema.ts'

export interface GroupNeed {
  readonly group: ConversationId
  /** The user wants to join, and may now. */
  readonly join: boolean
  /** What the members know of us is not what holds; or our leave for them ends before `renewBefore`. */
  readonly card: boolean
}

/** `relays`: where we can be found; none: nothing is to be said of that. */
export function groupsToSeeTo(
  db: GigiDatabase,
  epoch: number,
  relays: readonly string[],
  renewBefore: number,
): Promise<GroupNeed[]> {
  return db.transaction('r', db.meta, db.identity, db.groups, async () => {
    await checkEpoch(db, epoch)
    const { nickname } = await requireIdentity(db)
    const needs: GroupNeed[] = []
    for (const { id: group, standing, choice, card, grant, active } of await db.groups.toArray()) {
      const isSaid =
        card?.nickname === nickname && (relays.length === 0 || card.relays.join() === relays.join())
      const holds = card !== undefined && (grant === undefined || grant.ends > renewBefore)
      const need: GroupNeed = {
        group,
        join: standing === 'invited' && choice === 'joined',
        card: standing === 'joined' && active.length > 0 && !(isSaid && holds),
      }
      if (need.join || need.card) needs.push(need)
    }
    return needs
  })
}

/** Joins where the user wants to and the creator's word of it is here. */
export function joinIfAdmitted(
  db: GigiDatabase,
  epoch: number,
  group: ConversationId,
  now: number,
  random: RandomBytes,
): Promise<boolean> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    await checkEpoch(db, epoch)
    return enter(db, group, now, random)
  })
}

/** Says who we are in a group that we have joined; the leave that we gave before holds no more. */
export function declareCard(
  db: GigiDatabase,
  epoch: number,
  id: ConversationId,
  { relays, grant }: { readonly relays: readonly string[]; readonly grant: GivenGrant | null },
  now: number,
  random: RandomBytes,
): Promise<void> {
  return db.transaction('rw', [...groupTables(db)], async () => {
    await checkEpoch(db, epoch)
    const group = await db.groups.get(id)
    if (group?.standing !== 'joined') return
    const { nickname } = await requireIdentity(db)
    const writer = await openGroupWriter(db, id, now, random)
    await writer.declare({
      type: 'GroupCard',
      nickname,
      relays,
      grant: grant === null ? null : toBase64url(grant.sealed),
    })
    await writer.close()
    if (group.grant !== undefined) await db.revoked_grants.put({ id: group.grant.id, ends: group.grant.ends })
    await db.groups.update(id, (row) => {
      row.card = { nickname, relays }
      if (grant === null) delete row.grant
      else row.grant = grant
    })
  })
}
