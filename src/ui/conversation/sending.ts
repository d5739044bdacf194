/**
 * Texts that the user has sent and that are not known to be durable yet. Each is written down until it is, so that a
 * tab that dies in between loses nothing: whoever comes next sends it again, under the same token, and the store makes
 * one message of that.
 */
import { type ConversationId, isConversationId } from '../../domain/ids.ts'

export interface Sending {
  /** Unique; tokens of one tab sort in the order of sending. */
  readonly token: string
  readonly conversation: ConversationId
  readonly text: string
}

const KEY_PREFIX = 'gigi.sending.'

export function noteSending(storage: Storage, { token, conversation, text }: Sending): void {
  storage.setItem(KEY_PREFIX + token, JSON.stringify({ conversation, text }))
}

export function forgetSending(storage: Storage, token: string): void {
  storage.removeItem(KEY_PREFIX + token)
}

/** All that was noted and not forgotten, in the order of sending. */
export function readSendings(storage: Storage): readonly Sending[] {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
  return keys
    .filter((key) => key.startsWith(KEY_PREFIX))
    .sort()
    .flatMap((key) => {
      const noted: unknown = JSON.parse(storage.getItem(key) ?? 'null')
      return isNote(noted) ? [{ token: key.slice(KEY_PREFIX.length), ...noted }] : []
    })
}

/** The token of the `count`th text that this tab sends, at `now` (milliseconds since the Unix epoch). */
export const sendingToken = (now: number, count: number, unique: string): string =>
  [now.toString(36).padStart(9, '0'), count.toString(36).padStart(5, '0'), unique].join('-')

const isNote = (value: unknown): value is Omit<Sending, 'token'> =>
  typeof value === 'object' &&
  value !== null &&
  'text' in value &&
  typeof value.text === 'string' &&
  'conversation' in value &&
  typeof value.conversation === 'string' &&
  isConversationId(value.conversation)
