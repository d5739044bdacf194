import type { ConversationId } from '../../domain/ids.ts'
import { attempt, type Problem } from '../attempt.ts'
import { keptText, readDraft, writeDraft } from './drafts.ts'

/** What is being written to one conversation. */
export class Draft {
  readonly #storage: Storage
  readonly #id: ConversationId
  #text = $state('')
  #problem: Problem | null = $state(null)
  #underway: readonly string[] = []
  /** Settles when everything sent so far is: one after the other, so that the order is that of writing. */
  #line: Promise<void> = Promise.resolve()

  constructor(storage: Storage, id: ConversationId) {
    this.#storage = storage
    this.#id = id
    this.#text = readDraft(storage, id)
  }

  get text(): string {
    return this.#text
  }

  set text(text: string) {
    this.#text = text
    this.#keep()
  }

  /** Why the last text came back instead of being sent. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** Empties the draft and hands its text to `command`; what the command refuses comes back into the draft. */
  send(command: (text: string) => Promise<unknown>): void {
    const text = this.#text.trim()
    if (text === '') return
    this.#problem = null
    this.#underway = [...this.#underway, text]
    this.text = ''
    this.#line = this.#line.then(async () => {
      this.#problem = await attempt(() => command(text))
      this.#underway = this.#underway.slice(1)
      if (this.#problem === null) this.#keep()
      else this.text = keptText([text], this.#text)
    })
  }

  #keep(): void {
    writeDraft(this.#storage, this.#id, keptText(this.#underway, this.#text))
  }
}

/** The drafts of all conversations; each is read from the storage when it is first asked for. */
export class Drafts {
  readonly #storage: Storage
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- only remembers what was made; filled while reading
  readonly #drafts = new Map<ConversationId, Draft>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  of(id: ConversationId): Draft {
    const known = this.#drafts.get(id)
    if (known !== undefined) return known
    const draft = new Draft(this.#storage, id)
    this.#drafts.set(id, draft)
    return draft
  }
}
