/** A person's device: a store that lasts, tabs that come and go, and a clock that may be wrong. */
import { addContact } from '../../store/contacts.ts'
import { createIdentity, saveConfig } from '../../store/identity.ts'
import type { PersistenceConfig } from '../../domain/config.ts'
import type { InstallationId, PeerId } from '../../domain/ids.ts'
import { grantSignedBytes, inviteGrant, sealGrant } from '../../protocol/grant.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import { GRANT_LIFE_MS } from '../../protocol/limits.ts'
import { GigiDatabase } from '../../store/schema.ts'
import type { Clock } from '../../sync/ports.ts'
import type { Person } from '../people.ts'
import { Tab } from './tab.ts'
import type { World } from './world.ts'

/** The shortest and longest wait until an app that died is opened again, milliseconds. */
const REOPEN_MS = [50, 120_000] as const

export class Device {
  readonly world: World
  readonly who: Person
  readonly name: string
  readonly contacts: readonly Person[]
  readonly clock: Clock
  /** How far its clock is ahead, milliseconds. */
  clockOffset = 0
  /** The storage takes nothing. */
  storageDead = false
  /** Whether its user wants the app open. */
  #wanted = false
  /** It may not be opened now, whatever its user wants. */
  #barred = false
  readonly #tabs = new Set<Tab>()

  constructor(world: World, who: Person, name: string, contacts: readonly Person[]) {
    this.world = world
    this.who = who
    this.name = name
    this.contacts = contacts
    this.clock = { now: () => Math.floor(world.schedule.now) + this.clockOffset }
  }

  /** Writes what the profile begins with. */
  async create(config: PersistenceConfig): Promise<void> {
    const db = new GigiDatabase(this.name)
    const { who, clock } = this
    const installationId = toBase64url(who.random.bytes(16)) as InstallationId
    const now = clock.now()
    await createIdentity(db, {
      peerId: who.peerId,
      nickname: who.nickname,
      entropy: who.entropy,
      installationId,
      now,
    })
    await saveConfig(db, config)
    for (const { peerId, nickname } of this.contacts)
      await addContact(
        db,
        who.peerId,
        { peerId, nickname, relays: [], grant: await this.#grantOf(peerId, now) },
        now,
      )
    db.close()
  }

  /** What the link of a contact brings: leave to leave them mail. */
  async #grantOf(peer: PeerId, now: number): Promise<Uint8Array> {
    const secret = toBase64url(this.who.random.bytes(16))
    const grant = inviteGrant(peer, secret, now + GRANT_LIFE_MS)
    return sealGrant(grant, await this.world.crypto(peer).sign(grantSignedBytes(grant)))
  }

  /** The newest tab in which something can be done. */
  get tab(): Tab | undefined {
    return [...this.#tabs].findLast((tab) => tab.isUsable)
  }

  get tabs(): readonly Tab[] {
    return [...this.#tabs]
  }

  /** Opens the app in one more tab, which takes over. */
  open(): void {
    this.#wanted = true
    if (this.#barred) return
    const tab = new Tab(this)
    this.#tabs.add(tab)
    tab.open().catch(() => {
      tab.kill()
    })
  }

  /** Closes the app. */
  close(): void {
    this.#wanted = false
    for (const tab of this.#tabs) void tab.stop()
  }

  /** Closes the app until it is admitted again. */
  bar(): void {
    this.#barred = true
    for (const tab of this.#tabs) void tab.stop()
  }

  /** It may be open, and is if its user wants it. */
  admit(): void {
    this.#barred = false
    if (this.#wanted && this.#tabs.size === 0) this.open()
  }

  /** A tab is gone. The last one is opened again, as long as the user wants the app open. */
  ended(tab: Tab): void {
    if (!this.#tabs.delete(tab) || this.#tabs.size > 0 || !this.#wanted) return
    this.world.schedule.after(this.world.chance.spread(...REOPEN_MS), () => {
      if (this.#wanted && this.#tabs.size === 0) this.open()
    })
  }
}
