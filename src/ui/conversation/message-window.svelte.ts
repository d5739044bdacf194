import { untrack } from 'svelte'
import type { MessagePage, Queries } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { live, type Live } from '../live.svelte.ts'
import { downFrom, holding, MAX_HELD, NEWEST, PAGE, sharing, type Span, staying, upTo } from './window.ts'

/** The part of a conversation that is in the document. It follows the newest message, or stays with what is being read. */
export class MessageWindow {
  readonly #queries: Queries
  readonly #id: ConversationId
  #span: Span = $state.raw(NEWEST)
  #shown: Answer | undefined = $state.raw()
  /** What is fetched to be shown from it on. */
  #seeking: Promise<void> | undefined
  #waiting: (() => void)[] = []
  readonly #fresh: Live<Answer>

  constructor(queries: Queries, id: ConversationId) {
    this.#queries = queries
    this.#id = id
    this.#fresh = live(
      (span) => {
        const at = span.from === null ? undefined : { from: span.from }
        return queries.messages(id, span.limit, at).then((page) => ({ span, page }))
      },
      () => this.#span,
    )
    // Before the document is updated, so that everything that hangs on it changes in one go.
    $effect.pre(() => {
      const fresh = this.#fresh.current
      // An answer to an earlier question would throw out what is being read.
      if (fresh?.span !== this.#span) return
      untrack(() => {
        const { span, page } = fresh
        this.#shown = {
          span,
          page: { ...page, messages: sharing(this.page?.messages ?? [], page.messages) },
        }
        for (const go of this.#waiting.splice(0)) go()
      })
    })
  }

  /** Undefined until the first page is there. */
  get page(): MessagePage | undefined {
    return this.#shown?.page
  }

  /** Whether other messages have been asked for and are not there yet. */
  get moving(): boolean {
    return this.#shown?.span !== this.#span
  }

  /** Resolves when what was asked for is there, or at once. */
  async settled(): Promise<void> {
    while (this.moving) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Takes in a page of older messages. */
  up(): void {
    const { page } = this
    if (page?.older !== true || this.moving || this.#seeking !== undefined) return
    const { from, limit } = this.#span
    if (from === null && limit + PAGE <= MAX_HELD) this.#span = { from, limit: limit + PAGE }
    else void this.#seek(page.messages[0]?.cursor)
  }

  /** Takes in a page of newer messages. */
  down(): void {
    if (this.page?.newer === true && !this.moving) this.#span = downFrom(this.page.messages, this.#span)
  }

  /** Shows the surroundings of a message, wherever it is. */
  async goTo(cursor: string): Promise<void> {
    await this.#seeking
    await this.#seek(cursor, cursor)
  }

  /** The newest message is in sight, and older ones may leave for new ones. */
  follow(): void {
    if (this.#span.from !== null || this.#span.limit > PAGE) this.#span = NEWEST
  }

  /** The reader has gone further up: what is held stays. */
  stay(): void {
    if (this.#span.from === null) this.#span = staying(this.page?.messages ?? [])
  }

  /** Takes in what is unread, so that it is displayed and can be read. */
  hold(unread: number): void {
    untrack(() => {
      this.#span = holding(this.#span, unread)
    })
  }

  /** From the page before a cursor on; where there is none, from `otherwise` on. */
  #seek(before: string | undefined, otherwise?: string): Promise<void> {
    if (before === undefined) return Promise.resolve()
    const start = this.#span
    this.#seeking = this.#queries
      .messages(this.#id, PAGE, { before })
      .then(({ messages }) => {
        // The reader has gone elsewhere meanwhile.
        if (this.#span !== start) return
        if (messages.length === 0 && otherwise !== undefined)
          this.#span = { from: otherwise, limit: MAX_HELD }
        else this.#span = upTo(messages, start)
      })
      .catch(reportError)
      .finally(() => {
        this.#seeking = undefined
      })
    return this.#seeking
  }
}

interface Answer {
  /** What was asked for. */
  readonly span: Span
  readonly page: MessagePage
}
