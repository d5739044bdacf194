/** The tab's side of the upkeep worker: the Timer port on it, so that a hidden tab is woken in time, and the cleanup. */
import { backoffMs } from '../domain/backoff.ts'
import { FencedError } from '../store/leadership.ts'
import type { Clock, Timer } from '../sync/ports.ts'
import { SILENCE_MS, type UpkeepReply, type UpkeepRequest } from './messages.ts'

/** Longest delay that setTimeout takes, milliseconds: 2^31 - 1. Waking early is harmless (D7). */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The part of a Worker that is used, so that a test can stand in for it. */
export type UpkeepWorker = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

export interface UpkeepOptions {
  /** Makes a worker that runs `upkeep.worker.ts`; asked again when one has died. */
  readonly start: () => UpkeepWorker
  readonly clock: Clock
  /** The tab's own timer, to see that the worker lives: late in a hidden tab, but never lost. */
  readonly watch: Timer
  /** The device slept, or its clock was moved. */
  readonly slept: () => void
}

/** A worker that cannot even be loaded is tried again: first and longest wait, milliseconds. */
const RESTART = { firstMs: 500, maxMs: 60_000 }

interface Wait {
  readonly dueAt: number
  readonly delayMs: number
  readonly wake: () => void
  /** Calls off the tab's own timer, which stands in for a worker that is not known to live. */
  spare: () => void
}

interface Cleaning {
  readonly epoch: number
  readonly done: (thrown: Error | null) => void
}

export class Upkeep implements Timer {
  readonly #options: UpkeepOptions
  readonly #waits = new Map<number, Wait>()
  readonly #cleanings = new Map<number, Cleaning>()
  #worker: UpkeepWorker
  #last = 0
  /** Something was heard since it was last looked. */
  #heard = false
  /** Something was heard of this worker. */
  #lives = false
  #failures = 0
  #stopRestart: () => void = () => undefined
  #stopWatching: () => void = () => undefined

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.#worker = this.#begin()
    this.#watch()
  }

  after(delayMs: number, wake: () => void): () => void {
    const id = ++this.#last
    const dueAt = this.#options.clock.now() + delayMs
    const wait: Wait = { dueAt, delayMs, wake, spare: () => undefined }
    this.#waits.set(id, wait)
    this.#arm(id, wait, delayMs)
    return () => {
      wait.spare()
      if (this.#waits.delete(id)) this.#say({ type: 'cancel', id })
    }
  }

  /** The Clean port. Called off, it resolves at once; the worker ends with its last transaction when this stops. */
  clean(epoch: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last
      const done = (thrown: Error | null): void => {
        if (thrown === null) resolve()
        else reject(thrown)
      }
      this.#cleanings.set(id, { epoch, done })
      signal.addEventListener('abort', () => {
        resolve()
      })
      this.#say({ type: 'clean', id, epoch, now: this.#options.clock.now() })
    })
  }

  /** Ends the worker; nothing is woken or cleaned any more. */
  stop(): void {
    this.#stopWatching()
    this.#stopRestart()
    for (const { spare } of this.#waits.values()) spare()
    this.#waits.clear()
    for (const { done } of this.#cleanings.values()) done(null)
    this.#cleanings.clear()
    this.#worker.terminate()
  }

  #begin(): UpkeepWorker {
    const worker = this.#options.start()
    worker.onmessage = ({ data }: MessageEvent<UpkeepReply>) => {
      this.#heard = true
      this.#lives = true
      this.#failures = 0
      this.#hear(data)
    }
    worker.onerror = () => {
      worker.terminate()
      this.#stopRestart()
      // One that lived begins anew at once; one that cannot be loaded would fail again and again.
      const pause = this.#lives ? 0 : backoffMs(++this.#failures, RESTART, 0)
      this.#lives = false
      this.#armAll()
      this.#stopRestart = this.#options.watch.after(pause, () => {
        this.#restart()
      })
    }
    return worker
  }

  #hear(reply: UpkeepReply): void {
    switch (reply.type) {
      case 'due':
        this.#wake(reply.id)
        return
      case 'cleaned': {
        const cleaning = this.#cleanings.get(reply.id)
        this.#cleanings.delete(reply.id)
        cleaning?.done(reply.thrown === null ? null : errorOf(...reply.thrown))
        return
      }
      case 'slept':
        this.#options.slept()
        return
      case 'beat':
    }
  }

  /** A worker that was killed says nothing of it. */
  #watch(): void {
    this.#stopWatching = this.#options.watch.after(SILENCE_MS, () => {
      if (!this.#heard) this.#restart()
      this.#heard = false
      this.#watch()
    })
  }

  #wake(id: number): void {
    const wait = this.#waits.get(id)
    this.#waits.delete(id)
    wait?.spare()
    wait?.wake()
  }

  /** What had been waited for is waited for on, and what was being cleaned is cleaned again: late, and not lost. */
  #restart(): void {
    this.#worker.terminate()
    this.#lives = false
    this.#worker = this.#begin()
    this.#armAll()
    const now = this.#options.clock.now()
    for (const [id, { epoch }] of this.#cleanings) this.#say({ type: 'clean', id, epoch, now })
  }

  #armAll(): void {
    const now = this.#options.clock.now()
    // A clock that was put back makes nothing wait longer than it was to.
    for (const [id, wait] of this.#waits)
      this.#arm(id, wait, Math.min(wait.delayMs, Math.max(0, wait.dueAt - now)))
  }

  #arm(id: number, wait: Wait, delayMs: number): void {
    this.#say({ type: 'after', id, delayMs: Math.min(delayMs, MAX_DELAY_MS) })
    wait.spare()
    if (!this.#lives)
      wait.spare = this.#options.watch.after(delayMs, () => {
        this.#wake(id)
      })
  }

  #say(request: UpkeepRequest): void {
    this.#worker.postMessage(request)
  }
}

/** Errors lose their class on the way; what they are is told by their names. */
function errorOf(name: string, message: string): Error {
  if (name === 'FencedError') return new FencedError(message)
  const error = new Error(message)
  error.name = name
  return error
}
