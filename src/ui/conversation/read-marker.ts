import type { MessageView } from '../../app/api.ts'
import type { MessageId } from '../../domain/ids.ts'
import { unreadAmong } from './window.ts'

/** How long in milliseconds what comes into view is gathered before it is marked in one go. */
const GATHER_MS = 120

/** Marks as read what has been before the user's eyes. */
export class ReadMarker {
  readonly #mark: (ids: readonly MessageId[]) => Promise<void>
  readonly #seen: () => readonly MessageView[]
  /** What is being marked, so that it is not marked twice before the store says so. */
  readonly #underway = new Set<MessageId>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `seen` says which messages are or were in view, at the moment it is asked. */
  constructor(mark: (ids: readonly MessageId[]) => Promise<void>, seen: () => readonly MessageView[]) {
    this.#mark = mark
    this.#seen = seen
  }

  /** Call it whenever other messages may have come into view. */
  markSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.markNow()
    }, GATHER_MS)
  }

  /** Call it before messages that were in view leave the document. */
  markNow(): void {
    this.stop()
    void this.#markSeen()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #markSeen(): Promise<void> {
    const ids = unreadAmong(this.#seen())
      .map(({ id }) => id)
      .filter((id) => !this.#underway.has(id))
    if (ids.length === 0) return
    for (const id of ids) this.#underway.add(id)
    try {
      await this.#mark(ids)
    } catch (error) {
      // They stay unread, and are tried again with whatever is displayed next.
      for (const id of ids) this.#underway.delete(id)
      reportError(error)
    }
  }
}
