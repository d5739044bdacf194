/** What FTS5 is asked for. */
import type { Lookup } from '../../domain/search/index-terms.ts'

/** Before the names of conversations and senders: of private use, and so in no key of a text. */
const NAME = '\uE000'

/** The key of a conversation or a sender, by its number in the index. */
export const nameKey = (number: number): string => NAME + number.toString(36)

/** All messages that have each of these keys. Keys are letters, digits and marks, and need no escape. */
export function expressionOf(lookups: readonly Lookup[], names: readonly number[]): string {
  const keys = lookups.map(({ key, whole }) => (whole ? `"${key}"` : `"${key}"*`))
  return [...keys, ...names.map((number) => `"${nameKey(number)}"`)].join(' AND ')
}
