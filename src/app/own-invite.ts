/** Our own invite link: loaded when it is asked for, since making it takes cryptography that no screen needs. */
import type { InviteSecret } from '../store/identity.ts'
import { grantSignedBytes, inviteGrant } from '../protocol/grant.ts'
import { signingSeed } from '../protocol/identity.ts'
import { inviteLink, inviteSignedBytes } from '../protocol/invite.ts'
import type { IdentityRow } from '../store/schema.ts'
import { createCrypto } from './crypto.ts'

/** The link with that secret, signed. `base` is the address of the app, without a fragment. */
export async function ownInviteLink(
  base: string,
  { peer_id: peer, nickname, entropy }: IdentityRow,
  secret: InviteSecret,
  relays: readonly string[],
): Promise<string> {
  const { sign } = await createCrypto(signingSeed(entropy))
  const grant = inviteGrant(peer, secret.secret, secret.expires)
  const grantSignature = await sign(grantSignedBytes(grant))
  const invite = { peer, nickname, relays, ...secret, grantSignature }
  return inviteLink(base, invite, await sign(inviteSignedBytes(invite)))
}
