/** A number of bytes, or of anything, that many share: who finds too little left waits, in order. */
export class Budget {
  #free: number
  readonly #waiting: { readonly amount: number; readonly begin: () => void }[] = []

  constructor(amount: number) {
    this.#free = amount
  }

  /** Whether `take(amount)` would not wait. */
  has(amount: number): boolean {
    return amount === 0 || (this.#waiting.length === 0 && this.#free >= amount)
  }

  /** Resolves once that much is the caller's, who gives it back. Never more than the whole budget. */
  async take(amount: number): Promise<void> {
    if (this.has(amount)) this.#free -= amount
    else await new Promise<void>((begin) => this.#waiting.push({ amount, begin }))
  }

  give(amount: number): void {
    this.#free += amount
    for (let first = this.#waiting[0]; first !== undefined && first.amount <= this.#free;) {
      this.#waiting.shift()
      this.#free -= first.amount
      first.begin()
      first = this.#waiting[0]
    }
  }
}
