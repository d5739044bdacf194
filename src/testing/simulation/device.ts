/** A person's device: a store that lasts, tabs that come and go, and a clock that may be wrong. */
import { addContact } from '../../store/contacts.ts'
import { createIdentity, saveConfig } from '../../store/identity.ts'
import type { PersistenceConfig } from '../../domain/config.ts'
import type { InstallationId } from '../../domain/ids.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
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
      await addContact(db, who.peerId, { peerId, nickname, relays: [] }, now)
    db.close()
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

  /** A tab is gone. The last one is opened again, as long as the user wants the app open. */
  ended(tab: Tab): void {
    if (!this.#tabs.delete(tab) || this.#tabs.size > 0 || !this.#wanted) return
    this.world.schedule.after(this.world.chance.spread(...REOPEN_MS), () => {
      if (this.#wanted && this.#tabs.size === 0) this.open()
    })
  }
}
