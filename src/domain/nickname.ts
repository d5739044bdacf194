/** Nicknames are labels: anyone may claim any, so they are shown and never looked up by (D9). */

/** Characters, as people count them (code points). Enough for full names, short enough for a list. */
export const MAX_NICKNAME_LENGTH = 40

// Control characters, line and paragraph separators, bidirectional overrides and isolates, and invisible
// fillers: a label with these can hide or reverse the text around it.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\p{Cs}]/gu

/** `text` as a label that cannot disturb what stands around it; may be empty. */
export function cleanNickname(text: string): string {
  const plain = text.replace(UNSAFE, '').replace(/\s+/gu, ' ').trim()
  return Array.from(plain).slice(0, MAX_NICKNAME_LENGTH).join('').trim()
}

/** What is wrong with a nickname that the user typed, or null when it will do. */
export function nicknameProblem(text: string): 'empty' | 'too-long' | null {
  const plain = text.replace(UNSAFE, '').trim()
  if (plain === '') return 'empty'
  return Array.from(plain).length > MAX_NICKNAME_LENGTH ? 'too-long' : null
}

/** What someone is called who gave no name that can be shown: the end of their peer id. */
export const labelOf = (nickname: string, peerId: string): string =>
  cleanNickname(nickname) || `…${peerId.slice(-6)}`
