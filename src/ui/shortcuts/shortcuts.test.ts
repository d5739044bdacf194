import { expect, test } from 'vitest'
import { type Keys, modName, shortcutOf } from './shortcuts.ts'

const keys = (key: string, held: Partial<Keys> = {}): Keys => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})

test('keys have their meaning, on a Mac too', () => {
  expect(shortcutOf(keys('k', { ctrlKey: true }))).toBe('search')
  expect(shortcutOf(keys('K', { metaKey: true }))).toBe('search')
  expect(shortcutOf(keys(',', { metaKey: true }))).toBe('settings')
  expect(shortcutOf(keys('/', { ctrlKey: true, shiftKey: true }))).toBe('help')
  expect(shortcutOf(keys('˜', { code: 'KeyN', altKey: true, shiftKey: true }))).toBe('newChat')
  expect(shortcutOf(keys('ArrowDown', { altKey: true }))).toBe('next')
  expect(shortcutOf(keys('ArrowUp', { altKey: true }))).toBe('previous')
})

test('what is typed, and what is the browser’s, is left alone', () => {
  expect(shortcutOf(keys('k'))).toBeNull()
  expect(shortcutOf(keys('/'))).toBeNull()
  expect(shortcutOf(keys('k', { ctrlKey: true, metaKey: true }))).toBeNull()
  expect(shortcutOf(keys('k', { ctrlKey: true, shiftKey: true }))).toBeNull()
  expect(shortcutOf(keys('ArrowDown'))).toBeNull()
  expect(shortcutOf(keys('ArrowDown', { altKey: true, ctrlKey: true }))).toBeNull()
  expect(shortcutOf(keys('n', { code: 'KeyN', altKey: true }))).toBeNull()
})

test('the command key is called what it is called there', () => {
  expect(['MacIntel', 'iPhone', 'Linux x86_64', 'Win32'].map(modName)).toEqual(['⌘', '⌘', 'Ctrl', 'Ctrl'])
})
