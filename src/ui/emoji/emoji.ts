/** The emoji that can be picked: by kind, by words, and those used of late. */
import keywords from 'emojilib'
import groups from 'unicode-emoji-json/data-by-group.json'

export interface Emoji {
  /** With its usual skin. */
  readonly text: string
  readonly name: string
  /** Whether it shows somebody whose skin can be chosen. */
  readonly hasSkin: boolean
}

export interface Kind {
  readonly id: KindId
  readonly emoji: readonly Emoji[]
}

export const KINDS = [
  'smileys_emotion',
  'people_body',
  'animals_nature',
  'food_drink',
  'travel_places',
  'activities',
  'objects',
  'symbols',
  'flags',
] as const
export type KindId = (typeof KINDS)[number]

/** What later versions of Unicode added is an empty box on many devices. */
const NEWEST = 15
/** Most that a search shows. */
const MAX_FOUND = 80
/** How many are remembered as used. */
export const MAX_RECENT = 24

export const kinds: readonly Kind[] = KINDS.map((id) => ({
  id,
  emoji: (groups.find(({ slug }) => slug === id)?.emojis ?? [])
    .filter(({ emoji_version }) => Number(emoji_version) <= NEWEST)
    .map(({ emoji, name, skin_tone_support }) => ({ text: emoji, name, hasSkin: skin_tone_support })),
}))

const all: readonly (Emoji & { readonly words: string })[] = kinds.flatMap(({ emoji }) =>
  emoji.map((one) => {
    const words = (keywords as Readonly<Record<string, readonly string[]>>)[one.text] ?? []
    return { ...one, words: ` ${[one.name, ...words].join(' ').replaceAll('_', ' ').toLowerCase()}` }
  }),
)

/** Those in whose name or keywords (English) each word typed begins a word; whose name begins with it first. */
export function searchEmoji(typed: string): readonly Emoji[] {
  const parts = typed.toLowerCase().split(/\s+/u).filter(Boolean)
  const found = all.filter(({ words, text }) =>
    parts.every((part) => words.includes(` ${part}`) || part === text),
  )
  const named = (one: Emoji): number => (one.name.startsWith(parts[0] ?? '') ? 0 : 1)
  return found.toSorted((a, b) => named(a) - named(b)).slice(0, MAX_FOUND)
}

/** Those of them that are emoji still. */
export const emojiOf = (texts: readonly string[]): readonly Emoji[] =>
  texts.flatMap((text) => all.find((one) => one.text === text) ?? [])

/** The modifiers of Unicode, lightest first; before them none. */
export const SKINS = ['', '🏻', '🏼', '🏽', '🏾', '🏿'] as const

/** As it is written with that skin. */
export function withSkin({ text, hasSkin }: Emoji, skin: string): string {
  if (!hasSkin || skin === '') return text
  const [first = '', ...rest] = text
  // The modifier stands for the sign that asks for a picture.
  if (rest[0] === '\uFE0F') rest.shift()
  return first + skin + rest.join('')
}
