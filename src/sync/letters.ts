/** Letters: what is left for someone who is away is composed and sealed here, and what was left for us is opened and taken in. */
import type { PeerId } from '../domain/ids.ts'
import type { AuthoredMessage } from '../domain/message.ts'
import { LaterVersionError, MalformedError } from '../protocol/cbor.ts'
import { grantHolds, openGrant } from '../protocol/grant.ts'
import { keyOfPeerId, toBase64url } from '../protocol/identifiers.ts'
import {
  type Item,
  itemOf,
  type Letter,
  letterAad,
  type LetterFrame,
  letterSignedBytes,
  openItem,
  openLetter,
  prekeyId,
  sealLetter,
} from '../protocol/letter.ts'
import { pad, unpad } from '../protocol/padding.ts'
import { PUSH_BYTES } from '../protocol/limits.ts'
import type { HeldItem, ItemId } from '../protocol/mailbox.ts'
import { openPrekey } from '../protocol/prekey.ts'
import { notePrekey, takeCard } from '../store/contacts.ts'
import { readContact } from '../store/people.ts'
import { readUnposted } from '../store/deposits.ts'
import { keepReceivedGrant } from '../store/grants.ts'
import { readConfig, requireIdentity } from '../store/identity.ts'
import { oweForMail } from '../store/owed.ts'
import { readPrekey } from '../store/prekeys.ts'
import { BlockedError, type PeerWords } from '../store/reception.ts'
import type { ContactRow, PrekeyRow } from '../store/schema.ts'
import {
  acceptPushes,
  checkPush,
  type EffectContext,
  recordOldSummary,
  seal,
  settleAll,
  summarize,
} from './effects.ts'
import { type GrantContext, grantTo } from './grants.ts'
import { reach } from './reach.ts'
import type { MailAddress, Mailbox, Sealer } from './ports.ts'

/** What mail needs, where it is to be had. */
export interface MailPorts {
  readonly mailbox: Mailbox
  readonly sealer: Sealer
  /** Nobody has opened this: where nothing shows whose the mailbox is, it is left to whichever installation it belongs to. */
  readonly errand?: boolean
}

export interface MailContext extends GrantContext, MailPorts {}

/**
 * Where a contact, or who asks to be one, can be left mail; null where they cannot. It is at the first of their relays: at
 * others nobody looks. A stranger who names another relay than ours must not make us call there.
 */
export function addressOf(
  { self, clock, relays }: Pick<MailContext, 'self' | 'clock' | 'relays'>,
  contact: ContactRow | undefined,
): MailAddress | null {
  if (contact === undefined || contact.state === 'blocked' || contact.grant_from === undefined) return null
  if (!grantHolds(openGrant(contact.grant_from).grant, self, clock.now())) return null
  const [relay] = contact.relays
  if (contact.state === 'request' && relay !== undefined && !relays().includes(relay)) return null
  return { relays: relay === undefined ? [] : [relay], grant: contact.grant_from }
}

/** What is to be said to a peer by letter. */
export interface Draft {
  readonly frames: readonly LetterFrame[]
  /** What the push in it carries. */
  readonly messages: readonly AuthoredMessage[]
}

/** What waits for `peer`, as far as a letter holds it, between who we are and what we have of theirs. */
export async function draftLetter(context: MailContext, peer: PeerId): Promise<Draft> {
  const { db, epoch, clock, crypto } = context
  const { max_batch_size: limit } = await readConfig(db)
  const waiting = await readUnposted(db, epoch, peer, limit, clock.now())
  const envelopes: Uint8Array[] = []
  let bytes = 0
  for (const message of waiting) {
    const envelope = await seal(crypto, message)
    if ((bytes += envelope.length) > PUSH_BYTES) break
    envelopes.push(envelope)
  }
  const { nickname } = await requireIdentity(db)
  const frames: LetterFrame[] = [{ type: 'card', nickname, relays: context.relays() }]
  if (envelopes.length > 0) frames.push({ type: 'push', number: 1, envelopes })
  frames.push(await summarize(context, peer, 'own'))
  const grant = await grantTo(context, peer)
  if (grant !== null) frames.push({ type: 'grant', grant })
  return { frames, messages: waiting.slice(0, envelopes.length) }
}

/** A letter to `peer`, signed, padded and sealed to its prekey, as the item of that id. Rejects with MalformedError for a prekey that seals nothing. */
export async function sealMail(
  { self, clock, crypto, sealer }: MailContext,
  peer: PeerId,
  prekey: Uint8Array,
  id: ItemId,
  frames: readonly LetterFrame[],
): Promise<Uint8Array> {
  const letter: Letter = { sender: self, recipient: peer, written: clock.now(), frames }
  const sealed = sealLetter(letter, await crypto.sign(letterSignedBytes(letter)))
  const { enc, ciphertext } = await sealer.seal(prekey, letterAad(peer, id), pad(sealed))
  return itemOf({ prekey: prekeyId(prekey), enc, ciphertext })
}

/**
 * A peer's prekey as its mailbox gives it: null when there is none, it is not signed by the peer, or is older than one
 * that we have seen.
 */
