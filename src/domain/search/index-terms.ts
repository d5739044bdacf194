/**
 * What an index of beginnings holds of a text, and what to ask it for. It finds everything that answers a query, and
 * now and then something that does not: that is for `matches` to tell.
 */
import { fold } from './fold.ts'
import { type Query, termsOf } from './terms.ts'

/**
 * Longest key, in characters. Beginnings up to here are looked up in one list each; of a longer word this much has to do,
 * which few words share.
 */
export const MAX_KEY = 8

const hasSurrogates = /[\uD800-\uDFFF]/

const firstOf = (word: string, length: number): string =>
  word.length <= length
    ? word
    : hasSurrogates.test(word)
      ? Array.from(word).slice(0, length).join('')
      : word.slice(0, length)

/** The keys to keep of a text: each once. Runs are kept as pairs of neighbours, and their last character. */
export function keysOf(text: string): Set<string> {
  const keys = new Set<string>()
  for (const term of termsOf(fold(text)))
    if (term.dense) for (const pair of pairsOf(term.text)) keys.add(pair)
    else keys.add(firstOf(term.text, MAX_KEY))
  return keys
}

function* pairsOf(run: string): Generator<string> {
  let before = ''
  for (const character of run) {
    if (before !== '') yield before + character
    before = character
  }
  yield before
}

/** One key of an index, or the beginning of one. */
export interface Lookup {
  readonly key: string
  readonly whole: boolean
}

/** Most keys that one query is looked up by; what else it says is left to `matches`. */
const MAX_LOOKUPS = 24

/** What all texts have among their keys that answer the query. */
export function lookupsOf({ words, runs }: Query): Lookup[] {
  const lookups: Lookup[] = words.map((word) => {
    const key = firstOf(word, MAX_KEY)
    return {
      key,
      whole: hasSurrogates.test(key) ? Array.from(key).length === MAX_KEY : key.length === MAX_KEY,
    }
  })
  for (const run of runs) {
    const pairs = [...pairsOf(run)]
    if (pairs.length === 1) lookups.push({ key: run, whole: false })
    // The last is the one character that is part of the pair before it.
    else for (const key of pairs.slice(0, -1)) lookups.push({ key, whole: true })
  }
  return lookups.slice(0, MAX_LOOKUPS)
}
