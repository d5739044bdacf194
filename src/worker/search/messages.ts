/** What tabs and the worker that has the index say to each other: all hear all, on one channel. */
import type { ConversationId, MessageId, PeerId } from '../../domain/ids.ts'
import type { Direction } from '../../domain/message.ts'
import type { SnippetPart } from '../../domain/search/snippet.ts'

export const CHANNEL = 'gigi-search'

export interface SearchFilter {
  readonly conversation?: ConversationId
  readonly sender?: PeerId
  /** Written at this time or later, milliseconds since the Unix epoch, by the author's clock. */
  readonly from?: number
  /** Written before this time, milliseconds. */
  readonly to?: number
}

export interface SearchHit {
  readonly id: MessageId
  readonly conversation: ConversationId
  /** The other person of the conversation, and what the conversation is called. */
  readonly peerId: PeerId
  readonly name: string
  readonly direction: Direction
  /** Milliseconds since the Unix epoch, by the author's clock. */
  readonly timestamp: number
  /** What was found, with the words that were looked for marked. */
  readonly snippet: readonly SnippetPart[]
  /** Where it stands in its conversation, as in the pages of it. */
  readonly cursor: string
}

/** all: every message is searched. growing: older ones are still being read. newest: there is no room for older ones. */
export type SearchReach = 'all' | 'growing' | 'newest'

export interface SearchPage {
  /** The newest first. */
  readonly hits: readonly SearchHit[]
  /** To be passed for the next page; null when there is none. */
  readonly next: number | null
  readonly reach: SearchReach
}

export interface SearchRequest {
  readonly typed: string
  readonly filter: SearchFilter
  readonly limit: number
  readonly after: number | null
}

export type SearchWord =
  | { readonly type: 'search'; readonly id: string; readonly request: SearchRequest }
  | { readonly type: 'found'; readonly id: string; readonly page: SearchPage }
  /** It was heard, and is answered when the index is open. */
  | { readonly type: 'wait'; readonly id: string }
  /** Another worker has the index from now on: whoever waits for an answer asks again. */
  | { readonly type: 'here' }
  /** What is found may have changed. */
  | { readonly type: 'changed' }

/** What a tab says to its own worker. */
export type WorkerOrder =
  /** How often in a row the index has failed: the first time it is only opened anew, then made anew, then held in memory. */
  | { readonly type: 'start'; readonly failures: number }
  /** Take the index from whoever has it and does not answer. */
  | { readonly type: 'seize' }

/** taken: another worker has the lock. index: SQLite failed. other: the store, or what had to be loaded, failed. */
export type WorkerEnd = 'taken' | 'index' | 'other'

export type WorkerWord =
  /** The index is in step with the store. */
  | { readonly type: 'settled' }
  /** This worker has ended: another one has to be started. */
  | { readonly type: 'over'; readonly why: WorkerEnd; readonly reason: string }
