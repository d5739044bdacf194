/** Where one can be, and how the fragment of the address says so. */
import { isConversationId, type ConversationId } from '../domain/ids.ts'

export type Route =
  | { readonly kind: 'home' }
  | { readonly kind: 'conversation'; readonly id: ConversationId }
  /** Someone's invite link was opened. It holds a secret and must not stay in the address. */
  | { readonly kind: 'invite' }

const CONVERSATION = '#/c/'

/** Reads the fragment of an address; what it does not know leads home. */
export function parseFragment(fragment: string): Route {
  if (fragment.startsWith('#invite=')) return { kind: 'invite' }
  if (!fragment.startsWith(CONVERSATION)) return { kind: 'home' }
  const id = fragment.slice(CONVERSATION.length)
  return isConversationId(id) ? { kind: 'conversation', id } : { kind: 'home' }
}

export const HOME = '#/'

export const conversationFragment = (id: ConversationId): string => CONVERSATION + id
