import { expect, test } from 'vitest'
import type { TimerRequest } from './messages.ts'
import { type TimerWorker, WorkerTimer } from './worker-timer.ts'

class FakeWorker implements TimerWorker {
  readonly heard: TimerRequest[] = []
  onmessage: TimerWorker['onmessage'] = null
  onerror: TimerWorker['onerror'] = null
  ended = false

  postMessage(request: TimerRequest): void {
    this.heard.push(request)
  }
  terminate(): void {
    this.ended = true
  }
  due(id: number): void {
    this.onmessage?.call(this as never, { data: { id } } as MessageEvent)
  }
  fail(): void {
    this.onerror?.call(this as never, new Event('error') as ErrorEvent)
  }
}

function setUp() {
  const workers: FakeWorker[] = []
  const timer = new WorkerTimer(() => {
    const worker = new FakeWorker()
    workers.push(worker)
    return worker
  })
  return { timer, workers }
}

test('whoever waits is woken once, and not after calling it off', () => {
  const { timer, workers } = setUp()
  const woken: string[] = []
  timer.after(10, () => woken.push('a'))
  const cancel = timer.after(20, () => woken.push('b'))
  cancel()
  for (const id of [1, 1, 2]) workers[0]?.due(id)
  expect(woken).toEqual(['a'])
  expect(workers[0]?.heard).toEqual([
    { type: 'after', id: 1, delayMs: 10 },
    { type: 'after', id: 2, delayMs: 20 },
    { type: 'cancel', id: 2 },
  ])
})

test('a worker that fails is replaced, and what was waited for is waited for anew', () => {
  const { timer, workers } = setUp()
  const woken: string[] = []
  timer.after(10, () => woken.push('a'))
  workers[0]?.fail()
  expect(workers[0]?.ended).toBe(true)
  expect(workers[1]?.heard).toEqual([{ type: 'after', id: 1, delayMs: 10 }])
  workers[1]?.due(1)
  expect(woken).toEqual(['a'])
  timer.stop()
  expect(workers[1]?.ended).toBe(true)
})
