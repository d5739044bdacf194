/** Something that cannot be taken back, before it is done. */
export interface Question {
  readonly title: string
  readonly text: string
  /** What the button says that does it. */
  readonly confirm: string
  readonly run: () => Promise<void>
}

/** One question at a time, over whatever is open. */
export class Questions {
  #open: Question | null = $state.raw(null)

  get open(): Question | null {
    return this.#open
  }

  ask(question: Question): void {
    this.#open = question
  }

  close(): void {
    this.#open = null
  }
}
