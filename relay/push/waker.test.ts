import { beforeEach, expect, test } from 'vitest'
import { peerIdOfKey } from '../../src/protocol/identifiers.ts'
import {
  MAX_OWNERS_TO_WAKE,
  MAX_PUSH_FAILURES,
  MAX_PUSHES_PER_HOST_PER_MINUTE,
  MAX_PUSHES_PER_HOST_UNDER_WAY,
  MAX_UNKNOWN_PUSHES_UNDER_WAY,
  MAX_SUBSCRIPTIONS_PER_OWNER,
  PUSH_BACKOFF,
  PUSH_PAUSE_MS,
} from '../limits.ts'
import { MemoryMailboxStore } from '../mailbox/memory-store.ts'
import { owner, ROOM } from '../mailbox/store-contract.ts'
import type { Sent } from './send.ts'
import { Waker } from './waker.ts'

const [alice, bob] = [owner(1), owner(2)]
const [HERE, THERE] = ['https://push.example/here', 'https://push.example/there']

/** Another one for each number. */
const personAt = (n: number) => peerIdOfKey(new Uint8Array(new Uint32Array(8).fill(n + 1).buffer))

interface Push {
  readonly endpoint: string
  readonly signal: AbortSignal
  readonly answer: (sent: Sent) => void
  readonly fail: (error: Error) => void
}

let now: number
let timers: { at: number; wake: () => void }[]
let store: MemoryMailboxStore
let pushes: Push[]
let lines: string[]
let failures: unknown[]
let waker: Waker

beforeEach(() => {
  now = 1_000_000
  timers = []
  store = new MemoryMailboxStore({ ...ROOM, subscriptions: MAX_SUBSCRIPTIONS_PER_OWNER })
  pushes = []
  lines = []
  failures = []
  waker = new Waker({
    store,
    send: (endpoint, signal) =>
      new Promise((answer, fail) => {
        signal.addEventListener('abort', () => fail(new Error('aborted')))
        pushes.push({ endpoint, signal, answer, fail })
      }),
    now: () => now,
    after: (delayMs, wake) => {
      const timer = { at: now + delayMs, wake }
      timers.push(timer)
      return () => (timers = timers.filter((other) => other !== timer))
    },
    random: () => 0,
    log: (line) => lines.push(line),
    failed: (error) => failures.push(error),
  })
})

/** What is under way has come as far as it can. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

async function pass(ms: number): Promise<void> {
  now += ms
  const due = timers.filter(({ at }) => at <= now)
  timers = timers.filter(({ at }) => at > now)
  for (const { wake } of due) wake()
  await settled()
}

async function wake(who = alice): Promise<void> {
  waker.wake(who, 'contact')
  await settled()
}

/** What was asked since this was last called. */
function asked(): Push[] {
  return pushes.splice(0)
}

async function answered(sent: Sent | 'failed'): Promise<string[]> {
  const all = asked()
  for (const { answer, fail } of all)
    if (sent === 'failed') fail(new Error('the push service answered 500'))
    else answer(sent)
  await settled()
  return all.map(({ endpoint }) => endpoint)
}

test('all endpoints of an owner are asked, and nobody else’s', async () => {
  await store.subscribe(alice, HERE, 1)
  await store.subscribe(alice, THERE, 2)
  await store.subscribe(bob, 'https://push.example/bob', 1)
  await wake()
  expect((await answered('taken')).sort()).toEqual([HERE, THERE])
  expect([timers, failures]).toEqual([[], []])
})

test('of an owner without an endpoint nothing is remembered', async () => {
  await wake()
  await store.subscribe(alice, HERE, 1)
  await pass(PUSH_PAUSE_MS)
  expect([asked(), timers]).toEqual([[], []])
})

test('an endpoint is asked once in a while, and once more for all news that came in between', async () => {
  await store.subscribe(alice, HERE, 1)
  await wake()
  await answered('taken')
  for (let i = 0; i < 5; i++) {
    await pass(1_000)
    await wake()
  }
  expect(asked()).toEqual([])
  await pass(PUSH_PAUSE_MS - 5_000 - 1)
  expect(asked()).toEqual([])
  await pass(1)
  expect(await answered('taken')).toEqual([HERE])
  await pass(10 * PUSH_PAUSE_MS)
  expect([asked(), timers]).toEqual([[], []])
})

