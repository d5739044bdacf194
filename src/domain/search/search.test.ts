import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold } from './fold.ts'
import { keysOf, lookupsOf, MAX_KEY } from './index-terms.ts'
import { snippetOf } from './snippet.ts'
import { matches, parseQuery } from './terms.ts'
import { textOf } from '../../testing/search-texts.ts'

const finds = (typed: string, text: string): boolean => {
  const query = parseQuery(typed)
  return query !== null && matches(query, text)
}

const marked = (typed: string, text: string): string => {
  const query = parseQuery(typed)
  if (query === null) throw new Error('nothing to look for')
  return snippetOf(text, query)
    .map(({ text, hit }) => (hit ? `[${text}]` : text))
    .join('')
}

describe('what is found', () => {
  test.each([
    ['hello', 'Hello, world'],
    ['wor hel', 'Hello, world'],
    ['h', 'Hello, world'],
    ['cafe', 'Un café crème'],
    ['café', 'un cafe'],
    ['strasse', 'Die Straße'],
    ['STRASSE', 'die straße'],
    ['istanbul', 'İSTANBUL'],
    ['ISPARTA', 'ısparta'],
    ['lodz', 'Łódź'],
    ['soren', 'Søren Kierkegaard'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ'],
    ['елка', 'Ёлка'],
    ['l’heure heure', 'l’heure'],
    ['example.com', 'see https://example.com/path'],
    ['日本', '東京は日本の首都です'],
    ['本の首', '東京は日本の首都です'],
    ['京', '東京'],
    ['がく', 'だいがく'],
    ['カタカナ', 'ｶﾀｶﾅ'],
    ['iphone日本', 'iPhone15を日本で'],
    ['국어', '한국어를'],
    ['สวัส', 'ฉันพูดว่าสวัสดี'],
    ['مرحبا', 'مَرْحَبًا بكم'],
    ['سلام', 'ســلام'],
    ['שלום', 'שָׁלוֹם לך'],
    ['2026', '٢٠٢٦'],
    ['😀', 'so 😀😀'],
    ['👍', 'ok 👍🏽'],
    ['fi', 'ﬁne'],
    ['हिन्दी', 'मैं हिन्दी बोलता हूँ'],
  ])('%s in %s', (typed, text) => {
    expect(finds(typed, text)).toBe(true)
    expect(finds(typed, text.normalize('NFD'))).toBe(true)
    expect(finds(typed.normalize('NFD'), text)).toBe(true)
  })

  test.each([
    ['ello', 'hello'],
    ['hello there', 'hello'],
    ['日曜', '日本の曜日'],
    ['か', 'が'],
    ['हन', 'हिन्दी'],
    ['!!', 'hello!!'],
    ['', 'hello'],
  ])('not %s in %s', (typed, text) => {
    expect(finds(typed, text)).toBe(false)
  })
})

test('folding twice changes nothing, whatever the character', () => {
  for (let code = 0; code < 0x30000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const once = fold(String.fromCodePoint(code))
    if (fold(once) !== once) throw new Error(`U+${code.toString(16)}: ${once} becomes ${fold(once)}`)
  }
})

test('what answers a query has every key that it is looked up by', () => {
  fc.assert(
    fc.property(textOf(), fc.nat(), fc.integer({ min: 1, max: 12 }), (text, from, length) => {
      const characters = Array.from(text)
      const at = characters.length === 0 ? 0 : from % characters.length
      const query = parseQuery(characters.slice(at, at + length).join(''))
      if (query === null || !matches(query, text)) return
      const keys = [...keysOf(text)]
      for (const { key, whole } of lookupsOf(query))
        expect(keys.some((held) => (whole ? held === key : held.startsWith(key)))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('keys are short, whatever the word', () => {
  for (const key of keysOf(`${'x'.repeat(1000)} ${'𝔘𐐀'.repeat(100)} ${'ü'.repeat(100)}`))
    expect(Array.from(key).length).toBeLessThanOrEqual(MAX_KEY)
})

describe('snippets', () => {
  test.each([
    ['wor', 'Hello, world', 'Hello, [wor]ld'],
    ['strasse', 'Die Straße hier', 'Die [Straße] hier'],
    ['str', 'Die Straße hier', 'Die [Str]aße hier'],
    ['cafe', 'Un cafe\u0301 crème', 'Un [café] crème'],
    ['本の', '東京は日本の首都です', '東京は日[本の]首都です'],
    ['a b', 'ab\nba', '[a]b [b]a'],
    ['مرحبا', 'مَرْحَبًا بكم', '[مَرْحَبًا] بكم'],
  ])('%s in %s', (typed, text, expected) => {
    expect(marked(typed, text)).toBe(expected)
  })

  test('the first hit is in sight, however late it comes', () => {
    const shown = marked('needle', `${'hay '.repeat(1000)}needle${' hay'.repeat(1000)}`)
    expect(shown).toMatch(/^…(hay )+\[needle\]( hay)+ h…$/)
    expect(shown.length).toBeLessThan(160)
  })

  test('parts put together are a piece of the text', () => {
    fc.assert(
      fc.property(textOf(), textOf(), (text, typed) => {
        const query = parseQuery(typed)
        if (query === null) return
        const parts = snippetOf(text, query).map((part) => part.text)
        const line = text.normalize('NFC').replace(/\s+/gu, ' ')
        expect(line.replaceAll(' ', '')).toContain(
          parts.join('').replace(/^…/, '').replace(/…$/, '').replaceAll(' ', ''),
        )
      }),
    )
  })
})
