import { untrack } from 'svelte'
import type { MessagePage, Queries } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { live, type Live } from '../live.svelte.ts'
import { limitToKeep, MAX_UNREAD, MAX_WINDOW, PAGE, sharing } from './window.ts'

/** The part of a conversation that is in the document. It follows the newest message, or keeps what is being read. */
export class MessageWindow {
  /** Whether the newest message is in sight, so that older ones may leave for new ones. */
  following = $state(true)

  #limit = $state(PAGE)
  #shown: Answer | undefined = $state.raw()
  readonly #fresh: Live<Answer>

  constructor(queries: Queries, id: ConversationId) {
    this.#fresh = live(
      async (limit) => ({ limit, page: await queries.messages(id, limit) }),
      () => this.#limit,
    )
    // Before the document is updated, so that everything that hangs on it changes in one go.
    $effect.pre(() => {
      const fresh = this.#fresh.current
      const { following } = this
      if (fresh === undefined) return
      untrack(() => {
        this.#take(fresh, following)
      })
    })
  }

  /** Undefined until the first page is there. */
  get page(): MessagePage | undefined {
    return this.#shown?.page
  }

  /** Whether older messages have been asked for and are not there yet. */
  get growing(): boolean {
    return this.#shown?.limit !== this.#limit
  }

  /** Fetches a page of older messages. */
  grow(): void {
    if (this.growing || this.page?.more !== true) return
    this.#limit = Math.min(this.#limit + PAGE, MAX_WINDOW)
  }

  /** Takes in what is unread, so that it is displayed and can be read, even when it comes in a flood. */
  hold(unread: number): void {
    const wanted = Math.min(Math.ceil((unread + SLACK) / PAGE) * PAGE, MAX_UNREAD)
    untrack(() => {
      if (wanted > this.#limit) this.#limit = wanted
    })
  }

  /** Forgets what was scrolled to: the reader is back at the newest message. */
  shrink(): void {
    this.#limit = PAGE
  }

  #take(fresh: Answer, following: boolean): void {
    const held = this.page?.messages ?? []
    const limit = following ? fresh.limit : limitToKeep(held, fresh.page.messages, fresh.limit)
    if (limit === fresh.limit)
      this.#shown = { limit, page: { ...fresh.page, messages: sharing(held, fresh.page.messages) } }
    else if (limit !== null) this.#limit = limit
  }
}

/** Messages of one's own that may stand among the unread ones. */
const SLACK = 10

interface Answer {
  /** How many were asked for. */
  readonly limit: number
  readonly page: MessagePage
}
