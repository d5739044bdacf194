/** Where drafts are kept across reloads, and what of a message on its way counts as draft. */
import type { ConversationId } from '../../domain/ids.ts'

const KEY_PREFIX = 'gigi.draft.'

export const readDraft = (storage: Storage, id: ConversationId): string =>
  storage.getItem(KEY_PREFIX + id) ?? ''

export function writeDraft(storage: Storage, id: ConversationId, text: string): void {
  if (text === '') storage.removeItem(KEY_PREFIX + id)
  else storage.setItem(KEY_PREFIX + id, text)
}

/**
 * What has to be kept: texts that were sent but are not durable yet, and what is being typed. Should the page die
 * in between, they are found in the composer again.
 */
export const keptText = (underway: readonly string[], typed: string): string =>
  [...underway, typed].filter((text) => text !== '').join('\n')
