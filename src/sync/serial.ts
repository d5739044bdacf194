/** Two ways to keep asynchronous work in order. */

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
