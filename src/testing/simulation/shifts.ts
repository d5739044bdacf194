/** A time in which people are never there together: the app is open on one device at most. */
import type { Chance } from './chance.ts'
import type { Device } from './device.ts'
import type { Schedule } from './schedule.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** How long one visit lasts, and nobody is there between two, milliseconds. */
const VISIT_MS = [10 * SECOND, 20 * MINUTE] as const
const BETWEEN_MS = [SECOND, 10 * MINUTE] as const

export class Shifts {
  readonly #schedule: Schedule
  readonly #chance: Chance
  readonly #devices: readonly Device[]
  #cancel: (() => void) | null = null
  #isForGood = false

  constructor(schedule: Schedule, chance: Chance, devices: readonly Device[]) {
    this.#schedule = schedule
    this.#chance = chance
    this.#devices = devices
  }

  begin(forGood = false): void {
    this.#isForGood ||= forGood
    if (this.#cancel !== null) return
    for (const device of this.#devices) device.bar()
    this.#pause()
  }

  /** Everyone may come, unless it was for good. */
  end(): void {
    if (this.#cancel === null || this.#isForGood) return
    this.#cancel()
    this.#cancel = null
    for (const device of this.#devices) device.admit()
  }

  #pause(): void {
    this.#cancel = this.#schedule.after(this.#chance.spread(...BETWEEN_MS), () => {
      this.#visit(this.#chance.pick(this.#devices))
    })
  }

  #visit(device: Device): void {
    device.admit()
    this.#cancel = this.#schedule.after(this.#chance.spread(...VISIT_MS), () => {
      device.bar()
      this.#pause()
    })
  }
}
