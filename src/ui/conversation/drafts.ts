/** What is being written, kept in the browser's storage so that it outlives a reload. */
import type { ConversationId } from '../../domain/ids.ts'

const KEY_PREFIX = 'gigi.draft.'
const TIME_PREFIX = 'gigi.drafted.'

export const readDraft = (storage: Storage, id: ConversationId): string =>
  storage.getItem(KEY_PREFIX + id) ?? ''

/** When a draft was last changed, milliseconds since the Unix epoch; Infinity where that is not known. */
export function draftTime(storage: Storage, id: ConversationId): number {
  const at = storage.getItem(TIME_PREFIX + id)
  return at === null ? Infinity : Number(at)
}

export function writeDraft(storage: Storage, id: ConversationId, text: string, now: number): void {
  if (text === '') {
    storage.removeItem(KEY_PREFIX + id)
    storage.removeItem(TIME_PREFIX + id)
  } else {
    storage.setItem(TIME_PREFIX + id, String(now))
    storage.setItem(KEY_PREFIX + id, text)
  }
}
