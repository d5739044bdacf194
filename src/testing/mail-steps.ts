/** Steps of tests with devices that leave each other mail. */
import { grantSignedBytes, inviteGrant, sealGrant } from '../protocol/grant.ts'
import { saveInviteSecret } from '../store/invite-secret.ts'
import { addContactByInvite } from '../store/outbox.ts'
import type { Device } from './device.ts'
import { type FakeTime, until } from './fake-world.ts'

/** Of invite links. */
export const SECRET = 'AAAAAAAAAAAAAAAAAAAAAA'

type Condition = () => boolean | Promise<boolean>

/** Someone opens the link of another. */
export async function openLinkOf(inviting: Device, opening: Device): Promise<void> {
  const { who, time } = inviting
  const expires = time.now() + 86_400_000
  await saveInviteSecret(inviting.db, { secret: SECRET, expires })
  const grant = inviteGrant(who.peerId, SECRET, expires)
  const contact = {
    peerId: who.peerId,
    nickname: who.nickname,
    relays: [],
    inviteSecret: SECRET,
    grant: sealGrant(grant, await who.crypto.sign(grantSignedBytes(grant))),
  }
  await addContactByInvite(opening.db, contact, time.now(), opening.who.random.bytes)
}

/** Lets time pass, in small steps, while `condition` does not hold. */
export const passUntil = (time: FakeTime, condition: Condition, what: string, stepMs = 100): Promise<void> =>
  until(async () => {
    if (await condition()) return true
    time.advance(stepMs)
    return false
  }, what)

/** Lets so much time pass, and what is under way go on meanwhile. */
export async function pass(time: FakeTime, ms: number, stepMs = 250): Promise<void> {
  for (const end = time.now() + ms; time.now() < end;) {
    time.advance(stepMs)
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Someone is online for as long as it takes. */
export async function visitUntil(device: Device, condition: Condition, what: string): Promise<void> {
  await device.comeOnline()
  await passUntil(device.time, condition, what)
  await device.goOffline()
}

/** Whether all that someone sent has that status. */
export const are = (device: Device, status: string) => async () => {
  const statuses = await device.statuses()
  return statuses.length > 0 && statuses.every((s) => s === status)
}

/** Whether someone's prekey lies in their mailbox. */
export const hasPrekey = (device: Device) => async () =>
  (await device.post?.store(device.home).prekey(device.who.peerId, 'any')) != null

/** How many items lie in someone's mailbox. */
export const itemsOf = async (device: Device): Promise<number> =>
  (await device.post?.store(device.home).fetch(device.who.peerId, 0))?.items.length ?? 0

export const nothingOwed = (device: Device) => async () => (await device.db.owed.count()) === 0
