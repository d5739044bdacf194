/** People shut each other out and think better of it, and make their links anew. */
import type { PeerId } from '../../domain/ids.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import { GRANT_LIFE_MS } from '../../protocol/limits.ts'
import { setContactState } from '../../store/contacts.ts'
import { saveInviteSecret } from '../../store/invite-secret.ts'
import type { ContactState } from '../../store/schema.ts'
import type { Chance } from './chance.ts'
import type { Device } from './device.ts'
import type { Schedule } from './schedule.ts'

const MINUTE = 60_000
/** How long someone stays blocked, milliseconds. */
const BLOCKED_MS = [MINUTE, 6 * 60 * MINUTE] as const
/** The wait before someone tries again what the app could not do, milliseconds. */
const AGAIN_MS = MINUTE

export class Quarrels {
  readonly #schedule: Schedule
  readonly #chance: Chance
  /** Blocks that are not taken back yet, by who blocked whom. */
  readonly #open = new Map<string, () => void>()

  constructor(schedule: Schedule, chance: Chance) {
    this.#schedule = schedule
    this.#chance = chance
  }

  /** Whether anyone is blocked. */
  get areOpen(): boolean {
    return this.#open.size > 0
  }

  /** Someone blocks a contact, for a while. */
  begin(device: Device): void {
    const { peerId } = this.#chance.pick(device.contacts)
    const key = `${device.name} ${peerId}`
    if (this.#open.has(key)) return
    const blocking = this.#set(device, peerId, 'blocked')
    const makeUp = (): void => {
      callOff()
      // It may not even have come to the block so far.
      void blocking
        .then(() => this.#set(device, peerId, 'accepted'))
        .then(() => {
          this.#open.delete(key)
        })
    }
    const callOff = this.#schedule.after(this.#chance.spread(...BLOCKED_MS), makeUp)
    this.#open.set(key, makeUp)
  }

  /** Everyone makes up, as soon as their app takes it. */
  end(): void {
    for (const makeUp of [...this.#open.values()]) makeUp()
  }

  /** Someone makes their link anew, if their app is open. */
  renewLink({ tab, who, clock }: Device): void {
    if (tab?.db == null) return
    const invite = { secret: toBase64url(who.random.bytes(16)), expires: clock.now() + GRANT_LIFE_MS }
    // What the app could not do is not seen to be done: they have the link that they had.
    saveInviteSecret(tab.db, invite).catch(() => undefined)
  }

  async #set(device: Device, peer: PeerId, state: ContactState): Promise<void> {
    for (;;)
      try {
        const db = device.tab?.db
        if (db == null) throw new Error('the app is closed')
        await setContactState(db, device.who.peerId, peer, state)
        return
      } catch {
        await new Promise<void>((resolve) => this.#schedule.after(AGAIN_MS, resolve))
      }
  }
}
