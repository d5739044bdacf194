/** Who is writing to us, as the interface shows it: for a few seconds after they said so. */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { isGroupId } from '../protocol/group.ts'
import type { Timer } from '../sync/ports.ts'
import type { StatusHub } from './status.ts'

/** Someone who said that they are typing is shown so for this long, milliseconds: they say it every three seconds. */
const TYPING_SHOWN_MS = 5_000

export class TypingPeople {
  readonly #timer: Timer
  readonly #hub: StatusHub
  /** How to call off the end of it, by conversation and person. */
  readonly #ends = new Map<ConversationId, Map<PeerId, () => void>>()

  constructor(timer: Timer, hub: StatusHub) {
    this.#timer = timer
    this.#hub = hub
  }

  heard(peer: PeerId, conversation: ConversationId): void {
    const people = this.#ends.get(conversation) ?? new Map<PeerId, () => void>()
    this.#ends.set(conversation, people)
    people.get(peer)?.()
    const callOff = this.#timer.after(TYPING_SHOWN_MS, () => {
      people.delete(peer)
      this.#publish(peer, conversation)
    })
    people.set(peer, callOff)
    this.#publish(peer, conversation)
  }

  /** They have written, or went away. */
  over(peer: PeerId): void {
    for (const [conversation, people] of this.#ends) {
      const callOff = people.get(peer)
      if (callOff === undefined) continue
      callOff()
      people.delete(peer)
      this.#publish(peer, conversation)
    }
  }

  #publish(peer: PeerId, conversation: ConversationId): void {
    const people = this.#ends.get(conversation)
    if (isGroupId(conversation)) this.#hub.publishWriters(conversation, [...(people?.keys() ?? [])])
    else this.#hub.publishPeer(peer, { typing: people?.has(peer) === true })
    if (people?.size === 0) this.#ends.delete(conversation)
  }
}
