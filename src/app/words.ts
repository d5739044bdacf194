/** The words of the service worker: it shows them where none of the interface is loaded. */
import {
  DIRECTIONS,
  type Direction,
  type Language,
  type LanguageChoice,
  languageOf,
  localeOf,
} from '../domain/language.ts'

export interface Words {
  readonly language: Language
  readonly direction: Direction
  /** How much someone has written, of which nothing is read; at least 1. */
  readonly newMessages: (count: number) => string
  /** The same of a group, in which somebody has written last. */
  readonly newMessagesOf: (author: string, count: number) => string
  /** Somebody has called us by our name in a group. */
  readonly mentioned: (author: string) => string
  /** Under the name of a stranger who has written, and where they are not named. */
  readonly request: string
  readonly requestOfSomeone: string
  /** Something may have come. */
  readonly maybe: string
}

type Catalogue = Pick<Words, 'mentioned' | 'request' | 'requestOfSomeone' | 'maybe'> & {
  /** For each kind of number that the language knows; `n` is the number as the region of the user writes it. */
  readonly newMessages: (
    n: string,
  ) => Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>
}

const CATALOGUES: Readonly<Record<Language, Catalogue>> = {
  en: {
    newMessages: (n) => ({ one: 'New message', other: `${n} new messages` }),
    mentioned: (author) => `${author} mentioned you`,
    request: 'Wants to write to you',
    requestOfSomeone: 'Someone wants to write to you',
    maybe: 'There may be new messages.',
  },
  ar: {
    newMessages: (n) => ({
      one: 'رسالة جديدة',
      two: 'رسالتان جديدتان',
      few: `${n} رسائل جديدة`,
      many: `${n} رسالة جديدة`,
      other: `${n} رسالة جديدة`,
    }),
    mentioned: (author) => `أشار إليك \u2068${author}\u2069`,
    request: 'يرغب في مراسلتك',
    requestOfSomeone: 'يرغب شخص ما في مراسلتك',
    maybe: 'قد تكون هناك رسائل جديدة.',
  },
}

/** `wanted`: the languages of the browser (BCP 47), the dearest first. */
export function wordsOf(choice: LanguageChoice, wanted: readonly string[]): Words {
  const language = languageOf(choice, wanted)
  const locale = localeOf(language, wanted)
  const { newMessages, ...words } = CATALOGUES[language]
  const counted = (count: number): string => {
    const forms = newMessages(new Intl.NumberFormat(locale).format(count))
    return forms[new Intl.PluralRules(locale).select(count)] ?? forms.other
  }
  return {
    language,
    direction: DIRECTIONS[language],
    newMessages: counted,
    newMessagesOf: (author, count) => `\u2068${author}\u2069: ${counted(count)}`,
    ...words,
  }
}
