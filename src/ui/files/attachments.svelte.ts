import type { GigiApp } from '../../app/api.ts'
import type { ConversationId } from '../../domain/ids.ts'
import { attempt } from '../attempt.ts'
import type { Notices } from '../kit/notices.svelte.ts'
import { texts } from '../texts/texts.svelte.ts'

/** A file that is taken in, and not sent yet. */
export class Attachment {
  readonly conversation: ConversationId
  readonly file: File
  readonly #controller = new AbortController()
  /** Bytes that were taken in. */
  done = $state(0)

  constructor(conversation: ConversationId, file: File) {
    this.conversation = conversation
    this.file = file
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  callOff(): void {
    this.#controller.abort()
  }
}

/**
 * The files that are being taken in, of all conversations: it goes on though another one is opened. One after the other, so that they
 * are sent in the order in which they were chosen.
 */
export class Attachments {
  readonly #app: GigiApp
  readonly #notices: Notices
  #all: readonly Attachment[] = $state.raw([])
  #line: Promise<void> = Promise.resolve()

  constructor(app: GigiApp, notices: Notices) {
    this.#app = app
    this.#notices = notices
  }

  of(conversation: ConversationId): readonly Attachment[] {
    return this.#all.filter((attachment) => attachment.conversation === conversation)
  }

  /** Takes files in, and sends each. Resolves when the last is sent, or was not. */
  add(conversation: ConversationId, files: readonly File[]): Promise<void> {
    const added = files.map((file) => new Attachment(conversation, file))
    this.#all = [...this.#all, ...added]
    for (const attachment of added) this.#line = this.#line.then(() => this.#send(attachment))
    return this.#line
  }

  async #send(attachment: Attachment): Promise<void> {
    const { conversation, file, signal } = attachment
    const stopped = await attempt(async () => {
      try {
        await this.#app.files.share(conversation, file, (bytes) => (attachment.done = bytes), signal)
      } catch (error) {
        // As it was asked to.
        if (!signal.aborted) throw error
      }
    })
    this.#all = this.#all.filter((other) => other !== attachment)
    if (stopped !== null) this.#notices.complain(texts.file.notSent(file.name, texts.problem[stopped]))
  }
}
