/**
 * Who is to be woken, and when: each owner at most once in PUSH_PAUSE_MS, whatever its endpoints, each of these later and
 * later while pushes are not taken, and until the owner comes. What is to be done is in memory: a relay that ends forgets
 * it, and the next mail wakes.
 */
import { backoffMs } from '../../src/domain/backoff.ts'
import type { PeerId } from '../../src/domain/ids.ts'
import {
  MAX_OWNERS_TO_WAKE,
  MAX_PUSH_FAILURES,
  PUSH_ANSWER_MS,
  PUSH_BACKOFF,
  PUSH_PAUSE_MS,
  PUSH_QUICK_MS,
} from '../limits.ts'
import { codeOf, type Log } from '../log.ts'
import type { NewsFrom } from '../mailbox/service.ts'
import type { MailboxStore, Subscription } from '../mailbox/store.ts'
import { Lanes } from './lanes.ts'
import type { Send, Sent } from './send.ts'

export interface WakerInit {
  readonly store: Pick<MailboxStore, 'subscriptions' | 'unsubscribe' | 'pushed'>
  readonly send: Send
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Calls `wake` once, after so many milliseconds. Returns how to call it off. */
  readonly after: (delayMs: number, wake: () => void) => () => void
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** A line for each push that was not taken. It names nobody. */
  readonly log: Log
  /** The store failed. */
  readonly failed: (error: unknown) => void
}

/** An owner for whom there is news. */
interface Due {
  /** How often there was. */
  news: number
  /** Of a contact, if any of it is. */
  from: NewsFrom
  /** By endpoint: up to which news it was woken. */
  readonly woken: Map<string, number>
  /** Its endpoints are being asked. */
  isRunning: boolean
  /** It came, or made way for another. */
  readonly off: AbortController
  cancel: () => void
}

export class Waker {
  readonly #init: WakerInit
  readonly #lanes: Lanes
  /** Until when owners are not asked for, those of the oldest pushes first: in memory, whatever becomes of their endpoints. */
  readonly #pauses = new Map<PeerId, number>()
  /** The first is the one that waits longest. */
  readonly #due = new Map<PeerId, Due>()
  readonly #closing = new AbortController()

  constructor(init: WakerInit) {
    this.#init = init
    this.#lanes = new Lanes(init)
  }

  /** There is news for an owner who does not listen: wherever it can be woken, it is, now or when it may be. */
  wake(owner: PeerId, from: NewsFrom): void {
    if (this.#closing.signal.aborted) return
    const due = this.#due.get(owner) ?? this.#begin(owner)
    due.news += 1
    if (from === 'contact') due.from = from
    if (!due.isRunning) void this.#run(owner, due)
  }

  /** The owner listens. A push that is on its way is not taken back. Returns what it was still to be woken for; null: nothing. */
  callOff(owner: PeerId): NewsFrom | null {
    const due = this.#due.get(owner)
    if (due === undefined) return null
    this.#due.delete(owner)
    due.off.abort()
    due.cancel()
    return due.from
  }

  /** Ends what is under way, and wakes nobody any more. */
  close(): void {
    for (const owner of [...this.#due.keys()]) this.callOff(owner)
    this.#closing.abort()
    this.#lanes.close()
  }

  #begin(owner: PeerId): Due {
    const [first] = this.#due.keys()
    if (this.#due.size >= MAX_OWNERS_TO_WAKE && first !== undefined) this.callOff(first)
    const [off, cancel] = [new AbortController(), () => undefined]
    const due: Due = { news: 0, from: 'anyone', woken: new Map(), isRunning: false, off, cancel }
    this.#due.set(owner, due)
    return due
  }

  async #run(owner: PeerId, due: Due): Promise<void> {
    due.isRunning = true
    due.cancel()
    let seen: number
    let next: number
    try {
      do {
        seen = due.news
        next = await this.#ask(owner, due)
      } while (!due.off.signal.aborted && due.news > seen)
    } catch (error) {
      // The next news asks again.
      next = Infinity
      if (!this.#closing.signal.aborted) this.#init.failed(error)
    }
    due.isRunning = false
    if (due.off.signal.aborted) return
    if (next === Infinity) this.#due.delete(owner)
    else due.cancel = this.#init.after(Math.max(0, next - this.#init.now()), () => void this.#run(owner, due))
  }

  /** Asks the endpoints that may be asked now. Resolves with when others may; Infinity: there are none. Rejects when the store does. */
  async #ask(owner: PeerId, due: Due): Promise<number> {
    const { store, now } = this.#init
    const { news } = due
    const subscriptions = await store.subscriptions(owner)
    const owed = subscriptions.filter(({ endpoint }) => (due.woken.get(endpoint) ?? 0) < news)
    if (owed.length === 0) return Infinity
    const pausedUntil = Math.min(this.#pauses.get(owner) ?? 0, now() + PUSH_PAUSE_MS)
    if (pausedUntil > now()) return pausedUntil
    const times = owed.map(async (subscription) => {
      // A clock that was wrong must not silence it for long.
      const notBefore = Math.min(subscription.notBefore, now() + PUSH_BACKOFF.maxMs)
      return notBefore > now() ? notBefore : this.#push(owner, due, subscription, news)
    })
    return Math.min(...(await Promise.all(times)))
  }

  /** Resolves with when it is to be asked again; Infinity: not for this news. */
  async #push(owner: PeerId, due: Due, subscription: Subscription, news: number): Promise<number> {
    const { store, send, now, log } = this.#init
    const { endpoint } = subscription
    const { host } = new URL(endpoint)
    const leave = await this.#lanes.enter(host, due.off.signal)
    if (leave === null) return Infinity
    const begun = now()
    const notBefore = begun + PUSH_PAUSE_MS
    let sent: Sent
    try {
      if (due.off.signal.aborted) return Infinity
      this.#pause(owner, notBefore)
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(PUSH_ANSWER_MS)])
      sent = await send(endpoint, signal)
    } catch (error) {
      if (this.#closing.signal.aborted) return Infinity
      log(`a push was not taken: ${codeOf(error)}`)
      return await this.#failed(owner, subscription)
    } finally {
      leave(now() - begun <= PUSH_QUICK_MS)
    }
    due.woken.set(endpoint, news)
    if (sent === 'gone') await store.unsubscribe(owner, endpoint)
    else await store.pushed(owner, { endpoint, failures: 0, notBefore })
    return Infinity
  }

  #pause(owner: PeerId, until: number): void {
    this.#pauses.delete(owner)
    this.#pauses.set(owner, until)
    for (const [first, over] of this.#pauses) {
      if (over > this.#init.now() && this.#pauses.size <= MAX_OWNERS_TO_WAKE) break
      this.#pauses.delete(first)
    }
  }

  async #failed(owner: PeerId, { endpoint, failures: before }: Subscription): Promise<number> {
    const { store, now, random } = this.#init
    const failures = before + 1
    if (failures >= MAX_PUSH_FAILURES) {
      await store.unsubscribe(owner, endpoint)
      return Infinity
    }
    const notBefore = now() + backoffMs(failures, PUSH_BACKOFF, random())
    await store.pushed(owner, { endpoint, failures, notBefore })
    return notBefore
  }
}
