import { expect, test } from 'vitest'
import { CONFIG_BOUNDS, CONFIG_KEYS, configProblems, DEFAULT_CONFIG } from './config.ts'

test('the defaults are within their bounds', () => {
  expect(configProblems(DEFAULT_CONFIG)).toEqual([])
})

test.each(CONFIG_KEYS)('%s takes its bounds, and nothing beyond them or between whole numbers', (key) => {
  const { min, max } = CONFIG_BOUNDS[key]
  for (const value of [min, max]) expect(configProblems({ ...DEFAULT_CONFIG, [key]: value })).toEqual([])
  for (const value of [min - 1, max + 1, min + 0.5, NaN, Infinity])
    expect(configProblems({ ...DEFAULT_CONFIG, [key]: value })).toEqual([key])
})
