/** Every word the interface says, in the language that is spoken now. Components take them from here and nowhere else. */
import { DIRECTIONS, type Language, localeOf } from '../../domain/language.ts'
import { english } from './en/index.ts'
import { createFormat, type Format } from './format.ts'

/** What each language has to say: English as the one they are all measured by. */
export type Texts = ReturnType<typeof english>

type Catalogue = (format: Format) => Texts

interface Spoken {
  readonly format: Format
  readonly texts: Texts
}

/** What each language is called in itself, for those who read no other. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', ar: 'العربية' }

/** English is here from the start, and stands in for a language that cannot be loaded. */
const catalogues: Readonly<Record<Language, () => Catalogue | Promise<Catalogue>>> = {
  en: () => english,
  ar: async () => (await import('./ar/index.ts')).arabic,
}

let spoken = $state.raw(inWords('en', english))
/** The latest that was asked for: what takes longer to load does not take its place. */
let wanted: Language = 'en'

/** Numbers and times as the language that is spoken now writes them. Runes, as `texts`: what shows them follows. */
export const format: Format = following(() => spoken.format)

/** To be read where it is shown: what is kept of it elsewhere stays in the language that it was read in. */
export const texts: Texts = following(() => spoken.texts)

/**
 * Speaks a language from here on, in the whole page. Resolves when it does, or when another one was asked for meanwhile.
 * Rejects, and goes on as before, when its words cannot be loaded.
 */
export async function speak(language: Language): Promise<void> {
  wanted = language
  const catalogue = await catalogues[language]()
  if (wanted !== language) return
  spoken = inWords(language, catalogue)
  const { documentElement: root } = document
  root.lang = language
  root.dir = DIRECTIONS[language]
}

function inWords(language: Language, catalogue: Catalogue): Spoken {
  const format = createFormat(localeOf(language, navigator.languages), DIRECTIONS[language])
  return { format, texts: catalogue(format) }
}

/** Something that is at any time what `current` says, property by property. */
function following<T extends object>(current: () => T): T {
  return new Proxy({} as T, { get: (_, key) => Reflect.get(current(), key) as unknown })
}
