import type { GigiApp } from '../../app/api.ts'

/** The first thing there is to see: until it is there, nothing is loaded or asked for beside it. */
export class FirstScreen {
  readonly #shown: GigiApp['firstScreenShown']
  #there = $state(false)

  constructor({ firstScreenShown }: GigiApp) {
    this.#shown = firstScreenShown
  }

  /** A rune. */
  get there(): boolean {
    return this.#there
  }

  /** What is to be seen first is in the document: call it there, as often as you like. It counts when it is painted. */
  done(): void {
    if (this.#there) return
    requestAnimationFrame(() => {
      // A frame is painted after what was to be done before it.
      setTimeout(() => {
        this.#there = true
        this.#shown()
      })
    })
  }
}
