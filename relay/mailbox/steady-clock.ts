/**
 * The time by which the mailbox deletes. A clock that was put wrong, or is put right, must not delete what its owner cannot
 * have again: where it jumps, this one goes on from where it was. A relay that was off for as long keeps everything as much
 * longer.
 */
import { CLOCK_JUMP_MS } from '../limits.ts'

/** What lasts of it, milliseconds. */
export interface ClockState {
  /** When the relay's clock was read last. */
  readonly read: number
  /** By how much it was ahead of this one then. */
  readonly ahead: number
}

export class SteadyClock {
  readonly #clock: () => number
  #state: ClockState

  /** `clock`: milliseconds since the Unix epoch, as the relay's machine has them. */
  constructor(clock: () => number) {
    this.#clock = clock
    this.#state = { read: clock(), ahead: 0 }
  }

  /** Goes on from an earlier run of the relay. */
  restore(state: ClockState): void {
    this.#state = state
  }

  /** Milliseconds since the Unix epoch, by a clock that did not jump. */
  now(): number {
    const { read, ahead } = this.read()
    return read - ahead
  }

  /** Reads the clock. What it gives is to be kept, for the next run of the relay. */
  read(): ClockState {
    const read = this.#clock()
    const passed = read - this.#state.read
    const jumped = Math.abs(passed) > CLOCK_JUMP_MS ? passed : 0
    return (this.#state = { read, ahead: this.#state.ahead + jumped })
  }
}
