import { describe, expect, it } from 'vitest'
import { createFormat, daysBetween } from './format.ts'

const at = (text: string): number => new Date(text).getTime()
const now = at('2025-03-12T10:00:00')
const { day, brief, plural, period, exact, bytes } = createFormat('en-GB', 'ltr')

describe('daysBetween', () => {
  it('counts calendar days, not 24 hours', () => {
    expect(daysBetween(at('2025-03-11T23:59:00'), at('2025-03-12T00:01:00'))).toBe(1)
    expect(daysBetween(at('2025-03-12T00:01:00'), at('2025-03-12T23:59:00'))).toBe(0)
  })

  it('is not confused by the change to summer time', () => {
    expect(daysBetween(at('2025-03-29T12:00:00'), at('2025-03-31T00:30:00'))).toBe(2)
    expect(daysBetween(at('2025-10-25T12:00:00'), at('2025-10-27T00:30:00'))).toBe(2)
  })
})

describe('day', () => {
  it.each([
    ['2025-03-12T09:00:00', 'Today'],
    ['2025-03-11T09:00:00', 'Yesterday'],
    ['2025-03-08T09:00:00', 'Saturday'],
    ['2025-03-05T09:00:00', '5 March'],
    ['2024-12-24T09:00:00', '24 December 2024'],
    // An author's clock may run ahead.
    ['2025-03-14T09:00:00', '14 March'],
  ])('calls %s %s', (time, name) => {
    expect(day(at(time), now)).toBe(name)
  })
})

describe('moment', () => {
  it.each([
    ['2025-03-12T09:05:00', /^Today, 0?9[:.]05/],
    ['2025-03-11T09:05:00', /^Yesterday, 0?9[:.]05/],
    ['2025-03-13T09:05:00', /^Tomorrow, 0?9[:.]05/],
    ['2025-03-05T09:05:00', /^5 Mar 2025, 0?9[:.]05/],
  ])('writes %s', (time, words) => {
    expect(createFormat('en-GB', 'ltr').moment(at(time), now)).toMatch(words)
  })

  it('has the comma of its language', () => {
    expect(createFormat('ar-EG', 'rtl').moment(now, now)).toMatch(/^اليوم، /)
  })
})

describe('bytes', () => {
  it.each([
    [0, '0 byte'],
    [950, '950 byte'],
    [12_345, '12 kB'],
    [1_234_567, '1.2 MB'],
    [10_737_418_240, '11 GB'],
    [5e15, '5,000 TB'],
  ])('writes %s as %s', (amount, words) => {
    expect(bytes(amount)).toBe(words)
  })
})

describe('brief', () => {
  it('gets coarser with distance', () => {
    expect(brief(at('2025-03-12T09:05:00'), now)).toMatch(/9[:.]05/)
    expect(brief(at('2025-03-11T09:05:00'), now)).toBe('Yesterday')
    expect(brief(at('2025-03-08T09:05:00'), now)).toBe('Sat')
    expect(brief(at('2025-03-02T09:05:00'), now)).toBe('02/03/2025')
  })
})

it('gives the whole date for those who ask', () => {
  expect(exact(at('2025-03-05T09:05:07'))).toMatch(/Wednesday.*5 March 2025.*9:05:07/)
})

it('says a period in its largest whole unit', () => {
  const day = 86_400
  expect([365 * day, 30 * day, day, 3600, 5400, 61].map(period)).toEqual([
    ...['1 year', '30 days', '1 day', '1 hour', '90 minutes', '61 seconds'],
  ])
})

it('picks the word for a count', () => {
  expect([1, 2, 0].map((count) => plural(count, { one: 'word', other: 'words' }))).toEqual([
    'word',
    'words',
    'words',
  ])
})

describe('in Arabic', () => {
  const arabic = createFormat('ar-EG', 'rtl')

  it('writes days and digits as its region does', () => {
    expect(arabic.day(now, now)).toBe('اليوم')
    expect(arabic.day(at('2024-12-24T09:00:00'), now)).toBe('٢٤ ديسمبر ٢٠٢٤')
    expect(createFormat('ar-MA', 'rtl').number(12)).toBe('12')
  })

  it('knows six kinds of number', () => {
    const forms = { zero: '0', one: '1', two: '2', few: '3–10', many: '11–99', other: '100' }
    expect([0, 1, 2, 3, 10, 11, 99, 100, 103].map((count) => arabic.plural(count, forms))).toEqual([
      ...['0', '1', '2', '3–10', '3–10', '11–99', '11–99', '100', '3–10'],
    ])
  })
})

describe('isolate', () => {
  const [inEnglish, inArabic] = [createFormat('en', 'ltr').isolate, createFormat('ar', 'rtl').isolate]

  it('sets apart what runs, or may run, the other way', () => {
    expect(inEnglish('ليلى')).toBe('\u2068ليلى\u2069')
    expect(inArabic('Bob')).toBe('\u2068Bob\u2069')
  })

  it('leaves alone what needs nothing', () => {
    expect(inEnglish('Bob')).toBe('Bob')
    expect(inArabic('')).toBe('')
  })
})
