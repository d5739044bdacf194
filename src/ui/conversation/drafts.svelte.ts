import type { GigiApp } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { attempt, type Problem } from '../attempt.ts'
import { joinTexts, readDraft, writeDraft } from './drafts.ts'
import { forgetSending, noteSending, readSendings, type Sending, sendingToken } from './sending.ts'

let sent = 0

/** What is being written to one conversation. */
export class Draft {
  readonly #app: GigiApp
  readonly #storage: Storage
  readonly #conversation: ConversationId
  #text = $state('')
  #problem: Problem | null = $state(null)
  /** Settles when everything sent so far is: one after the other, so that the order is that of writing. */
  #line: Promise<void> = Promise.resolve()

  constructor(app: GigiApp, storage: Storage, conversation: ConversationId) {
    this.#app = app
    this.#storage = storage
    this.#conversation = conversation
    this.#text = readDraft(storage, conversation)
  }

  get text(): string {
    return this.#text
  }

  set text(text: string) {
    this.#text = text
    writeDraft(this.#storage, this.#conversation, text)
  }

  /** Why the last text came back instead of being sent. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** Empties the draft and sends its text; what is refused comes back into the draft. */
  send(): void {
    const text = this.#text.trim()
    if (text === '') return
    const token = sendingToken(Date.now(), ++sent, crypto.randomUUID())
    const sending = { token, conversation: this.#conversation, text }
    noteSending(this.#storage, sending)
    this.text = ''
    this.deliver(sending)
  }

  /** Sends a text that was noted, after those before it. */
  deliver({ token, conversation, text }: Sending): void {
    this.#line = this.#line.then(async () => {
      this.#problem = await attempt(() => this.#app.commands.sendText(conversation, text, token))
      if (this.#problem !== null) this.text = joinTexts(text, this.#text)
      forgetSending(this.#storage, token)
    })
  }
}

/** The drafts of all conversations; each is read from the storage when it is first asked for. */
export class Drafts {
  readonly #app: GigiApp
  readonly #storage: Storage
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- only remembers what was made; filled while reading
  readonly #drafts = new Map<ConversationId, Draft>()

  constructor(app: GigiApp, storage: Storage) {
    this.#app = app
    this.#storage = storage
    // Left by a tab that died, or under way in one that lives: the token makes one message of both.
    for (const sending of readSendings(storage)) this.of(sending.conversation).deliver(sending)
  }

  of(conversation: ConversationId): Draft {
    const known = this.#drafts.get(conversation)
    if (known !== undefined) return known
    const draft = new Draft(this.#app, this.#storage, conversation)
    this.#drafts.set(conversation, draft)
    return draft
  }
}
