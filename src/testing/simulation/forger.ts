/** Letters by nobody: sealed as they should be, since everyone may do that, in the name of a contact who did not sign. */
import type { PeerId } from '../../domain/ids.ts'
import { itemOf, letterAad, LETTER_INFO, prekeyId, sealLetter } from '../../protocol/letter.ts'
import { pad } from '../../protocol/padding.ts'
import type { ItemId } from '../../protocol/mailbox.ts'
import { openPrekey } from '../../protocol/prekey.ts'
import { sealWith } from '../quick-sealer.ts'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

const SIGNATURE_BYTES = 64

/** A letter to `owner` that says that a contact has accepted and read all that was ever written to them. */
export async function forgeSummary(
  { devices, network, oracle }: World,
  owner: PeerId,
  id: ItemId,
  chance: Chance,
): Promise<{ readonly owner: PeerId; readonly id: ItemId; readonly item: Uint8Array }> {
  const victim = devices.find(({ who }) => who.peerId === owner)
  const sealed = await network.mail.post.store().prekey(owner, id)
  const nothing = { owner, id, item: new Uint8Array() }
  if (victim === undefined || sealed === null || sealed === 'denied') return nothing
  const sender = chance.pick(victim.contacts).peerId
  const conversations = oracle.writtenBy(owner, sender)
  const letter = {
    sender,
    recipient: owner,
    written: victim.clock.now(),
    frames: [{ type: 'summary', conversations }],
  } as const
  const { publicKey } = openPrekey(sealed).prekey
  const padded = pad(sealLetter(letter, chance.bytes(SIGNATURE_BYTES)))
  const info = Buffer.from(LETTER_INFO)
  const { enc, ciphertext } = sealWith(chance.bytes(32), publicKey, info, letterAad(owner, id), padded)
  return { owner, id, item: itemOf({ prekey: prekeyId(publicKey), enc, ciphertext }) }
}
