/** What befalls devices and the network as a whole, and tabs at single steps of their stores. */
import type { Chance } from './chance.ts'
import type { FaultName } from './fault-names.ts'
import type { Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { Step } from './watched-store.ts'
import type { World } from './world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Steps of all stores between two faults that strike at a step, on average. */
const STEPS_BETWEEN = 1200
/** One of so many commits of messages is struck: there most is at stake. */
const COMMITS_BETWEEN = 40

/** Faults that strike in the middle of what a store does. */
const AT_STEPS: readonly FaultName[] = ['crash', 'storage', 'half-open', 'tabs']

export class Faults {
  readonly #world: World
  readonly #chance: Chance
  readonly #names: Set<FaultName>
  #atSteps: readonly FaultName[]
  #stepsLeft = STEPS_BETWEEN
  /** A tab dies right after its next commit. */
  #dieAfterCommit = false
  /** How often each fault has struck. */
  readonly struck = new Map<FaultName, number>()

  constructor(world: World, chance: Chance, names: ReadonlySet<FaultName>) {
    this.#world = world
    this.#chance = chance
    this.#names = new Set(names)
    this.#atSteps = AT_STEPS.filter((name) => names.has(name))
  }

  begin(): void {
    const { devices, network, shifts, mailFaults } = this.#world
    const chance = this.#chance
    this.#strike('partition', 2 * HOUR, () => {
      for (const { who } of devices) network.setSide(who.peerId, chance.between(1, 2))
      this.#later(10 * SECOND, HOUR, () => {
        this.#endPartition()
      })
    })
    this.#strike('relay', 2 * HOUR, () => {
      network.setRelayDown(true)
      this.#later(SECOND, HOUR, () => {
        network.setRelayDown(false)
      })
    })
    this.#strike('apart', 10 * HOUR, () => {
      shifts.begin()
      this.#later(HOUR, 6 * HOUR, () => {
        if (this.#names.has('apart')) shifts.end()
      })
    })
    this.#strike('mail-burnt', 6 * HOUR, () => {
      network.setMailShut(true)
      network.mail.post.wipe()
      network.setMailShut(false)
    })
    this.#strike('mail-shut', 3 * HOUR, () => {
      network.setMailShut(true)
      this.#later(SECOND, HOUR, () => {
        network.setMailShut(false)
      })
    })
    this.#strike('mail-full', 3 * HOUR, () => {
      mailFaults.setFull(true)
      this.#later(MINUTE, HOUR, () => {
        mailFaults.setFull(false)
      })
    })
    for (const device of devices) this.#beginFor(device)
  }

  #beginFor(device: Device): void {
    const { network, quarrels } = this.#world
    const { peerId } = device.who
    const chance = this.#chance
    this.#strike('blocks', 8 * HOUR, () => {
      quarrels.begin(device)
    })
    this.#strike('links', 6 * HOUR, () => {
      quarrels.renewLink(device)
    })
    if (this.#names.has('clock')) device.clockOffset = chance.between(-DAY, DAY)
    this.#strike('clock', 8 * HOUR, () => {
      device.clockOffset = chance.between(-DAY, DAY)
    })
    this.#strike('relay', 6 * HOUR, () => {
      network.setUnplugged(peerId, true)
      this.#later(SECOND, HOUR, () => {
        network.setUnplugged(peerId, false)
      })
    })
    this.#strike('absence', 6 * HOUR, () => {
      device.close()
      this.#later(MINUTE, 10 * HOUR, () => {
        if (device.tabs.length === 0) device.open()
      })
    })
    this.#strike('storage', 6 * HOUR, () => {
      device.storageDead = true
      this.#later(SECOND, 2 * MINUTE, () => {
        device.storageDead = false
      })
    })
    this.#strike('crash', 4 * HOUR, () => device.tab?.kill())
    this.#strike('tabs', 4 * HOUR, () => {
      if (device.tab !== undefined) this.#takeOver(device.tab)
    })
  }

  /** Something is about to happen in the store of a tab: perhaps something else does. */
  onStep(tab: Tab, step: Step): void {
    if (tab.device.storageDead && this.#names.has('storage')) step.abort('UnknownError')
    else if (--this.#stepsLeft <= 0) this.#strikeAt(tab, step)
    else if (step.committing && step.ofMessages && this.#chance.happens(1 / COMMITS_BETWEEN))
      this.#strikeAt(tab, step)
  }

  onCommitted(tab: Tab): void {
    if (!this.#dieAfterCommit) return
    this.#dieAfterCommit = false
    tab.kill()
  }

  #strikeAt(tab: Tab, step: Step): void {
    const chance = this.#chance
    if (this.#atSteps.length === 0) return
    const name = chance.pick(this.#atSteps)
    if (name === 'storage' && !step.writes) return
    this.#stepsLeft = chance.wait(STEPS_BETWEEN)
    this.#count(name)
    if (name === 'storage') step.abort('QuotaExceededError')
    else if (name === 'half-open') tab.transport.cut()
    else if (name === 'tabs') this.#takeOver(tab)
    else if (chance.happens(0.5)) this.#dieAfterCommit = true
    else tab.kill()
  }

  /** A second tab leads while the first sleeps, and some day wakes. */
  #takeOver(tab: Tab): void {
    if (!tab.isUsable) return
    tab.freeze()
    tab.device.open()
    this.#later(100, HOUR, () => {
      tab.wake()
    })
  }

  /** Ends every fault; what was broken heals. */
  stop(): void {
    const { devices, network, links, mailFaults, quarrels } = this.#world
    this.#names.clear()
    this.#atSteps = []
    this.#dieAfterCommit = false
    links.stop()
    mailFaults.stop()
    this.#endPartition()
    network.setRelayDown(false)
    network.setMailShut(false)
    for (const device of devices) {
      device.storageDead = false
      network.setUnplugged(device.who.peerId, false)
      for (const tab of device.tabs) tab.wake()
      if (device.tabs.length === 0) device.open()
    }
    quarrels.end()
  }

  #endPartition(): void {
    for (const { who } of this.#world.devices) this.#world.network.setSide(who.peerId, 0)
  }

  #strike(name: FaultName, mean: number, strike: () => void): void {
    if (!this.#names.has(name)) return
    this.#world.schedule.after(this.#chance.wait(mean), () => {
      if (!this.#names.has(name)) return
      this.#count(name)
      strike()
      this.#strike(name, mean, strike)
    })
  }

  #count(name: FaultName): void {
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1)
  }

  #later(shortest: number, longest: number, heal: () => void): void {
    this.#world.schedule.after(this.#chance.spread(shortest, longest), heal)
  }
}
