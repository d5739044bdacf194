import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOnlyEmoji, linkify } from './linkify.ts'

const links = (text: string): (string | undefined)[] =>
  linkify(text)
    .map(({ href }) => href)
    .filter((href) => href !== undefined)

describe('linkify', () => {
  it.each([
    ['no link at all', []],
    ['see https://example.org/a?b=c#d now', ['https://example.org/a?b=c#d']],
    ['at https://example.org.', ['https://example.org']],
    ['(https://example.org/a)', ['https://example.org/a']],
    ['https://en.wikipedia.org/wiki/Gigi_(film)', ['https://en.wikipedia.org/wiki/Gigi_(film)']],
    ['(see https://en.wikipedia.org/wiki/Gigi_(film)).', ['https://en.wikipedia.org/wiki/Gigi_(film)']],
    ['http://a.example https://b.example', ['http://a.example', 'https://b.example']],
    ['HTTPS://EXAMPLE.ORG', ['HTTPS://EXAMPLE.ORG']],
    ['https://пример.рф/путь', ['https://пример.рф/путь']],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
    ['https://', []],
  ])('finds in %j the links %j', (text, expected) => {
    expect(links(text)).toEqual(expected)
  })

  it('loses and adds not a letter, whatever the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.webUrl(),
      fc.constantFrom(' ', '\n', '(', ').', '"'),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('')
        const parts = linkify(text)
        expect(parts.map((part) => part.text).join('')).toBe(text)
        for (const { href } of parts)
          if (href !== undefined) expect(['http:', 'https:']).toContain(new URL(href).protocol)
      }),
    )
  })
})

it.each([
  ['👍', true],
  ['👩‍🚀 🎉', true],
  ['👍👍👍', true],
  ['👍👍👍👍', false],
  ['ok 👍', false],
  ['🇫🇷', true],
  ['3', false],
  [' ', false],
  ['', false],
])('isOnlyEmoji(%j) is %j', (text, expected) => {
  expect(isOnlyEmoji(text)).toBe(expected)
})
