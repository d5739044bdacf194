/** Which hosts are known to take pushes quickly: what a stranger's name would have to earn, again and again. */
import { MAX_HOSTS_TRUSTED, PUSH_TRUST } from '../limits.ts'

export class Trust {
  /** Quick pushes that count. The first host is the one whose last push is longest ago. */
  readonly #earned = new Map<string, number>()

  has(host: string): boolean {
    return (this.#earned.get(host) ?? 0) >= PUSH_TRUST.needed
  }

  /** A push to that host has ended. */
  count(host: string, isQuick: boolean): void {
    const before = this.#earned.get(host) ?? 0
    const earned = Math.min(before + (isQuick ? 1 : -PUSH_TRUST.slow), PUSH_TRUST.most)
    this.#earned.delete(host)
    if (earned > 0) this.#earned.set(host, earned)
    const [first] = this.#earned.keys()
    if (this.#earned.size > MAX_HOSTS_TRUSTED && first !== undefined) this.#earned.delete(first)
  }
}
