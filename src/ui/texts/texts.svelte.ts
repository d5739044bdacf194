/** Every word the interface says. Components take them from here and nowhere else. */
import { english } from './en/index.ts'
import { createFormat, type Format } from './format.ts'

/** What each language has to say: English as the one they are all measured by. */
export type Texts = ReturnType<typeof english>

/** English as this user's region writes it: en-GB has other dates than en-US. */
const locale = navigator.languages.find((language) => language.startsWith('en')) ?? 'en'

export const format: Format = createFormat(locale)

export const texts: Texts = english(format)
