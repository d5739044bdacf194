/** Whether the store takes what it is given: the user is told when it does not, and it is tried until it does. */
import { PUSH_BYTES } from '../protocol/limits.ts'
import { isQuotaExceeded, tryToStore } from '../store/faults.ts'
import { FencedError } from '../store/leadership.ts'
import type { GigiDatabase } from '../store/schema.ts'
import type { EngineListener } from './core.ts'
import { AFTER_FAULT_MS } from './limits.ts'
import type { Timer } from './ports.ts'
import { Coalesced } from './serial.ts'

export interface HealthOptions {
  readonly db: GigiDatabase
  readonly epoch: number
  readonly timer: Timer
  readonly listener: Pick<EngineListener, 'trouble' | 'fenced'>
}

export class StoreHealth {
  readonly #options: HealthOptions
  readonly #recovered: () => void
  readonly #trial = new Coalesced(() => this.#try())
  #trouble: 'storage-full' | 'storage-failed' | null = null
  #stopped = false
  #cancel: () => void = () => undefined

  /** `recovered` is called when the store takes again what it refused before. */
  constructor(options: HealthOptions, recovered: () => void) {
    this.#options = options
    this.#recovered = recovered
  }

  /**
   * Something could not be stored. Lack of room is told at once. Anything else may be over already, as when a handle
   * was closed and a fresh one is opened: it is told if a trial fails too.
   */
  failed(error: unknown): void {
    if (this.#stopped) return
    if (isQuotaExceeded(error)) this.#tell(error)
    else this.#trial.request()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#trial.idle()
  }

  async #try(): Promise<void> {
    const { db, epoch, listener } = this.#options
    try {
      // Room for less than a push is none.
      await tryToStore(db, epoch, PUSH_BYTES)
    } catch (error) {
      if (error instanceof FencedError) listener.fenced()
      else if (!this.#hasStopped()) this.#tell(error)
      return
    }
    if (this.#trouble === null || this.#hasStopped()) return
    this.#trouble = null
    listener.trouble(null)
    this.#recovered()
  }

  #tell(error: unknown): void {
    const { timer, listener } = this.#options
    const trouble = isQuotaExceeded(error) ? 'storage-full' : 'storage-failed'
    if (trouble !== this.#trouble) listener.trouble(trouble)
    this.#trouble = trouble
    this.#cancel()
    this.#cancel = timer.after(AFTER_FAULT_MS, () => {
      this.#trial.request()
    })
  }

  #hasStopped(): boolean {
    return this.#stopped
  }
}
