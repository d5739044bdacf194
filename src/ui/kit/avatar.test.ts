import { describe, expect, it } from 'vitest'
import { hueOf, initials } from './avatar.ts'

describe('initials', () => {
  it.each([
    ['Alice', 'A'],
    ['alice', 'A'],
    ['Ada Lovelace', 'AL'],
    ['Anna Maria von Berg', 'AB'],
    ['👩‍🚀 Mae', '👩‍🚀M'],
    ['نور', 'ن'],
    ['ليلى منصور', 'ل\u200Cم'],
    ['ليلى Mansour', 'ل\u200CM'],
    ['', ''],
  ])('of %j are %j', (name, letters) => {
    expect(initials(name)).toBe(letters)
  })
})

describe('hueOf', () => {
  it('stays within the colours there are and uses all of them', () => {
    const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`12D3KooW${index}`)))
    expect([...hues].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('is the same for the same identity', () => {
    expect(hueOf('12D3KooWabc')).toBe(hueOf('12D3KooWabc'))
  })
})
