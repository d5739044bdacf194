/** Times and numbers as people read them, by `Intl`, and what else of writing depends on the language. */
import type { Direction } from '../../domain/language.ts'

/** How a locale writes what the interface shows. `now` and times are milliseconds since the Unix epoch. */
export interface Format {
  /** Where lines begin: for parts that do not take it from the page. */
  readonly direction: Direction
  /** 14:05 */
  readonly time: (time: number) => string
  /** Wednesday, 5 March 2025, 14:05:09: for those who want to know exactly. */
  readonly exact: (time: number) => string
  /** 5 Mar 2025, 14:05: where several stand below each other. */
  readonly moment: (time: number) => string
  /** Today, Yesterday, Wednesday, 5 March, 5 March 2024: over the messages of a day. */
  readonly day: (time: number, now: number) => string
  /** 14:05, Yesterday, Wed, 05/03/24: in a narrow column. */
  readonly brief: (time: number, now: number) => string
  readonly number: (value: number) => string
  /** Alice, Bob and Carol: names in a sentence. */
  readonly list: (names: readonly string[]) => string
  /** 7 days, 1 hour: a length of time in seconds, in the largest unit that it is whole in. */
  readonly period: (seconds: number) => string
  /** 12 sec, 3 min, 2 hr: about how long it takes, in seconds. */
  readonly duration: (seconds: number) => string
  /** 800 kB, 1.2 MB, 10 GB: an amount of storage. */
  readonly bytes: (bytes: number) => string
  /** Picks the words that go with a count, by the rules of the language. */
  readonly plural: (count: number, forms: Plurals) => string
  /**
   * What others have written, such as a name, as it may stand in a sentence: where it runs the other way, it is set
   * apart, so that neither turns the words of the other around.
   */
  readonly isolate: (text: string) => string
}

/** The words for each kind of number that a language knows; English has one and other, Arabic all six. */
export type Plurals = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>

const DAY_MS = 86_400_000

const UNITS = [
  ['year', 365 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** Midnight of the calendar day that `time` falls in, in the zone of this device. */
const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0)

/** Whole calendar days from `time` to `now`; rounding evens out days of 23 and 25 hours. */
export const daysBetween = (time: number, now: number): number =>
  Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS)

/** Letters that run from right to left, and characters that turn others around. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08FF\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u
/** FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE of Unicode: in plain text what `<bdi>` is in a page. */
const [ISOLATE, POP] = ['\u2068', '\u2069']

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The writing of `locale`, in lines of `direction`, with the 12- or 24-hour clock that this device uses. */
export function createFormat(locale: string, direction: Direction): Format {
  const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions()
  const hour = hourCycle === 'h23' || hourCycle === 'h24' ? '2-digit' : 'numeric'
  const clock = { hour, minute: '2-digit', ...(hourCycle && { hourCycle }) } as const
  const time = new Intl.DateTimeFormat(locale, clock)
  const exact = new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    ...clock,
    second: '2-digit',
  })
  const moment = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...clock,
  })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' })
  const shortWeekday = new Intl.DateTimeFormat(locale, { weekday: 'short' })
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' })
  const fullDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' })
  const shortDay = new Intl.DateTimeFormat(locale, { dateStyle: 'short' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const number = new Intl.NumberFormat(locale)
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const plurals = new Intl.PluralRules(locale)

  return {
    direction,
    time: (at) => time.format(at),
    exact: (at) => exact.format(at),
    moment: (at) => moment.format(at),
    day: (at, now) => {
      const days = daysBetween(at, now)
      if (days === 0 || days === 1) return capitalised(relative.format(-days, 'day'))
      if (days > 1 && days < 7) return weekday.format(at)
      return (new Date(at).getFullYear() === new Date(now).getFullYear() ? dayOfYear : fullDay).format(at)
    },
    brief: (at, now) => {
      const days = daysBetween(at, now)
      if (days === 0) return time.format(at)
      if (days === 1) return capitalised(relative.format(-1, 'day'))
      return (days > 1 && days < 7 ? shortWeekday : shortDay).format(at)
    },
    number: (value) => number.format(value),
    list: (names) => list.format(names),
    period: (seconds) => {
      const [unit, length] = UNITS.find(([, length]) => seconds % length === 0) ?? ['second', 1]
      const style = { style: 'unit', unit, unitDisplay: 'long' } as const
      return new Intl.NumberFormat(locale, style).format(seconds / length)
    },
    duration: (seconds) => {
      const [unit, length] =
        seconds < 60
          ? (['second', 1] as const)
          : seconds < 3600
            ? (['minute', 60] as const)
            : (['hour', 3600] as const)
      const style = { style: 'unit', unit, unitDisplay: 'short' } as const
      return new Intl.NumberFormat(locale, style).format(Math.max(1, Math.round(seconds / length)))
    },
    bytes: (bytes) => {
      const power = Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
      const unit = BYTE_UNITS[power] ?? 'terabyte'
      const amount = bytes / 1000 ** BYTE_UNITS.indexOf(unit)
      const style = { style: 'unit', unit, unitDisplay: 'short', maximumSignificantDigits: 2 } as const
      return new Intl.NumberFormat(locale, style).format(amount)
    },
    plural: (count, forms) => forms[plurals.select(count)] ?? forms.other,
    isolate: (text) =>
      text !== '' && (direction === 'rtl' || RIGHT_TO_LEFT.test(text)) ? ISOLATE + text + POP : text,
  }
}
