import type { GigiApp } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { attempt, type Problem } from '../attempt.ts'
import { joinTexts, readDraft, typedSince, writeDraft } from './drafts.ts'
import { forgetSending, noteSending, readSendings, type Sending, sendingToken } from './sending.ts'

let sent = 0

/** What is being written to one conversation. */
export class Draft {
  readonly #app: GigiApp
  readonly #storage: Storage
  readonly #conversation: ConversationId
  #text = $state('')
  #problem: Problem | null = $state(null)
  /** What is in the field and being sent: it stays there until it is stored, since an empty field says that it is (D1). */
  #underWay = ''
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

  /** Sends the text, and takes it out of the draft when it is stored; what is refused stays. */
  send(): void {
    const text = typedSince(this.#underWay, this.#text).trim()
    if (text === '') return
    const token = sendingToken(Date.now(), ++sent, crypto.randomUUID())
    const sending = { token, conversation: this.#conversation, text }
    noteSending(this.#storage, sending)
    const written = (this.#underWay = this.#text)
    this.#line = this.#line.then(async () => {
      if (await this.#store(sending)) this.text = typedSince(written, this.#text)
      else if (!this.#text.includes(text)) this.text = joinTexts(text, this.#text)
      if (this.#underWay === written) this.#underWay = ''
    })
  }

  /** Sends a text that was noted by a tab that died, after those before it; it may still be in the draft. */
  deliver(sending: Sending): void {
    const { text } = sending
    this.#line = this.#line.then(async () => {
      if (await this.#store(sending)) this.text = typedSince(text, this.#text.trimStart())
      else if (!this.#text.includes(text)) this.text = joinTexts(text, this.#text)
    })
  }

  async #store({ token, conversation, text }: Sending): Promise<boolean> {
    this.#problem = await attempt(() => this.#app.commands.sendText(conversation, text, token))
    forgetSending(this.#storage, token)
    return this.#problem === null
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
