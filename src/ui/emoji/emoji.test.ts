import { expect, test } from 'vitest'
import { emojiOf, kinds, searchEmoji, SKINS, withSkin } from './emoji.ts'

const found = (typed: string): string[] => searchEmoji(typed).map(({ text }) => text)

test('every kind has emoji, each once', () => {
  expect(kinds.map(({ emoji }) => emoji.length > 50)).toEqual(kinds.map(() => true))
  const texts = kinds.flatMap(({ emoji }) => emoji.map(({ text }) => text))
  expect(new Set(texts).size).toBe(texts.length)
})

test('is found by the beginnings of its words', () => {
  expect(found('grin')[0]).toBe('😀')
  expect(found('thumbs u')).toContain('👍️'.replace('\uFE0F', ''))
  expect(found('PIZZA')[0]).toBe('🍕')
  expect(found('😀')).toEqual(['😀'])
  expect(found('no such thing')).toEqual([])
  expect(found('').length).toBe(80)
})

test('takes the skin that was chosen, where there is somebody', () => {
  const [thumb, pizza, writing, astronaut] = emojiOf(['👍', '🍕', '✍️', '🧑‍🚀'])
  if (!thumb || !pizza || !writing || !astronaut) throw new Error('one of them is no emoji')
  expect(withSkin(thumb, SKINS[3])).toBe('👍🏽')
  expect(withSkin(thumb, SKINS[0])).toBe('👍')
  expect(withSkin(pizza, SKINS[3])).toBe('🍕')
  expect(withSkin(writing, SKINS[5])).toBe('✍🏿')
  expect(withSkin(astronaut, SKINS[1])).toBe('🧑🏻‍🚀')
})

test('what is not an emoji any more is left out', () => {
  expect(emojiOf(['😀', 'x'])).toHaveLength(1)
})
