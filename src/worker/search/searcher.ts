/** Answers queries: the index says what may answer them, the store has the last word. */
import { lookupsOf } from '../../domain/search/index-terms.ts'
import { snippetOf } from '../../domain/search/snippet.ts'
import { matches, parseQuery, type Query } from '../../domain/search/terms.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import { type FoundMessage, readFound } from '../../store/search.ts'
import type { MessageIndex } from './message-index.ts'
import type { SearchFilter, SearchHit, SearchPage, SearchRequest } from './messages.ts'

/** Most results of one page. */
const MAX_LIMIT = 100
/** Candidates read from the store at a time, and for one page at the most: some ms, and some 50 ms. */
const CHUNK = 24
const MAX_LOOKED = 960

type Found = Omit<SearchPage, 'reach'>

const NOTHING: Found = { hits: [], next: null }

/**
 * One page of what answers a request. It may be short, or empty, and yet have a next one: where much had to be passed
 * over, the search goes on there.
 */
export async function search(db: GigiDatabase, index: MessageIndex, request: SearchRequest): Promise<Found> {
  const query = parseQuery(request.typed)
  if (query === null) return NOTHING
  const { filter } = request
  const limit = Math.max(1, Math.min(request.limit, MAX_LIMIT))
  const bounds = {
    names: [filter.conversation, filter.sender].filter((name) => name !== undefined),
    from: filter.from ?? 0,
    to: filter.to ?? Number.MAX_SAFE_INTEGER,
  }
  const hits: SearchHit[] = []
  let place = request.after
  for (let looked = 0; looked < MAX_LOOKED; looked += CHUNK) {
    const candidates = index.candidates(lookupsOf(query), bounds, place, CHUNK)
    const found = await readFound(
      db,
      candidates.map(({ id }) => id),
    )
    for (const [i, candidate] of candidates.entries()) {
      place = candidate.place
      const message = found[i]
      if (message == null || !answers(message, query, filter)) continue
      hits.push(hitOf(message, query))
      if (hits.length === limit) return { hits: newestFirst(hits), next: place }
    }
    if (candidates.length < CHUNK) return { hits: newestFirst(hits), next: null }
  }
  return { hits: newestFirst(hits), next: place }
}

// The index is as old as its last piece, and its order as fine as its grain.
const answers = (message: FoundMessage, query: Query, filter: SearchFilter): boolean =>
  (filter.conversation === undefined || message.conversation === filter.conversation) &&
  (filter.sender === undefined || message.author === filter.sender) &&
  message.timestamp >= (filter.from ?? 0) &&
  message.timestamp < (filter.to ?? Number.MAX_SAFE_INTEGER) &&
  matches(query, message.text)

const newestFirst = (hits: readonly SearchHit[]): SearchHit[] =>
  hits.toSorted((a, b) => b.timestamp - a.timestamp)

const hitOf = (message: FoundMessage, query: Query): SearchHit => {
  const { id, conversation, peer: peerId, title: name, direction, timestamp, cursor } = message
  return {
    id,
    conversation,
    peerId,
    name,
    direction,
    timestamp,
    snippet: snippetOf(message.text, query),
    cursor,
  }
}
