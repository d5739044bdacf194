import { expect, test } from 'vitest'
import { wordsOf } from './words.ts'

test.each([
  ['en', 'ltr', [1, 2, 1200], ['New message', '2 new messages', '1,200 new messages']],
  [
    'ar',
    'rtl',
    [1, 2, 3, 11, 100],
    ['رسالة جديدة', 'رسالتان جديدتان', '٣ رسائل جديدة', '١١ رسالة جديدة', '١٠٠ رسالة جديدة'],
  ],
] as const)('%s counts what has come', (language, direction, counts, said) => {
  const words = wordsOf(language, ['ar-EG', 'en-GB'])
  expect(words).toMatchObject({ language, direction })
  expect(counts.map(words.newMessages)).toEqual(said)
})

test('each language says in words of its own that something may have come', () => {
  expect(wordsOf('en', []).maybe).toMatch(/^[a-z .]+$/i)
  expect(wordsOf('ar', []).maybe).toMatch(/^[\p{Script=Arabic} .]+$/u)
})

test('whoever has chosen nothing is spoken to as the browser is set', () => {
  expect(wordsOf('system', ['ar-MA', 'fr']).newMessages(3)).toBe('3 رسائل جديدة')
})
