/** One of a few things that the user can choose, kept for the next start and for other tabs. */
export class Choice<Value extends string> {
  readonly #key: string
  readonly #values: readonly [Value, ...Value[]]
  readonly #storage: Storage
  #current: Value

  /** `values`: the first is what holds where nothing was chosen. */
  constructor(storage: Storage, key: string, values: readonly [Value, ...Value[]]) {
    this.#storage = storage
    this.#key = key
    this.#values = values
    this.#current = $state.raw(this.#stored())
  }

  /** A rune. */
  get current(): Value {
    return this.#current
  }

  /** Throws what the storage throws when it is full; the choice holds all the same, for as long as the tab lives. */
  choose(value: Value): void {
    this.#current = value
    if (value === this.#values[0]) this.#storage.removeItem(this.#key)
    else this.#storage.setItem(this.#key, value)
  }

  /** Takes over what another tab has chosen. */
  readAgain(): void {
    this.#current = this.#stored()
  }

  #stored(): Value {
    const stored = this.#storage.getItem(this.#key)
    return this.#values.find((value) => value === stored) ?? this.#values[0]
  }
}
