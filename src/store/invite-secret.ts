/** Changing the secret of our own invite link, which takes cryptography to revoke what the one before gave. */
import { revokeInviteGrant } from './grants.ts'
import type { InviteSecret } from './identity.ts'
import type { GigiDatabase } from './schema.ts'

/** Replaces the secret: links made with an earlier one are worth nothing from here on. */
export function saveInviteSecret(db: GigiDatabase, { secret, expires }: InviteSecret): Promise<void> {
  return db.transaction('rw', db.meta, db.revoked_grants, async () => {
    const before = await db.meta.get('invite')
    if (before?.key === 'invite') await revokeInviteGrant(db, before)
    await db.meta.put({ key: 'invite', secret, expires })
  })
}
