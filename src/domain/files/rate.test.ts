import { expect, test } from 'vitest'
import { Rate } from './rate.ts'

test('the rate is the mean of the last seconds', () => {
  const rate = new Rate()
  expect(rate.bytesPerSecond).toBeNull()
  rate.note(0, 0)
  rate.note(1_000, 100)
  expect(rate.bytesPerSecond).toBeNull()
  rate.note(10_000, 1_000)
  expect(rate.bytesPerSecond).toBe(10_000)
  for (let s = 2; s <= 20; s++) rate.note(10_000 + (s - 1) * 500, s * 1_000)
  expect(rate.bytesPerSecond).toBe(500)
})

test('it says nothing after a rest, nor where the clock was put back', () => {
  const rate = new Rate()
  rate.note(0, 10_000)
  rate.note(50_000, 12_000)
  rate.rest()
  expect(rate.bytesPerSecond).toBeNull()
  rate.note(50_000, 13_000)
  rate.note(60_000, 14_000)
  rate.note(70_000, 5_000)
  expect(rate.bytesPerSecond).toBeNull()
})
