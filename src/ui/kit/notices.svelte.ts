export interface Notice {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'problem'
  /** What can be done about it while it stays. */
  readonly action?: NoticeAction | undefined
}

export interface NoticeAction {
  readonly label: string
  readonly run: () => void
}

/** How long a notice stays, in milliseconds: time to read two lines. */
const LIFE_MS = 5000
/** Of one that can be answered: time to change one's mind as well. */
const ANSWERABLE_MS = 10_000
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

  /** Says what was done, with a button for it. */
  offer(text: string, action: NoticeAction): void {
    this.#show(text, 'plain', action)
  }

  complain(text: string): void {
    this.#show(text, 'problem')
  }

  dismiss(id: number): void {
    this.#shown = this.#shown.filter((notice) => notice.id !== id)
  }

  #show(text: string, tone: Notice['tone'], action?: NoticeAction): void {
    const id = this.#nextId++
    // The same words again take the place of those before; but what each button is for is its own.
    const others = this.#shown.filter((notice) => notice.text !== text || notice.action !== undefined)
    this.#shown = [...others, { id, text, tone, action }].slice(-MAX_NOTICES)
    setTimeout(
      () => {
        this.dismiss(id)
      },
      action === undefined ? LIFE_MS : ANSWERABLE_MS,
    )
  }
}
