/** Texts of many scripts for property tests of the search: words that repeat, so that queries find something. */
import fc from 'fast-check'

const WORDS = [
  ...[
    'the',
    'then',
    'there',
    'Theresa',
    'a',
    'an',
    'international',
    'internationalization',
    'naïve',
    'naive',
  ],
  ...['Straße', 'STRASSE', 'straßenbahn', 'İzmir', 'izmir', 'ılık', 'Łódź', 'lodz', 'øl', 'ﬁn', 'x\u0301y'],
  ...['Ёлка', 'елка', 'йод', 'ΣΊΣΥΦΟΣ', 'σισυφος', 'مَرْحَبًا', 'مرحبا', 'سلام', 'ســلام', 'שָׁלוֹם', 'שלום'],
  ...[
    '日本語',
    '日本',
    '本日',
    '東京は日本の首都',
    'だいがく',
    'たいかく',
    'ｶﾀｶﾅ',
    '한국어를',
    '국어',
    '中文字',
  ],
  ...['สวัสดี', 'हिन्दी', '😀', '😀😀', '👍🏽', '🇩🇪🇫🇷', '2026', '٢٠٢٦', '½', '℃', '𝔘𝔫𝔦', "don't", 'e-mail', '...'],
]

/** Up to eight words, between them whatever separates or joins. */
export const textOf = (): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...WORDS) },
          fc.string({ unit: 'grapheme', maxLength: 6 }),
        ),
        fc.constantFrom(' ', ' ', ' ', '', ', ', '\n', '-', '\u200D', '\u3000'),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.flat().join(''))
