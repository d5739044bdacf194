/** The languages that Gigi speaks, and which of them someone is spoken to in. */

export const LANGUAGES = ['en', 'ar'] as const

export type Language = (typeof LANGUAGES)[number]

/** What the user has chosen; system: whatever the browser is set to. */
export const LANGUAGE_CHOICES = ['system', ...LANGUAGES] as const

export type LanguageChoice = (typeof LANGUAGE_CHOICES)[number]

export type Direction = 'ltr' | 'rtl'

/** Where the lines of a language begin. */
export const DIRECTIONS: Readonly<Record<Language, Direction>> = { en: 'ltr', ar: 'rtl' }

/**
 * What to speak, where the browser wants `wanted` (BCP 47, the dearest first): of those that we know the first one, and
 * English to whoever wants none of them.
 */
export function languageOf(choice: LanguageChoice, wanted: readonly string[]): Language {
  if (choice !== 'system') return choice
  for (const tag of wanted) {
    const known = LANGUAGES.find((language) => speaks(tag, language))
    if (known !== undefined) return known
  }
  return 'en'
}

/** How the region of the user writes a language: en-GB has other dates than en-US. */
export const localeOf = (language: Language, wanted: readonly string[]): string =>
  wanted.find((tag) => speaks(tag, language)) ?? language

/** Three-letter languages begin like those of two. */
const speaks = (tag: string, language: Language): boolean => tag.toLowerCase().split('-', 1)[0] === language
