/** What is being written, kept in the browser's storage so that it outlives a reload. */
import type { ConversationId } from '../../domain/ids.ts'

const KEY_PREFIX = 'gigi.draft.'

export const readDraft = (storage: Storage, id: ConversationId): string =>
  storage.getItem(KEY_PREFIX + id) ?? ''

export function writeDraft(storage: Storage, id: ConversationId, text: string): void {
  if (text === '') storage.removeItem(KEY_PREFIX + id)
  else storage.setItem(KEY_PREFIX + id, text)
}
