/** How often something is deposited under each grant, by whomever and over however many connections. */
import type { Grant } from '../../src/protocol/grant.ts'
import {
  MAX_DEPOSIT_RATES,
  MAX_DEPOSITS_PER_GRANT_PER_MINUTE,
  MAX_DEPOSITS_PER_OPEN_GRANT_PER_MINUTE,
} from '../limits.ts'
import { RateLimit } from '../rate.ts'

export class DepositRates {
  /** By owner and grant; the first is the one that was not used for longest. */
  readonly #rates = new Map<string, RateLimit>()

  /** Whether one more deposit under a grant, at `now` (milliseconds), is within its limit. */
  take({ owner, id, holder }: Grant, now: number): boolean {
    const name = `${owner} ${id}`
    const perMinute =
      holder === null ? MAX_DEPOSITS_PER_OPEN_GRANT_PER_MINUTE : MAX_DEPOSITS_PER_GRANT_PER_MINUTE
    const rate = this.#rates.get(name) ?? new RateLimit(perMinute)
    this.#rates.delete(name)
    this.#rates.set(name, rate)
    const [oldest] = this.#rates.keys()
    if (this.#rates.size > MAX_DEPOSIT_RATES && oldest !== undefined) this.#rates.delete(oldest)
    return rate.take(now)
  }
}
