import type { GigiApp } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { attempt, type Problem } from '../attempt.ts'
import { draftTime, readDraft, writeDraft } from './drafts.ts'
import { forgetSending, noteSending, readSendings, type Sending, sendingToken } from './sending.ts'
import { type Piece, UnderWay } from './under-way.ts'

let sent = 0

/** Messages among which a text that may have been sent is looked for: more than one sends in the minutes that are lost. */
const LOOKED_THROUGH = 500

/** What is being written to one conversation. */
export class Draft {
  readonly #app: GigiApp
  readonly #storage: Storage
  readonly #conversation: ConversationId
  readonly #underWay = new UnderWay()
  #text = $state('')
  #problem: Problem | null = $state(null)
  /** Settles when everything sent so far is: one after the other, so that the order is that of writing. */
  #line: Promise<void> = Promise.resolve()

  constructor(app: GigiApp, storage: Storage, conversation: ConversationId) {
    this.#app = app
    this.#storage = storage
    this.#conversation = conversation
    this.#text = readDraft(storage, conversation)
    if (this.#text !== '') void attempt(() => this.#dropIfSent(this.#text))
  }

  /** Browsers write their storage down late: after a crash it may hold what was typed and then sent, minutes ago. */
  async #dropIfSent(typed: string): Promise<void> {
    const typedAt = draftTime(this.#storage, this.#conversation)
    const { messages } = await this.#app.queries.messages(this.#conversation, LOOKED_THROUGH)
    const isSent = messages.some(
      ({ direction, content, timestamp }) =>
        direction === 'Sent' &&
        timestamp >= typedAt &&
        content.type === 'Text' &&
        content.text.startsWith(typed.trim()),
    )
    if (isSent && this.#text === typed && this.#underWay.isEmpty) this.text = ''
  }

  get text(): string {
    return this.#text
  }

  set text(text: string) {
    this.#text = text
    writeDraft(this.#storage, this.#conversation, text, Date.now())
  }

  /** Why a text is still there instead of being sent. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** Sends the text, and takes it out of the draft when it is stored; what is refused stays. */
  send(): void {
    const piece = this.#underWay.begin(this.#text)
    if (piece === null) return
    const token = sendingToken(Date.now(), ++sent, crypto.randomUUID())
    const sending = { token, conversation: this.#conversation, text: piece.raw.trim() }
    this.#problem = null
    try {
      noteSending(this.#storage, sending)
    } catch {
      // What cannot even be noted would not be stored.
      this.#problem = 'storage-full'
      this.#underWay.refused(piece, this.#text)
      return
    }
    this.#enqueue(sending, piece)
  }

  /** Sends a text that was noted by a tab that died, after those before it; it may still be in the draft. */
  deliver(sending: Sending): void {
    this.#enqueue(sending, this.#underWay.resume(this.#text, sending.text))
  }

  #enqueue({ token, conversation, text }: Sending, piece: Piece): void {
    this.#line = this.#line.then(async () => {
      const problem = await attempt(() => this.#app.commands.sendText(conversation, text, token))
      forgetSending(this.#storage, token)
      if (problem !== null) this.#problem = problem
      const settled = problem === null ? 'stored' : 'refused'
      this.text = this.#underWay[settled](piece, this.#text)
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
