import { expect, test } from 'vitest'
import { cleanNickname, labelOf, nicknameProblem } from './nickname.ts'

test.each([
  ['  Alice   Example ', 'Alice Example'],
  ['\u202Eecila\u202C', 'ecila'],
  ['line\nbreak', 'linebreak'],
  ['👩‍👩‍👧 family', '👩‍👩‍👧 family'],
  ['عائشة', 'عائشة'],
])('%j is shown as %j', (typed, shown) => {
  expect(cleanNickname(typed)).toBe(shown)
})

test('a nickname is not empty and not longer than 40 characters', () => {
  expect(nicknameProblem(' \u200B ')).toBe('empty')
  expect(nicknameProblem('😀'.repeat(40))).toBeNull()
  expect(nicknameProblem('😀'.repeat(41))).toBe('too-long')
  expect(Array.from(cleanNickname('😀'.repeat(41)))).toHaveLength(40)
})

test('whoever gives no name that can be shown is called by the end of their peer id', () => {
  expect(labelOf(' \u202E\u200B ', '12D3KooWabcdef')).toBe('…abcdef')
  expect(labelOf('Alice', '12D3KooWabcdef')).toBe('Alice')
})
