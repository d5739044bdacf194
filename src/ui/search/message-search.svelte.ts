import { untrack } from 'svelte'
import type { Search, SearchHit, SearchReach } from '../../app/api.ts'
import { attempt, type Problem } from '../attempt.ts'

/** Results fetched at a time: more than a screen of them. */
const PAGE = 20
/** Most results that are looked for anew when something has changed. */
const MAX_RENEWED = 100

/** What is typed into the search, and what is found: as it is typed, and as messages come and go. */
export class MessageSearch {
  typed = $state('')

  #hits = $state.raw<readonly SearchHit[]>([])
  #next = $state.raw<number | null>(null)
  #reach = $state.raw<SearchReach>('all')
  #problem = $state.raw<Problem | null>(null)
  /** What the hits are for; null before the first answer. */
  #answered = $state.raw<string | null>(null)
  /** Answers to all but the latest question come too late. */
  #turn = 0
  readonly #search: Search

  constructor(search: Search) {
    this.#search = search
    $effect(() => {
      const typed = this.typed.trim()
      untrack(() => {
        if (typed === '') this.#leave()
        else this.#ask(typed, PAGE)
      })
    })
    $effect(() =>
      search.subscribe(() => {
        untrack(() => {
          if (this.open && this.#hits.length <= MAX_RENEWED)
            this.#ask(this.typed.trim(), Math.max(PAGE, this.#hits.length))
        })
      }),
    )
  }

  /** Whether something is looked for. */
  get open(): boolean {
    return this.typed.trim() !== ''
  }

  get hits(): readonly SearchHit[] {
    return this.#hits
  }

  /** Whether the hits are those for what is typed. */
  get current(): boolean {
    return this.#answered === this.typed.trim()
  }

  get more(): boolean {
    return this.#next !== null
  }

  get reach(): SearchReach {
    return this.#reach
  }

  get problem(): Problem | null {
    return this.#problem
  }

  /** Fetches the next page. */
  grow(): void {
    if (this.#next !== null && this.current) this.#ask(this.typed.trim(), PAGE, this.#next)
  }

  clear(): void {
    this.typed = ''
  }

  #leave(): void {
    this.#turn += 1
    this.#hits = []
    this.#next = null
    this.#answered = null
    this.#problem = null
  }

  #ask(typed: string, limit: number, after: number | null = null): void {
    const turn = ++this.#turn
    const before = after === null ? [] : this.#hits
    const asking = attempt(async () => {
      const page = await this.#search.search(typed, {}, limit, after)
      if (turn !== this.#turn) return
      this.#hits = [...before, ...page.hits]
      this.#next = page.next
      this.#reach = page.reach
      this.#answered = typed
    })
    void asking.then((problem) => {
      if (turn === this.#turn) this.#problem = problem
    })
  }
}
