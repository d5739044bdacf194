/** What lets others leave us mail: grants for contacts, and the prekey that mail is sealed to. */
import type { PeerId } from '../domain/ids.ts'
import { grantSignedBytes, holderOf, sealGrant } from '../protocol/grant.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { prekeyId } from '../protocol/letter.ts'
import { GRANT_LIFE_MS, PREKEY_LIFE_MS } from '../protocol/limits.ts'
import { prekeySignedBytes, sealPrekey } from '../protocol/prekey.ts'
import { readContact } from '../store/contacts.ts'
import { keepGivenGrant } from '../store/grants.ts'
import { currentPrekey, notePublished, savePrekey } from '../store/prekeys.ts'
import type { PrekeyRow } from '../store/schema.ts'
import type { EffectContext } from './effects.ts'
import type { MailContext } from './letters.ts'
import type { Log } from './ports.ts'
import { reach } from './reach.ts'

export interface GrantContext extends EffectContext {
  readonly self: PeerId
  readonly log: Log
}

/** Our grant for an accepted contact: the same until half of its life is over. Null for anyone else. */
export async function grantTo(context: GrantContext, peer: PeerId): Promise<Uint8Array | null> {
  const { db, epoch, self, clock, crypto, random } = context
  const contact = await readContact(db, peer)
  if (contact?.state !== 'accepted') return null
  const now = clock.now()
  if (contact.grant_to !== undefined && contact.grant_to.ends > now + GRANT_LIFE_MS / 2)
    return contact.grant_to.sealed
  const id = toBase64url(random.bytes(16))
  const grant = { owner: self, id, holder: holderOf(id, peer), ends: now + GRANT_LIFE_MS }
  const sealed = sealGrant(grant, await crypto.sign(grantSignedBytes(grant)))
  return (await keepGivenGrant(db, epoch, peer, { id, ends: grant.ends, sealed }))?.sealed ?? null
}

/** Whether the prekey that is published has had its time. */
export async function isPrekeyDue({ db, clock }: MailContext): Promise<boolean> {
  const last = await currentPrekey(db)
  // One that was made by a clock ahead is kept until that time has come: a newer one would have to be later still.
  return last === undefined || clock.now() - last.made >= PREKEY_LIFE_MS
}

/** Publishes our prekey, a new one when the last has had its time, and destroys those that have had theirs (SPEC 18.6). */
export async function publishPrekey(context: MailContext): Promise<void> {
  const { db, epoch, clock, mailbox } = context
  const last = await currentPrekey(db)
  const isFresh = last !== undefined && !(await isPrekeyDue(context))
  const prekey = isFresh ? last : await newPrekey(context, last?.made ?? 0)
  await reach(mailbox.publish(prekey.sealed))
  await notePublished(db, epoch, prekey, clock.now())
}

async function newPrekey(
  { db, epoch, self, clock, crypto, sealer }: MailContext,
  lastMade: number,
): Promise<PrekeyRow> {
  const { publicKey, privateKey } = await sealer.newPrekey()
  // Depositors take none that is older than one they know.
  const prekey = { owner: self, publicKey, made: Math.max(clock.now(), lastMade + 1) }
  const row: PrekeyRow = {
    id: prekeyId(publicKey),
    made: prekey.made,
    sealed: sealPrekey(prekey, await crypto.sign(prekeySignedBytes(prekey))),
    public_key: publicKey,
    private_key: privateKey,
  }
  await savePrekey(db, epoch, row)
  return row
}
