/** What is being written, kept in the browser's storage so that it outlives a reload. */
import type { ConversationId } from '../../domain/ids.ts'

const KEY_PREFIX = 'gigi.draft.'

export const readDraft = (storage: Storage, id: ConversationId): string =>
  storage.getItem(KEY_PREFIX + id) ?? ''

export function writeDraft(storage: Storage, id: ConversationId, text: string): void {
  if (text === '') storage.removeItem(KEY_PREFIX + id)
  else storage.setItem(KEY_PREFIX + id, text)
}

/** What is left of a field when the text that was sent from it is taken out: it may have been written on. */
export const typedSince = (sent: string, field: string): string =>
  field.startsWith(sent) ? field.slice(sent.length) : field

/** What came back, before what has been typed since. */
export const joinTexts = (returned: string, typed: string): string =>
  typed === '' ? returned : `${returned}\n${typed}`
