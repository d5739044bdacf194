/**
 * What counts as the same letter in a search. Both what is written and what is looked for go through `fold`, so
 * "exact" means: equal after it.
 */

const ASCII = /^[\0-\x7F]*$/

/**
 * Marks that people leave out when they type: accents of Latin, Greek and Cyrillic, Arabic and Hebrew vowel points,
 * the Arabic stretching sign, variation selectors, and characters that are not seen. The voicing marks of kana are
 * letters to those who read them, as are the vowel signs of Thai and Indic scripts.
 */
const LEFT_OUT =
  /(?![\u3099\u309A])\p{sc=Inherited}|(?=\p{Mn})[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Greek}\p{sc=Cyrillic}]|\u0640|\p{Cf}/gu

/** Letters that Unicode does not take apart, as people type them who lack the key. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ς: 'σ',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  // Turkish: I, İ, ı and i are one, since the language of a text is not known.
  ı: 'i',
  // Forms of one letter in Arabic and Persian typing.
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ٱ: 'ا',
}
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')

/** Arabic-Indic digits, both rows, are read as the numbers that they are. */
const DIGIT = /[\u0660-\u0669\u06F0-\u06F9]/g

/** The text as it is compared: case, accents and forms of the same letter are gone. Folding twice changes nothing. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  // Capitals that only compatibility brings forth are made small too.
  return text
    .toLowerCase()
    .normalize('NFKD')
    .toLowerCase()
    .replace(LEFT_OUT, '')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .replace(DIGIT, (digit) => String(digit.charCodeAt(0) & 0xf))
    .normalize('NFC')
}
