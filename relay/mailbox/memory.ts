/**
 * Room in memory for the frames of mailbox streams. A small frame takes of its stream's own, so that it waits for nobody
 * else. Of the room for large ones a peer has little, and requests and answers do not wait for each other.
 */
import {
  MAX_LARGE_ANSWER_BYTES,
  MAX_LARGE_ANSWER_BYTES_PER_PEER,
  MAX_LARGE_REQUEST_BYTES,
  MAX_LARGE_REQUEST_BYTES_PER_PEER,
  MAX_SMALL_BYTES_PER_STREAM,
  SMALL_MAILBOX_FRAME_BYTES,
} from '../limits.ts'
import { Budget } from './budget.ts'

export type Way = 'requests' | 'answers'

/** The room for large frames, of one peer or of all. */
export type LargeRoom = Readonly<Record<Way, Budget>>

export const largeRoomOfAll = (): LargeRoom => ({
  requests: new Budget(MAX_LARGE_REQUEST_BYTES),
  answers: new Budget(MAX_LARGE_ANSWER_BYTES),
})

export const largeRoomOfPeer = (): LargeRoom => ({
  requests: new Budget(MAX_LARGE_REQUEST_BYTES_PER_PEER),
  answers: new Budget(MAX_LARGE_ANSWER_BYTES_PER_PEER),
})

/** Budgets of which each frame takes at once. */
export class Shelf {
  readonly #budgets: readonly Budget[]

  constructor(budgets: readonly Budget[]) {
    this.#budgets = budgets
  }

  /** Whether `take(bytes)` would not wait. */
  has(bytes: number): boolean {
    return this.#budgets.every((budget) => budget.has(bytes))
  }

  /** The peer's own first: whoever waits for that keeps nothing that others wait for. */
  async take(bytes: number): Promise<void> {
    for (const budget of this.#budgets) await budget.take(bytes)
  }

  give(bytes: number): void {
    for (const budget of this.#budgets) budget.give(bytes)
  }
}

/** Where one stream's frames find room. */
export class StreamMemory {
  readonly #small = new Shelf([new Budget(MAX_SMALL_BYTES_PER_STREAM)])
  readonly #large: Readonly<Record<Way, Shelf>>

  constructor(ofPeer: LargeRoom, ofAll: LargeRoom) {
    this.#large = {
      requests: new Shelf([ofPeer.requests, ofAll.requests]),
      answers: new Shelf([ofPeer.answers, ofAll.answers]),
    }
  }

  /** For a frame of so many bytes. */
  shelf(way: Way, bytes: number): Shelf {
    return bytes <= SMALL_MAILBOX_FRAME_BYTES ? this.#small : this.#large[way]
  }
}