test('news that comes while a push is on its way is told by another', async () => {
  await store.subscribe(alice, HERE, 1)
  await wake()
  await wake()
  expect(await answered('taken')).toEqual([HERE])
  await pass(PUSH_PAUSE_MS)
  expect(await answered('taken')).toEqual([HERE])
})

test('whoever comes is not woken, until there is other news', async () => {
  await store.subscribe(alice, HERE, 1)
  await wake()
  await answered('taken')
  expect(waker.callOff(alice)).toBe(null)
  await wake()
  expect([waker.callOff(alice), waker.callOff(alice)]).toEqual(['contact', null])
  await pass(PUSH_PAUSE_MS)
  expect([asked(), timers]).toEqual([[], []])
  await wake()
  expect(await answered('taken')).toEqual([HERE])
  // Also while it is being looked up where.
  await pass(PUSH_PAUSE_MS)
  waker.wake(alice, 'contact')
  waker.callOff(alice)
  await settled()
  expect([asked(), timers]).toEqual([[], []])
})

test('what anyone left is told from what a contact left, also while an endpoint fails', async () => {
  await store.subscribe(alice, HERE, 1)
  waker.wake(alice, 'anyone')
  await settled()
  await answered('failed')
  expect(waker.callOff(alice)).toBe('anyone')
  waker.wake(alice, 'anyone')
  waker.wake(alice, 'contact')
  waker.wake(alice, 'anyone')
  expect(waker.callOff(alice)).toBe('contact')
})

test('news after someone came and went, while a push was on its way, wakes as well', async () => {
  await store.subscribe(alice, HERE, 1)
  await wake()
  waker.callOff(alice)
  await wake()
  expect(await answered('taken')).toEqual([HERE])
  expect(asked()).toEqual([])
  await pass(PUSH_PAUSE_MS)
  expect(await answered('taken')).toEqual([HERE])
})

test('an endpoint that is gone is forgotten, and the others are not', async () => {
  await store.subscribe(alice, HERE, 1)
  await store.subscribe(alice, THERE, 1)
  await wake()
  for (const { endpoint, answer } of asked()) answer(endpoint === HERE ? 'gone' : 'taken')
  await settled()
  expect((await store.subscriptions(alice)).map(({ endpoint }) => endpoint)).toEqual([THERE])
  expect([lines, timers]).toEqual([[], []])
})

test('what was not taken is tried again ever more rarely, and forgotten at last; others are not asked with it', async () => {
  await store.subscribe(alice, HERE, 1)
  await store.subscribe(alice, THERE, 1)
  await wake()
  for (const { endpoint, answer, fail } of asked())
    if (endpoint === THERE) answer('taken')
    else fail(Object.assign(new Error('connect ECONNREFUSED 1.2.3.4'), { code: 'ECONNREFUSED' }))
  await settled()
  expect(lines).toEqual(['a push was not taken: ECONNREFUSED'])
  const waits: number[] = []
  for (let n = 1; n < MAX_PUSH_FAILURES; n++) {
    waits.push((timers[0]?.at ?? 0) - now)
    await pass((waits.at(-1) ?? 0) - 1)
    expect(asked()).toEqual([])
    await pass(1)
    expect(await answered('failed')).toEqual([HERE])
  }
  expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((n) => n * PUSH_BACKOFF.firstMs))
  expect(waits.at(-1)).toBe(PUSH_BACKOFF.maxMs)
  expect(timers).toEqual([])
  expect((await store.subscriptions(alice)).map(({ endpoint }) => endpoint)).toEqual([THERE])
})

test('an endpoint that takes a push again has failed in nothing', async () => {
  await store.subscribe(alice, HERE, 1)
  await wake()
  await answered('failed')
  // News does not hasten it.
  await wake()
  expect(asked()).toEqual([])
  await pass(PUSH_BACKOFF.firstMs)
  await answered('taken')
  expect(await store.subscriptions(alice)).toEqual([
    { endpoint: HERE, failures: 0, notBefore: now + PUSH_PAUSE_MS },
  ])
})

test('a time that lies far ahead, from a clock that was wrong, holds for no longer than the longest wait', async () => {
  await store.subscribe(alice, HERE, 1)
  await store.pushed(alice, { endpoint: HERE, failures: 0, notBefore: now + 1e12 })
  await wake()
  expect(timers.map(({ at }) => at - now)).toEqual([PUSH_BACKOFF.maxMs])
})

