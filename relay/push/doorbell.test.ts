import { beforeEach, expect, test } from 'vitest'
import type { PeerId } from '../../src/domain/ids.ts'
import { peerIdOfKey } from '../../src/protocol/identifiers.ts'
import { MAX_OWNERS_TO_WAKE, OPEN_WAKE_PAUSE_MS } from '../limits.ts'
import { owner } from '../mailbox/store-contract.ts'
import { Doorbell } from './doorbell.ts'

const [alice, bob] = [owner(1), owner(2)]

let now: number
let timers: { at: number; wake: () => void }[]
let woken: PeerId[]
let doorbell: Doorbell

beforeEach(() => {
  now = 1_000_000
  timers = []
  woken = []
  doorbell = new Doorbell({
    wake: (who) => woken.push(who),
    now: () => now,
    after: (delayMs, wake) => {
      const timer = { at: now + delayMs, wake }
      timers.push(timer)
      return () => (timers = timers.filter((other) => other !== timer))
    },
  })
})

function pass(ms: number): void {
  now += ms
  const due = timers.filter(({ at }) => at <= now)
  timers = timers.filter(({ at }) => at > now)
  for (const { wake } of due) wake()
}

test('a flood wakes an owner once in an hour, and nobody else waits for it', () => {
  for (let n = 0; n < 600; n++) {
    doorbell.ring(alice)
    pass(OPEN_WAKE_PAUSE_MS / 200)
  }
  doorbell.ring(bob)
  expect(woken).toEqual([alice, alice, alice, alice, bob])
})

test('what came meanwhile wakes at the end, once, and then there is a pause again', () => {
  doorbell.ring(alice)
  pass(1000)
  doorbell.ring(alice)
  doorbell.ring(alice)
  pass(OPEN_WAKE_PAUSE_MS - 1001)
  expect(woken).toHaveLength(1)
  pass(1)
  expect(woken).toHaveLength(2)
  doorbell.ring(alice)
  pass(OPEN_WAKE_PAUSE_MS - 1)
  expect(woken).toHaveLength(2)
  pass(1)
  expect(woken).toHaveLength(3)
  pass(2 * OPEN_WAKE_PAUSE_MS)
  expect([woken.length, timers]).toEqual([3, []])
  doorbell.ring(alice)
  expect(woken).toHaveLength(4)
})

test('whoever comes is not woken for what came before, and has the pause none the less', () => {
  doorbell.ring(alice)
  expect(doorbell.callOff(alice)).toBe(false)
  doorbell.ring(alice)
  expect([doorbell.callOff(alice), doorbell.callOff(alice)]).toEqual([true, false])
  pass(OPEN_WAKE_PAUSE_MS / 2)
  doorbell.ring(alice)
  expect(woken).toHaveLength(1)
  pass(OPEN_WAKE_PAUSE_MS / 2)
  expect(woken).toHaveLength(2)
})

test('a clock that is set back silences nobody for longer than the pause', () => {
  doorbell.ring(alice)
  now -= 10 * OPEN_WAKE_PAUSE_MS
  doorbell.ring(alice)
  pass(OPEN_WAKE_PAUSE_MS)
  expect(woken).toHaveLength(2)
})

test('so many pauses are remembered, and the first is forgotten with what waits for its end', () => {
  const people = Array.from({ length: MAX_OWNERS_TO_WAKE + 1 }, (_, n) =>
    peerIdOfKey(new Uint8Array(new Uint32Array(8).fill(n + 1).buffer)),
  )
  const [first, second] = people
  if (first === undefined || second === undefined) throw new Error('there is nobody')
  for (const who of people) {
    doorbell.ring(who)
    doorbell.ring(who)
  }
  expect(timers).toHaveLength(MAX_OWNERS_TO_WAKE)
  expect([doorbell.callOff(first), doorbell.callOff(second)]).toEqual([false, true])
})

test('when it is closed nothing follows', () => {
  doorbell.ring(alice)
  doorbell.ring(alice)
  doorbell.close()
  expect(timers).toEqual([])
})