export async function verifiedPrekey(
  { db, epoch, crypto, mailbox }: MailContext,
  peer: PeerId,
  at: MailAddress,
): Promise<Uint8Array | null> {
  const sealed = await reach(mailbox.prekey(at))
  const opened = sealed === null ? null : readable(() => openPrekey(sealed))
  if (opened?.prekey.owner !== peer) return null
  const { prekey, signature, signed } = opened
  if (!(await crypto.verify(keyOfPeerId(peer), signature, signed))) return null
  return (await notePrekey(db, epoch, peer, prekey.made)) ? prekey.publicKey : null
}

/**
 * What became of an item. over: nothing more will come of it. refused: for now, and it may be taken later. keyless: it is
 * sealed to a prekey that is not here. later: a later version of this app can read it.
 */
export type Taken = 'over' | 'refused' | 'keyless' | 'later'

/**
 * Opens an item of our mailbox and takes in what it says. It is over also with what is not what it should be, or is from
 * someone blocked. Rejects with what the store throws, and the item must stay then (SPEC 19.6).
 */
export async function takeItem(context: MailContext, item: HeldItem): Promise<Taken> {
  try {
    return await takeReadable(context, item)
  } catch (error) {
    if (!(error instanceof LaterVersionError)) throw error
    context.log.info('an item of the mailbox waits for a later version', { reason: error.message })
    return 'later'
  }
}

async function takeReadable(context: MailContext, item: HeldItem): Promise<Taken> {
  const { db, epoch, clock, log } = context
  const sealed = readable(() => openItem(item.item))
  const prekey = sealed === null ? undefined : await readPrekey(db, sealed.prekey)
  if (sealed !== null && prekey === undefined) return 'keyless'
  const letter =
    sealed === null || prekey === undefined ? null : await openMail(context, item.id, sealed, prekey)
  if (letter === null) {
    log.warn('an item of the mailbox is no letter for us')
    return 'over'
  }
  const peer = letter.sender
  try {
    // What is refused for now may be taken later: until then it is where it is.
    if (!(await takeFrames(context, letter))) return 'refused'
    // If this device dies before that, the item is still there and comes once more.
    if (letter.frames.some(({ type }) => type === 'push')) await oweForMail(db, epoch, peer, clock.now())
    log.info('a letter came', { peer })
  } catch (error) {
    if (!(error instanceof BlockedError || error instanceof MalformedError)) throw error
    log.warn('a letter was not taken', { peer, reason: error.message })
  }
  return 'over'
}

async function openMail(
  { self, crypto, sealer }: MailContext,
  id: ItemId,
  sealed: Item,
  prekey: PrekeyRow,
): Promise<Letter | null> {
  const aad = letterAad(self, id)
  const pair = { publicKey: prekey.public_key, privateKey: prekey.private_key }
  const padded = await sealer.open(pair, aad, sealed)
  const opened = padded === null ? null : readable(() => openLetter(unpad(padded), self))
  if (opened === null || opened.letter.sender === self) return null
  const { letter, signed, signature } = opened
  return (await crypto.verify(keyOfPeerId(letter.sender), signature, signed)) ? letter : null
}

/** SPEC 19.4. Returns whether nothing was refused for now. */
async function takeFrames(context: MailContext, { sender, written, frames }: Letter): Promise<boolean> {
  const { db, epoch } = context
  let isTaken = true
  if ((await readContact(db, sender))?.state === 'blocked') throw new BlockedError(`${sender} is blocked`)
  let said: PeerWords = { nickname: '', relays: [] }
  for (const frame of frames)
    switch (frame.type) {
      case 'card':
        said = frame
        await takeCard(db, epoch, context.self, sender, frame, written)
        break
      case 'push': {
        const checked = await checkPush(context.crypto, frame)
        const { refused } = await acceptPushes(context, sender, said, [checked])
        if (refused.some(({ permanent }) => !permanent)) isTaken = false
        break
      }
      case 'summary':
        if ((await readContact(db, sender)) === undefined) break
        await recordOldSummary(context, sender, frame)
        await settleAll(context, sender)
        break
      case 'grant':
        await takeGrant(context, sender, frame.grant, 'letter')
    }
  return isTaken
}

/** Keeps a peer's grant, if it is one, by that peer and for us. A letter may be older than what came since. */
export async function takeGrant(
  { db, epoch, self, crypto, clock, log }: Omit<GrantContext, 'start' | 'relays'>,
  peer: PeerId,
  sealed: Uint8Array,
  by: 'session' | 'letter',
): Promise<void> {
  const opened = readable(() => openGrant(sealed))
  const isOurs = opened?.grant.owner === peer && grantHolds(opened.grant, self, clock.now())
  if (!isOurs || !(await crypto.verify(keyOfPeerId(peer), opened.signature, opened.signed))) {
    log.warn('a grant does not hold', { peer })
    return
  }
  const known = (await readContact(db, peer))?.grant_from
  const before = known === undefined ? undefined : openGrant(known).grant
  // Whoever has a link has that of the link; one's own is better, whenever it ends.
  if (by === 'letter' && before !== undefined && before.holder !== null && before.ends > opened.grant.ends)
    return
  await keepReceivedGrant(db, epoch, peer, sealed)
}

/** What `read` gives; null where it is malformed. Throws LaterVersionError. */
function readable<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedError && !(error instanceof LaterVersionError)) return null
    throw error
  }
}

/** A fresh item id. */
export const newItemId = (context: EffectContext): ItemId => toBase64url(context.random.bytes(16))
