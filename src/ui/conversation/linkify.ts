export interface TextPart {
  readonly text: string
  /** Where it leads; http or https only. */
  readonly href?: string
}

const CANDIDATE = /https?:\/\/[^\s<>"]+/giu
/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?'’”»…*_]+$/u

const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const

const count = (text: string, character: string): number => text.split(character).length - 1

/** Takes off what belongs to the sentence around: punctuation, and brackets that were opened before the address. */
function trimmed(address: string): string {
  let text = address
  for (;;) {
    const before = text
    text = text.replace(TRAILING, '')
    for (const [open, close] of BRACKETS)
      if (text.endsWith(close) && count(text, close) > count(text, open)) text = text.slice(0, -1)
    if (text === before) return text
  }
}

/**
 * Cuts a text into plain parts and links. The parts put together are the text again, to the letter; what a link
 * shows is where it leads.
 */
export function linkify(text: string): readonly TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const address = trimmed(match[0])
    if (!URL.canParse(address)) continue
    if (match.index > end) parts.push({ text: text.slice(end, match.index) })
    parts.push({ text: address, href: address })
    end = match.index + address.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u

/** Characters that three emoji can have at most: families of four with their joiners. */
const MAX_EMOJI_LENGTH = 36

/** Whether a text is one to three emoji and nothing else: shown large. */
export function isOnlyEmoji(text: string): boolean {
  if (text === '' || text.length > MAX_EMOJI_LENGTH) return false
  const seen = [...graphemes.segment(text)].filter(({ segment }) => segment.trim() !== '')
  return seen.length > 0 && seen.length <= 3 && seen.every(({ segment }) => PICTURE.test(segment))
}
