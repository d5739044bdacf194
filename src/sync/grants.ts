/** What lets others leave us mail: grants for contacts, and the prekey that mail is sealed to. */
import type { PeerId } from '../domain/ids.ts'
import { MAX_TIME_MS } from '../domain/ordering.ts'
import { grantSignedBytes, holderOf, sealGrant } from '../protocol/grant.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { prekeyId } from '../protocol/letter.ts'
import { GRANT_LIFE_MS } from '../protocol/limits.ts'
import { prekeySignedBytes, sealPrekey } from '../protocol/prekey.ts'
import { readContact } from '../store/contacts.ts'
import { keepGivenGrant, mayLeaveMail } from '../store/grants.ts'
import { currentPrekey, isPrekeyOver, latestMade, notePublished, savePrekey } from '../store/prekeys.ts'
import type { PrekeyRow } from '../store/schema.ts'
import type { EffectContext } from './effects.ts'
import type { MailContext } from './letters.ts'
import type { Log } from './ports.ts'
import { reach } from './reach.ts'

export interface GrantContext extends EffectContext {
  readonly log: Log
}

/** Our grant for an accepted contact, or a member of a group with us: the same until half of its life is over. Null for anyone else. */
export async function grantTo(context: GrantContext, peer: PeerId): Promise<Uint8Array | null> {
  const { db, epoch, self, clock, crypto, random } = context
  const contact = await readContact(db, peer)
  if (contact === undefined || !(await mayLeaveMail(db, contact))) return null
  const now = clock.now()
  if (contact.grant_to !== undefined && contact.grant_to.ends > now + GRANT_LIFE_MS / 2)
    return contact.grant_to.sealed
  const id = toBase64url(random.bytes(16))
  const grant = { owner: self, id, holder: holderOf(id, peer), ends: now + GRANT_LIFE_MS }
  const sealed = sealGrant(grant, await crypto.sign(grantSignedBytes(grant)))
  const kept = await keepGivenGrant(db, epoch, peer, { id, ends: grant.ends, sealed }, now)
  return kept?.sealed ?? null
}

/** Whether the prekey that is published has had its time, or is not to be published any more. */
export async function isPrekeyDue({ db, clock }: MailContext): Promise<boolean> {
  const last = await currentPrekey(db)
  return last === undefined || isPrekeyOver(last, clock.now())
}

/** Publishes our prekey, a new one when the last has had its time (SPEC 18.6). Returns whether it is a new one. */
export async function publishPrekey(context: MailContext): Promise<boolean> {
  const { db, epoch, clock, mailbox } = context
  const last = await currentPrekey(db)
  const isFresh = last !== undefined && !isPrekeyOver(last, clock.now())
  const prekey = isFresh ? last : await newPrekey(context)
  await reach(mailbox.publish(prekey.sealed))
  await notePublished(db, epoch, prekey, clock.now())
  return !isFresh
}

async function newPrekey({ db, epoch, self, clock, crypto, sealer }: MailContext): Promise<PrekeyRow> {
  const { publicKey, privateKey } = await sealer.newPrekey()
  const now = clock.now()
  // Depositors take none that is older than one they know.
  const made = Math.min(MAX_TIME_MS, Math.max(now, (await latestMade(db)) + 1))
  const prekey = { owner: self, publicKey, made }
  const row: PrekeyRow = {
    id: prekeyId(publicKey),
    made,
    ...(made === now ? {} : { minted_at: now }),
    sealed: sealPrekey(prekey, await crypto.sign(prekeySignedBytes(prekey))),
    public_key: publicKey,
    private_key: privateKey,
  }
  await savePrekey(db, epoch, row)
  return row
}
