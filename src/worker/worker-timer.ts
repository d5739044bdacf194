/** The Timer port on a worker, so that a hidden tab is woken in time. */
import type { Timer } from '../sync/ports.ts'
import type { TimerReply, TimerRequest } from './messages.ts'

/** Longest delay that setTimeout takes, milliseconds: 2^31 - 1. Waking early is harmless (D7). */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The part of a Worker that is used, so that a test can stand in for it. */
export type TimerWorker = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

export class WorkerTimer implements Timer {
  readonly #start: () => TimerWorker
  readonly #pending = new Map<number, { readonly delayMs: number; readonly wake: () => void }>()
  #worker: TimerWorker
  #last = 0

  /** `start` makes a worker that runs `timer.worker.ts`; it is asked again when one fails. */
  constructor(start: () => TimerWorker) {
    this.#start = start
    this.#worker = this.#begin()
  }

  after(delayMs: number, wake: () => void): () => void {
    const id = ++this.#last
    this.#pending.set(id, { delayMs, wake })
    this.#arm(id, delayMs)
    return () => {
      if (this.#pending.delete(id)) this.#say({ type: 'cancel', id })
    }
  }

  /** Ends the worker; nothing is woken any more. */
  stop(): void {
    this.#pending.clear()
    this.#worker.terminate()
  }

  #begin(): TimerWorker {
    const worker = this.#start()
    worker.onmessage = ({ data }: MessageEvent<TimerReply>) => {
      const due = this.#pending.get(data.id)
      this.#pending.delete(data.id)
      due?.wake()
    }
    worker.onerror = () => {
      worker.terminate()
      this.#worker = this.#begin()
      // What had been waited for is waited for anew: late, and not lost.
      for (const [id, { delayMs }] of this.#pending) this.#arm(id, delayMs)
    }
    return worker
  }

  #arm(id: number, delayMs: number): void {
    this.#say({ type: 'after', id, delayMs: Math.min(delayMs, MAX_DELAY_MS) })
  }

  #say(request: TimerRequest): void {
    this.#worker.postMessage(request)
  }
}
