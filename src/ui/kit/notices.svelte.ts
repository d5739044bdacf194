export interface Notice {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'problem'
}

/** How long a notice stays, in milliseconds: time to read two lines. */
const LIFE_MS = 5000
/** Notices shown at once; older ones give way. */
const MAX_NOTICES = 3

/** Short words about what just happened, which go away by themselves. */
export class Notices {
  #shown: readonly Notice[] = $state.raw([])
  #nextId = 1

  get shown(): readonly Notice[] {
    return this.#shown
  }

  say(text: string): void {
    this.#show(text, 'plain')
  }

  complain(text: string): void {
    this.#show(text, 'problem')
  }

  dismiss(id: number): void {
    this.#shown = this.#shown.filter((notice) => notice.id !== id)
  }

  #show(text: string, tone: Notice['tone']): void {
    const id = this.#nextId++
    const others = this.#shown.filter((notice) => notice.text !== text)
    this.#shown = [...others, { id, text, tone }].slice(-MAX_NOTICES)
    setTimeout(() => {
      this.dismiss(id)
    }, LIFE_MS)
  }
}
