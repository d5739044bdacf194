/** How many colours an avatar may have; the tokens `--avatar-1` … name them. */
const HUES = 8

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const JOINING = /\p{Script=Arabic}/u
const NON_JOINER = '\u200C'

const firstOf = (word: string): string => {
  for (const { segment } of graphemes.segment(word)) return segment
  return ''
}

/** One or two letters that stand for a name: of its first and its last word. */
export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== '')
  const last = words.length > 1 ? words.at(-1) : undefined
  const [one, other] = [firstOf(words[0] ?? ''), firstOf(last ?? '')]
  // Two initials are no word: letters of Arabic would join.
  return (JOINING.test(one) && other !== '' ? one + NON_JOINER + other : one + other).toLocaleUpperCase()
}

/** 1 to 8, the same for an identity on every device: two people of one nickname differ in colour. */
export function hueOf(identity: string): number {
  let sum = 0
  for (const character of identity) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return (sum % HUES) + 1
}
