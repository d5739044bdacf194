import { expect, test } from 'vitest'
import { languageOf, localeOf } from './language.ts'

test.each([
  ['ar', ['en-GB'], 'ar'],
  ['en', ['ar-EG'], 'en'],
  ['system', ['ar-EG', 'en'], 'ar'],
  ['system', ['AR'], 'ar'],
  ['system', ['de-DE', 'en-GB', 'ar'], 'en'],
  ['system', ['fr', 'ar-MA', 'en'], 'ar'],
  // Aragonese is not Arabic.
  ['system', ['arg', 'fr'], 'en'],
  ['system', [], 'en'],
] as const)('who has chosen %s, in a browser for %j, is spoken to in %s', (choice, wanted, language) => {
  expect(languageOf(choice, wanted)).toBe(language)
})

test('a language is written as in the region of the user, where that is known', () => {
  expect(localeOf('en', ['ar', 'en-GB', 'en-US'])).toBe('en-GB')
  expect(localeOf('ar', ['ar-MA'])).toBe('ar-MA')
  expect(localeOf('ar', ['en-GB', 'arg'])).toBe('ar')
})