test('so many pushes are on their way at once, and the others wait for them', async () => {
  const people = Array.from({ length: MAX_UNKNOWN_PUSHES_UNDER_WAY + 3 }, (_, n) => personAt(n))
  for (const [n, who] of people.entries()) await store.subscribe(who, `https://push-${n}.example/`, 1)
  for (const who of people) waker.wake(who, 'contact')
  await settled()
  expect(pushes).toHaveLength(MAX_UNKNOWN_PUSHES_UNDER_WAY)
  // One of those that wait has come meanwhile.
  waker.callOff(people.at(-1) ?? alice)
  await answered('taken')
  expect(await answered('taken')).toHaveLength(2)
})

test('an owner is not pushed for without pause by naming ever new endpoints', async () => {
  const cycles = 25
  for (let cycle = 0; cycle < cycles; cycle++) {
    waker.callOff(alice)
    for (let n = 0; n < 4; n++) {
      await store.subscribe(alice, `https://victim.example/?${cycle}.${n}`, now)
      await store.subscribe(alice, `https://victim-${cycle}-${n}.example/`, now)
    }
    await wake()
    for (const { answer } of pushes) answer('taken')
    await pass(PUSH_PAUSE_MS / (cycles + 1))
  }
  // What was there at first, and nothing that came in the pause.
  expect(pushes).toHaveLength(MAX_SUBSCRIPTIONS_PER_OWNER)
})

test('a host that hangs keeps nobody waiting who is woken by another', async () => {
  const people = Array.from({ length: MAX_UNKNOWN_PUSHES_UNDER_WAY }, (_, n) => personAt(n))
  for (const who of people) {
    await store.subscribe(who, 'https://tarpit.example/', 1)
    await wake(who)
  }
  expect(asked()).toHaveLength(MAX_PUSHES_PER_HOST_UNDER_WAY)
  await store.subscribe(bob, HERE, 1)
  await wake(bob)
  expect(asked().map(({ endpoint }) => endpoint)).toEqual([HERE])
})

test('those who wait for a host that hangs keep no place from others, and make way for them', async () => {
  const people = Array.from({ length: MAX_OWNERS_TO_WAKE }, (_, n) => personAt(n))
  for (const who of people) {
    await store.subscribe(who, 'https://tarpit.example/', 1)
    waker.wake(who, 'contact')
  }
  await settled()
  asked()
  await store.subscribe(bob, HERE, 1)
  await wake(bob)
  expect(await answered('taken')).toEqual([HERE])
})

test('so many pushes go to one host in a minute, and the others in the next', async () => {
  const people = Array.from({ length: MAX_PUSHES_PER_HOST_PER_MINUTE + 2 }, (_, n) => personAt(n))
  let begun = 0
  for (const who of people) {
    await store.subscribe(who, HERE, 1)
    await wake(who)
    begun += (await answered('taken')).length
  }
  expect(begun).toBe(MAX_PUSHES_PER_HOST_PER_MINUTE)
  await pass(59_000)
  expect(asked()).toEqual([])
  await pass(1_000)
  expect(await answered('taken')).toEqual([HERE, HERE])
  expect(timers).toEqual([])
})

test('so many owners wait to be woken, and the first makes way for another', async () => {
  const people = Array.from({ length: MAX_OWNERS_TO_WAKE + 1 }, (_, n) => personAt(n))
  for (const who of people) {
    await store.subscribe(who, HERE, 1)
    await store.pushed(who, { endpoint: HERE, failures: 1, notBefore: now + 1_000 })
    waker.wake(who, 'contact')
    await settled()
  }
  expect(timers).toHaveLength(MAX_OWNERS_TO_WAKE)
})

test('a store that fails is told of, and asked again at the next news', async () => {
  await store.close()
  await wake()
  expect(failures).toEqual([expect.objectContaining({ message: 'the mailbox is closed' })])
  await wake()
  expect(failures).toHaveLength(2)
})

test('when it is closed, what is on its way ends and nothing follows, also from a store that is closed', async () => {
  await store.subscribe(alice, HERE, 1)
  await store.subscribe(bob, THERE, 1)
  await wake()
  await wake(bob)
  const [one, other] = asked()
  waker.close()
  await store.close()
  expect([one?.signal.aborted, other?.signal.aborted]).toEqual([true, true])
  await wake()
  expect([asked(), timers, lines, failures]).toEqual([[], [], [], []])
})
