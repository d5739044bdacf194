/** Ways to keep asynchronous work in order. */
import type { Timer } from './ports.ts'

/** Runs tasks one after another for each key. A task that fails does not hold up the next. */
export class SerialByKey {
  readonly #tails = new Map<string, Promise<void>>()

  /** `task` must handle its own errors; its promise is only waited for. */
  run(key: string, task: () => Promise<void>): void {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const tail = before.then(task).finally(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    this.#tails.set(key, tail)
  }

  /** Resolves when everything that was under way, and what it started meanwhile, is done. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.allSettled(this.#tails.values())
  }
}

/** Runs `task` when asked; asked while it runs, however often, it runs once more after. */
export class Coalesced {
  readonly #task: () => Promise<void>
  #running: Promise<void> | undefined
  #requested = false

  /** `task` must handle its own errors. */
  constructor(task: () => Promise<void>) {
    this.#task = task
  }

  request(): void {
    this.#requested = true
    this.#running ??= this.#loop()
  }

  get isIdle(): boolean {
    return this.#running === undefined
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #loop(): Promise<void> {
    while (this.#taken()) await this.#task()
    this.#running = undefined
  }

  #taken(): boolean {
    const requested = this.#requested
    this.#requested = false
    return requested
  }
}

/** Runs `task` a while after it was asked for, once, however often that was meanwhile. */
export class Delayed {
  readonly #timer: Timer
  readonly #delayMs: number
  readonly #task: () => void
  #cancel: (() => void) | undefined

  constructor(timer: Timer, delayMs: number, task: () => void) {
    this.#timer = timer
    this.#delayMs = delayMs
    this.#task = task
  }

  get isPending(): boolean {
    return this.#cancel !== undefined
  }

  request(): void {
    this.#cancel ??= this.#timer.after(this.#delayMs, () => {
      this.#cancel = undefined
      this.#task()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

/** Runs `task` at once when asked, but not more often than every so long: asked meanwhile, it runs once more then. */
export class Throttled {
  readonly #pause: Delayed
  readonly #task: () => void
  #requested = false

  constructor(timer: Timer, everyMs: number, task: () => void) {
    this.#task = task
    this.#pause = new Delayed(timer, everyMs, () => {
      if (this.#requested) this.#run()
    })
  }

  request(): void {
    if (this.#pause.isPending) this.#requested = true
    else this.#run()
  }

  cancel(): void {
    this.#pause.cancel()
  }

  #run(): void {
    this.#requested = false
    this.#pause.request()
    this.#task()
  }
}

/** Runs `task` for each item, at most `limit` at a time. Resolves when none runs any more; rejects then if one failed. */
export async function eachAtOnce<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const lane = async (): Promise<void> => {
    for (const item of rest) await task(item)
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
}
