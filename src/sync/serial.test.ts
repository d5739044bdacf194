import { expect, test } from 'vitest'
import { FakeTime } from '../testing/fake-world.ts'
import { Delayed, eachAtOnce, Throttled } from './serial.ts'

test('what is asked for again before its time runs once, and anew when asked after', () => {
  const time = new FakeTime()
  let runs = 0
  const delayed = new Delayed(time, 100, () => runs++)
  delayed.request()
  delayed.request()
  time.advance(99)
  expect([runs, delayed.isPending]).toEqual([0, true])
  time.advance(1)
  expect([runs, delayed.isPending]).toEqual([1, false])
  delayed.request()
  delayed.cancel()
  time.advance(1000)
  expect([runs, delayed.isPending]).toEqual([1, false])
})

test('what is throttled runs at once, and not again before its time, but then, if it was asked for', () => {
  const time = new FakeTime()
  let runs = 0
  const throttled = new Throttled(time, 100, () => runs++)
  throttled.request()
  expect(runs).toBe(1)
  throttled.request()
  throttled.request()
  time.advance(99)
  expect(runs).toBe(1)
  time.advance(1)
  expect(runs).toBe(2)
  time.advance(1000)
  expect(runs).toBe(2)
  throttled.request()
  expect(runs).toBe(3)
})

test('no more than so many run at once, all do, and one that fails is told when all have ended', async () => {
  let running = 0
  let most = 0
  const done: number[] = []
  const all = eachAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (item === 2) throw new Error('the second')
    done.push(item)
  })
  await expect(all).rejects.toThrow('the second')
  expect(running).toBe(0)
  expect(most).toBe(3)
  expect(done).toEqual([1, 3, 4, 5, 6, 7])
})
