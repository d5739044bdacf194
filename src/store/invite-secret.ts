/** The secret of our own invite link. */
import { revokeInviteGrant } from './grants.ts'
import type { GigiDatabase } from './schema.ts'

export interface InviteSecret {
  readonly secret: string
  readonly expires: number
}

/** The secret of the current invite link, if one was made and has not expired. */
export async function readInviteSecret(db: GigiDatabase, now: number): Promise<InviteSecret | null> {
  const row = await db.meta.get('invite')
  return row?.key === 'invite' && row.expires > now ? { secret: row.secret, expires: row.expires } : null
}

/** Replaces the secret: links made with an earlier one are worth nothing from here on. */
export function saveInviteSecret(db: GigiDatabase, { secret, expires }: InviteSecret): Promise<void> {
  return db.transaction('rw', db.meta, db.revoked_grants, async () => {
    const before = await db.meta.get('invite')
    if (before?.key === 'invite') await revokeInviteGrant(db, before)
    await db.meta.put({ key: 'invite', secret, expires })
  })
}
