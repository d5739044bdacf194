/**
 * The words of a text, and when a text answers a query: each word of the query begins a word of the text, and what is
 * written without spaces (Chinese, Japanese, Korean, Thai, emoji) is found anywhere in such a run.
 */
import { fold } from './fold.ts'

/** Scripts without spaces between words, Korean, whose endings stick to them, and emoji. */
export const DENSE = String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\u30FC\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]`
/** A run of such characters, or a word of any others; built at run time, since the `v` flag is younger than our target. */
const TERM = new RegExp(`(${DENSE}+)|[[\\p{L}\\p{M}\\p{N}]--${DENSE}]+`, 'gv')
const ASCII = /^[\0-\x7F]*$/
const ASCII_WORD = /[a-z0-9]+/g

/** A word or a run, and where it stands in the folded text. */
export interface Term {
  readonly text: string
  readonly dense: boolean
  readonly at: number
}

/** The terms of a text that is folded already, in order. */
export function* termsOf(folded: string): Generator<Term> {
  if (ASCII.test(folded)) {
    for (const { 0: text, index: at } of folded.matchAll(ASCII_WORD)) yield { text, dense: false, at }
    return
  }
  for (const { 0: text, 1: run, index: at } of folded.matchAll(TERM))
    yield { text, dense: run !== undefined, at }
}

/** What is looked for. */
export interface Query {
  /** Beginnings of words. */
  readonly words: readonly string[]
  /** Parts of runs. */
  readonly runs: readonly string[]
}

/** Characters of a query that count; nobody types more, and each word costs. */
const MAX_QUERY_LENGTH = 200

/** Reads what was typed; null when there is nothing in it to look for. */
export function parseQuery(typed: string): Query | null {
  const words = new Set<string>()
  const runs = new Set<string>()
  for (const { text, dense } of termsOf(fold(typed.slice(0, MAX_QUERY_LENGTH).toWellFormed())))
    (dense ? runs : words).add(text)
  return words.size + runs.size === 0 ? null : { words: [...words], runs: [...runs] }
}

/** Whether a text answers a query. */
export function matches({ words, runs }: Query, text: string): boolean {
  const [lackingWords, lackingRuns] = [new Set(words), new Set(runs)]
  for (const term of termsOf(fold(text))) {
    if (term.dense) {
      for (const run of lackingRuns) if (term.text.includes(run)) lackingRuns.delete(run)
    } else {
      for (const word of lackingWords) if (term.text.startsWith(word)) lackingWords.delete(word)
    }
    if (lackingWords.size + lackingRuns.size === 0) return true
  }
  return false
}
