import { expect, test } from 'vitest'
import { isQuotaExceeded } from '../store/faults.ts'
import { FencedError } from '../store/leadership.ts'
import { FakeTime } from '../testing/fake-world.ts'
import { SILENCE_MS, type UpkeepReply, type UpkeepRequest } from './messages.ts'
import { Upkeep, type UpkeepWorker } from './upkeep.ts'

class FakeWorker implements UpkeepWorker {
  readonly heard: UpkeepRequest[] = []
  onmessage: UpkeepWorker['onmessage'] = null
  onerror: UpkeepWorker['onerror'] = null
  ended = false

  postMessage(request: UpkeepRequest): void {
    this.heard.push(request)
  }
  terminate(): void {
    this.ended = true
  }
  says(data: UpkeepReply): void {
    this.onmessage?.call(this as never, { data } as MessageEvent)
  }
  fail(): void {
    this.onerror?.call(this as never, new Event('error') as ErrorEvent)
  }
}

function setUp() {
  const workers: FakeWorker[] = []
  const time = new FakeTime()
  let sleeps = 0
  const upkeep = new Upkeep({
    start: () => {
      const worker = new FakeWorker()
      workers.push(worker)
      return worker
    },
    clock: time,
    watch: time,
    slept: () => (sleeps += 1),
  })
  return { upkeep, workers, time, sleeps: () => sleeps }
}

const never = new AbortController().signal

test('whoever waits is woken once, and not after calling it off', () => {
  const { upkeep, workers } = setUp()
  const woken: string[] = []
  upkeep.after(10, () => woken.push('a'))
  const cancel = upkeep.after(20, () => woken.push('b'))
  cancel()
  for (const id of [1, 1, 2]) workers[0]?.says({ type: 'due', id })
  expect(woken).toEqual(['a'])
  expect(workers[0]?.heard).toEqual([
    { type: 'after', id: 1, delayMs: 10 },
    { type: 'after', id: 2, delayMs: 20 },
    { type: 'cancel', id: 2 },
  ])
})

test('a worker that fails is replaced; what was waited for is waited for on, what was cleaned is cleaned again', async () => {
  const { upkeep, workers, time } = setUp()
  const woken: string[] = []
  upkeep.after(1000, () => woken.push('a'))
  const cleaned = upkeep.clean(7, never)
  workers[0]?.says({ type: 'beat' })
  time.advance(400)
  workers[0]?.fail()
  expect(workers[0]?.ended).toBe(true)
  time.advance(0)
  expect(workers[1]?.heard).toEqual([
    { type: 'after', id: 1, delayMs: 600 },
    { type: 'clean', id: 2, epoch: 7, now: time.now() },
  ])
  workers[1]?.says({ type: 'due', id: 1 })
  expect(woken).toEqual(['a'])
  workers[1]?.says({ type: 'cleaned', id: 2, thrown: null })
  await cleaned
  upkeep.stop()
  expect(workers[1]?.ended).toBe(true)
})

test('a worker that was killed says nothing, and is replaced for that', () => {
  const { upkeep, workers, time } = setUp()
  workers[0]?.says({ type: 'beat' })
  let woken = 0
  upkeep.after(6 * SILENCE_MS, () => (woken += 1))
  for (let i = 0; i < 5; i++) {
    workers[0]?.says({ type: 'beat' })
    time.advance(SILENCE_MS)
  }
  expect(workers).toHaveLength(1)
  time.advance(SILENCE_MS)
  expect(workers).toHaveLength(2)
  expect(workers[1]?.heard).toEqual([{ type: 'after', id: 1, delayMs: 0 }])
  time.advance(0)
  expect(woken).toBe(1)
  upkeep.stop()
  time.advance(10 * SILENCE_MS)
  expect(workers).toHaveLength(2)
})

test('what a cleanup throws is thrown here, as what it is', async () => {
  const { upkeep, workers } = setUp()
  const [fenced, full] = [upkeep.clean(1, never), upkeep.clean(1, never)]
  workers[0]?.says({ type: 'cleaned', id: 1, thrown: ['FencedError', 'epoch 1 was followed by 2'] })
  workers[0]?.says({ type: 'cleaned', id: 2, thrown: ['QuotaExceededError', 'no room'] })
  await expect(fenced).rejects.toThrow(FencedError)
  await expect(full).rejects.toSatisfy(isQuotaExceeded)
})

test('a cleanup that is called off holds up nobody', async () => {
  const { upkeep } = setUp()
  const stop = new AbortController()
  const cleaned = upkeep.clean(1, stop.signal)
  stop.abort()
  await cleaned
})

test('it is told that the device slept', () => {
  const { workers, sleeps } = setUp()
  workers[0]?.says({ type: 'slept' })
  expect(sleeps()).toBe(1)
})

test('while no worker can be loaded the tab keeps the times itself, and tries ever more rarely', () => {
  const { upkeep, workers, time } = setUp()
  const woken: string[] = []
  upkeep.after(10_000, () => woken.push('a'))
  const cancel = upkeep.after(10_000, () => woken.push('b'))
  for (let i = 0; i < 100; i++) {
    workers.at(-1)?.fail()
    time.advance(100)
  }
  expect(woken).toEqual(['a', 'b'])
  expect(workers.length).toBeLessThan(10)
  cancel()
  // One that lives again takes over; what it wakes is woken once.
  time.advance(60_000)
  workers.at(-1)?.says({ type: 'beat' })
  upkeep.after(1_000, () => woken.push('c'))
  time.advance(1_000)
  expect(woken).toEqual(['a', 'b'])
  workers.at(-1)?.says({ type: 'due', id: 3 })
  expect(woken).toEqual(['a', 'b', 'c'])
  upkeep.stop()
})
