/** What happens at its time: due attempts and expiries, the tick of the sync interval, and the cleanup. */
import type { PeerId } from '../domain/ids.ts'
import { lastCleanupAt } from '../store/cleanup.ts'
import { readConfig } from '../store/identity.ts'
import { settle, unsettledPeers } from '../store/receipts.ts'
import { beginDueAttempts, expireDue, nextDue } from '../store/retry.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { Clean } from './clean-up.ts'
import { AFTER_FAULT_MS, DUE_ROWS, SETTLE_ROWS } from './limits.ts'
import { Periodic } from './periodic.ts'
import type { Clock, Random, Timer } from './ports.ts'
import { Coalesced } from './serial.ts'

export interface ScheduleOptions {
  readonly db: GigiDatabase
  readonly epoch: number
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  /** Whether we hold a reservation: no attempt is spent while this device is offline. */
  readonly online: () => boolean
  readonly tick: () => void
  readonly attempt: (peer: PeerId) => void
  /** Whether something was pushed to a peer that it has not answered yet. */
  readonly isUnderWay: (peer: PeerId) => boolean
  readonly clean: Clean
  /** Runs a task and reports what it throws, saying what could not be done. */
  readonly guard: (what: string, task: () => Promise<void>) => Promise<void>
}

export class Schedule {
  readonly #options: ScheduleOptions
  readonly #tick: Periodic
  readonly #cleanup: Periodic
  readonly #due: Coalesced
  readonly #periods: Coalesced
  readonly #cleaning: Coalesced
  readonly #stopping = new AbortController()
  #running = false
  /** What was proven before this node began is settled. */
  #settled = false
  /** Whether a cleanup is overdue was seen to. */
  #looked = false
  #cancelDue: () => void = () => undefined

  constructor(options: ScheduleOptions) {
    const { timer, tick, guard } = options
    this.#options = options
    this.#tick = new Periodic(timer, tick)
    this.#cleanup = new Periodic(timer, () => {
      this.#cleaning.request()
    })
    this.#due = new Coalesced(() =>
      guard('see to what is due', () => this.#orLater(() => this.#seeToDue(), this.#due)),
    )
    this.#periods = new Coalesced(() =>
      guard('read the configuration', () => this.#orLater(() => this.#keepPeriods(), this.#periods)),
    )
    this.#cleaning = new Coalesced(() =>
      guard('clean up', () =>
        this.#orLater(() => options.clean(options.epoch, this.#stopping.signal), this.#cleaning),
      ),
    )
  }

  start(): void {
    this.#running = true
    this.#due.request()
    this.#periods.request()
  }

  stop(): void {
    this.#running = false
    this.#stopping.abort()
    this.#tick.stop()
    this.#cleanup.stop()
    this.#cancelDue()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#due.idle(), this.#periods.idle(), this.#cleaning.idle()])
  }

  /** The queue may hold something that is due earlier, or the network is back. */
  queueChanged(): void {
    this.#due.request()
  }

  /** Much time may have passed unseen: whatever is due, is due now. */
  resumed(): void {
    this.#due.request()
    this.#periods.request()
    this.#options.tick()
  }

  /** The configuration may have changed. */
  configChanged(): void {
    this.#periods.request()
  }

  /** What fails is tried again soon: nothing else may wake it. */
  async #orLater(task: () => Promise<void>, again: Coalesced): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (this.#isRunning())
        this.#options.timer.after(AFTER_FAULT_MS, () => {
          if (this.#isRunning()) again.request()
        })
      throw error
    }
  }

  /** Ends what has had its time, makes the timed attempts that are due, and comes back when the next one is. */
  async #seeToDue(): Promise<void> {
    const { db, epoch, clock, timer, random, online, attempt, isUnderWay } = this.#options
    await this.#settleOnce()
    const { attempt: attemptAt, expiry } = await nextDue(db)
    if (isDue(expiry, clock.now())) while (await expireDue(db, epoch, clock.now(), DUE_ROWS));
    const isOnline = online()
    const tried = new Set<PeerId>()
    while (isOnline && isDue(attemptAt, clock.now())) {
      const begun = await beginDueAttempts(db, epoch, clock.now(), DUE_ROWS, random.fraction, isUnderWay)
      for (const peer of begun.tried) tried.add(peer)
      if (!begun.more) break
    }
    for (const peer of tried) attempt(peer)
    const next = await nextDue(db)
    const due = [next.expiry, isOnline ? next.attempt : null].filter((at) => at !== null)
    this.#cancelDue()
    if (due.length === 0 || !this.#isRunning()) return
    const delay = Math.max(0, Math.min(...due) - clock.now())
    this.#cancelDue = timer.after(delay, () => {
      this.#due.request()
    })
  }

  /** What was proven and not settled when the last node died is not given up now. */
  async #settleOnce(): Promise<void> {
    const { db, epoch, clock } = this.#options
    if (this.#settled) return
    for (const peer of await unsettledPeers(db))
      while (await settle(db, epoch, peer, SETTLE_ROWS, clock.now()));
    this.#settled = true
  }

  /** The periods as the configuration has them: a change holds at once. */
  async #keepPeriods(): Promise<void> {
    const { db, clock } = this.#options
    const config = await readConfig(db)
    const period = config.cleanup_interval_seconds * 1000
    // An app that is never open for a whole period is cleaned all the same; a clock that was put back does not stop that.
    const since = clock.now() - (await lastCleanupAt(db))
    if (!this.#isRunning()) return
    this.#tick.every(config.sync_interval_seconds * 1000)
    this.#cleanup.every(period)
    if (!this.#looked && (since >= period || since < 0)) this.#cleaning.request()
    this.#looked = true
  }

  #isRunning(): boolean {
    return this.#running
  }
}

const isDue = (at: number | null, now: number): boolean => at !== null && at <= now
