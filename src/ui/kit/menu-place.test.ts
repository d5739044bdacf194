import { expect, test } from 'vitest'
import { menuPlace } from './menu-place.ts'

const menu = { width: 200, height: 300 }
const phone = { width: 390, height: 844 }

test('a menu stands at the point where there is room, and else as near to it as it is all in sight', () => {
  expect(menuPlace({ x: 20, y: 100 }, menu, phone, false)).toEqual({ x: 20, y: 100 })
  expect(menuPlace({ x: 380, y: 840 }, menu, phone, false)).toEqual({ x: 182, y: 536 })
  expect(menuPlace({ x: 0, y: 0 }, menu, phone, false)).toEqual({ x: 8, y: 8 })
})

test('where one reads from right to left it extends to the left', () => {
  expect(menuPlace({ x: 300, y: 100 }, menu, phone, true)).toEqual({ x: 100, y: 100 })
  expect(menuPlace({ x: 100, y: 100 }, menu, phone, true)).toEqual({ x: 8, y: 100 })
})

test('one that is larger than the window begins in sight', () => {
  expect(menuPlace({ x: 5, y: 500 }, { width: 500, height: 900 }, phone, false)).toEqual({ x: 8, y: 8 })
})
