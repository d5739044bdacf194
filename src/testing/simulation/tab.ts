/** One tab of a device: a store handle for its user, another for its engine, and a way to die at any step. */
import type { PeerId } from '../../domain/ids.ts'
import { raiseEpoch } from '../../store/leadership.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import { cleanUp } from '../../sync/clean-up.ts'
import { SyncEngine } from '../../sync/engine.ts'
import { beginStart } from '../../sync/start.ts'
import type { Timer } from '../../sync/ports.ts'
import { silentLog } from '../fake-world.ts'
import { quickSealer } from '../quick-sealer.ts'
import type { Device } from './device.ts'
import { type Gate, gated } from './event-loop.ts'
import { SimulatedTransport } from './network.ts'
import { type Change, killHandle, openWatched, type Step } from './watched-store.ts'

export class Tab {
  readonly device: Device
  readonly transport: SimulatedTransport
  /** What the user's commands run on; null until the tab is open. */
  db: GigiDatabase | null = null
  /** The epoch of its engine; null before it leads. */
  epoch: number | null = null
  /** It has heard that another tab leads. */
  fenced = false
  #engineDb: GigiDatabase | null = null
  #engine: SyncEngine | null = null
  #state: 'running' | 'frozen' | 'dead' = 'running'
  #held: (() => void)[] = []

  constructor(device: Device) {
    this.device = device
    this.transport = new SimulatedTransport(device.world.network, device.who.peerId, this.#gate)
    this.transport.onSend = (session, frame) => {
      device.world.oracle.sent(this, session, frame)
    }
    this.transport.onReceive = (frame) => {
      device.world.oracle.received(this, frame)
    }
  }

  /** Whether a user can do something in it. */
  get isUsable(): boolean {
    return this.#state === 'running' && this.db !== null
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** Opens the store and leads. Rejects when the tab dies meanwhile, or its storage fails. */
  async open(): Promise<void> {
    const { world, who, name, clock } = this.device
    this.db = await openWatched(name, this.#watcher(false))
    const engineDb = await openWatched(name, this.#watcher(true))
    this.#engineDb = engineDb
    if (this.isDead) this.#closeHandles()
    this.epoch = await raiseEpoch(engineDb)
    const crypto = world.crypto(who.peerId)
    const start = await beginStart(engineDb, this.epoch, crypto, clock.now())
    const engine = new SyncEngine({
      db: engineDb,
      epoch: this.epoch,
      self: who.peerId,
      transport: this.transport,
      clock,
      timer: this.#timer,
      clean: (epoch, signal) => cleanUp(engineDb, epoch, clock, signal),
      random: who.random,
      crypto,
      log: silentLog,
      start,
      relays: () => [],
      mail: { mailbox: this.transport.mailbox, sealer: quickSealer(who) },
      listener: {
        network: () => undefined,
        peer: () => undefined,
        trouble: () => undefined,
        typing: () => undefined,
        wrote: () => undefined,
        replaced: () => undefined,
        fenced: () => {
          this.fenced = true
          void this.stop()
        },
      },
    })
    this.#engine = engine
    await gated(this.#gate, () => engine.start())
  }

  show(peers: ReadonlySet<PeerId>): void {
    if (this.isUsable) this.#engine?.show(peers)
  }

  /** Ends it as its user or its leadership does. */
  async stop(): Promise<void> {
    await this.#engine?.stop()
    this.#state = 'dead'
    this.#closeHandles()
    this.device.ended(this)
  }

  /** Ends it at this very moment. */
  kill(): void {
    if (this.isDead) return
    this.#state = 'dead'
    this.transport.kill()
    this.#closeHandles()
    void this.#engine?.stop()
    this.device.ended(this)
  }

  /** From here on nothing that happens reaches it, until it wakes. */
  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen'
  }

  wake(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    const held = this.#held
    this.#held = []
    for (const run of held) this.#gate(run)
  }

  readonly #gate: Gate = (run) => {
    if (this.#state === 'running') run()
    else if (this.#state === 'frozen') this.#held.push(run)
  }

  readonly #timer: Timer = {
    after: (delayMs, wake) =>
      this.device.world.schedule.after(delayMs, () => {
        this.#gate(wake)
      }),
  }

  #watcher(ofEngine: boolean) {
    return {
      step: (step: Step) => {
        this.device.world.faults.onStep(this, step)
      },
      committed: (changes: readonly Change[]) => {
        this.device.world.oracle.committed(this, ofEngine, changes)
        this.device.world.faults.onCommitted(this)
      },
    }
  }

  #closeHandles(): void {
    for (const db of [this.db, this.#engineDb]) if (db !== null) killHandle(db)
  }
}
