/** What is shown of a message that was found: the place of the first hit, with all hits marked. */
import { fold } from './fold.ts'
import { type Query, termsOf } from './terms.ts'

export interface SnippetPart {
  readonly text: string
  readonly hit: boolean
}

/** Characters before the first hit, and in all. */
const BEFORE = 30
const LENGTH = 140

/** What folding may turn into words; between such stretches it joins nothing. */
const STRETCH = /[\p{L}\p{M}\p{N}\p{S}\p{Cf}]+/gu
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu

type Span = readonly [from: number, to: number]

/** A part of the text around the first hit, as one line; at the ends an ellipsis where something was left out. */
export function snippetOf(text: string, query: Query): SnippetPart[] {
  const whole = text.normalize('NFC')
  const hits = hitsIn(whole, query)
  const first = hits[0]?.[0] ?? 0
  const from = first <= BEFORE ? 0 : startOfWord(whole, first - BEFORE)
  const to = cutAt(whole, Math.max(from + LENGTH, hits[0]?.[1] ?? 0))
  const parts: SnippetPart[] = []
  const add = (part: string, hit: boolean): void => {
    const line = part.replace(/\s+/gu, ' ')
    if (line !== '') parts.push({ text: line, hit })
  }
  if (from > 0) add('…', false)
  let done = from
  for (const [start, end] of hits) {
    if (start >= to) break
    add(whole.slice(done, start), false)
    add(whole.slice(start, Math.min(end, to)), true)
    done = Math.min(end, to)
  }
  add(whole.slice(done, to), false)
  if (to < whole.length) add('…', false)
  return parts
}

/** Where a text (NFC) answers the query: ascending, disjoint. */
function hitsIn(text: string, query: Query): Span[] {
  const spans: Span[] = []
  for (const { 0: stretch, index } of text.matchAll(STRETCH)) {
    const folded = fold(stretch)
    const found = [...termsOf(folded)].flatMap((term) => spansIn(term.text, term.dense, term.at, query))
    if (found.length === 0) continue
    const places = placesIn(stretch, folded)
    for (const [from, to] of found)
      spans.push(
        places === null
          ? [index, index + stretch.length]
          : [index + places(from, false), index + places(to, true)],
      )
  }
  return joined(spans)
}

function spansIn(term: string, dense: boolean, at: number, { words, runs }: Query): Span[] {
  if (!dense)
    return words.filter((word) => term.startsWith(word)).map((word) => [at, at + word.length] as const)
  const spans: Span[] = []
  for (const run of runs)
    for (let from = term.indexOf(run); from !== -1; from = term.indexOf(run, from + 1))
      spans.push([at + from, at + from + run.length])
  return spans
}

/** From places in the folded stretch to places in the stretch; null where its letters do not fold one by one. */
function placesIn(stretch: string, folded: string): ((at: number, isEnd: boolean) => number) | null {
  if (stretch.length === folded.length && !/[^\0-\x7F]/.test(stretch)) return (at) => at
  const steps: { readonly folded: number; readonly from: number; readonly to: number }[] = []
  let length = 0
  for (const { 0: cluster, index } of stretch.matchAll(CLUSTER)) {
    length += fold(cluster).length
    steps.push({ folded: length, from: index, to: index + cluster.length })
  }
  if (length !== folded.length) return null
  return (at, isEnd) => {
    const step = steps.find((step) => (isEnd ? step.folded >= at : step.folded > at))
    return step === undefined ? stretch.length : isEnd ? step.to : step.from
  }
}

function joined(spans: readonly Span[]): Span[] {
  const result: [number, number][] = []
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

/** The next beginning of a word, if there is one soon; what is written without spaces is cut anywhere. */
function startOfWord(text: string, at: number): number {
  const space = text.slice(at, at + BEFORE).search(/\s/u)
  return space === -1 ? cutAt(text, at) : at + space + 1
}

/** Not between the halves of a character. */
function cutAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : Math.min(at, text.length)
}
