import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { format, speak, texts } from './texts.svelte.ts'

const page = { lang: 'en', dir: 'ltr' }

beforeEach(() => {
  vi.stubGlobal('document', { documentElement: page })
})
afterEach(async () => {
  await speak('en')
  vi.unstubAllGlobals()
})

test('what is spoken is what texts and format say from then on, and what the page says of itself', async () => {
  expect(texts.bar.settings).toBe('Settings')
  await speak('ar')
  expect(texts.bar.settings).toBe('الإعدادات')
  expect(format.direction).toBe('rtl')
  expect(page).toEqual({ lang: 'ar', dir: 'rtl' })
  await speak('en')
  expect(texts.bar.settings).toBe('Settings')
  expect(page).toEqual({ lang: 'en', dir: 'ltr' })
})

test('words that come when another language was asked for meanwhile are not spoken', async () => {
  await Promise.all([speak('ar'), speak('en')])
  expect(texts.bar.settings).toBe('Settings')
  expect(page.lang).toBe('en')
})
