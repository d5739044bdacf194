import { beforeEach, expect, test } from 'vitest'
import { MAX_PUSHES_UNDER_WAY, MAX_UNKNOWN_PUSHES_UNDER_WAY, PUSH_TRUST } from '../limits.ts'
import { Lanes, type Leave } from './lanes.ts'

const SERVICE = 'push.example'
const off = new AbortController().signal

let lanes: Lanes

beforeEach(() => {
  lanes = new Lanes({ now: () => 1_000_000, after: () => () => undefined })
})

/** Who may begin of those that asked, with how to end it. */
function asking(hosts: readonly string[]): { host: string; leave: Leave }[] {
  const begun: { host: string; leave: Leave }[] = []
  for (const host of hosts)
    void lanes.enter(host, off).then((leave) => {
      if (leave !== null) begun.push({ host, leave })
    })
  return begun
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

async function push(host: string, isQuick: boolean, times: number): Promise<void> {
  for (let i = 0; i < times; i++) (await lanes.enter(host, off))?.(isQuick)
}

const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `n${i}.hangs.example`)

test('a host that is known to be quick waits for no crowd of names that hang', async () => {
  await push(SERVICE, true, PUSH_TRUST.needed)
  const crowd = asking(namesOf(2 * MAX_PUSHES_UNDER_WAY))
  await settled()
  expect(crowd).toHaveLength(MAX_UNKNOWN_PUSHES_UNDER_WAY)
  const known = asking([SERVICE])
  await settled()
  expect(known).toHaveLength(1)
})

test('one that is not yet known waits its turn among them', async () => {
  await push(SERVICE, true, PUSH_TRUST.needed - 1)
  const crowd = asking(namesOf(2 * MAX_UNKNOWN_PUSHES_UNDER_WAY))
  const unknown = asking([SERVICE])
  await settled()
  expect(unknown).toHaveLength(0)
  for (let i = 0; i < 2 * MAX_UNKNOWN_PUSHES_UNDER_WAY; i++) {
    crowd[i]?.leave(false)
    await settled()
  }
  expect(unknown).toHaveLength(1)
})

test('it is trusted for what it does, not for what it did', async () => {
  await push(SERVICE, true, 3 * PUSH_TRUST.most)
  const needed = (PUSH_TRUST.most - PUSH_TRUST.needed) / PUSH_TRUST.slow
  await push(SERVICE, false, needed)
  asking(namesOf(MAX_UNKNOWN_PUSHES_UNDER_WAY))
  const [still] = await begunOf()
  still?.leave(false)
  await settled()
  expect(still?.host).toBe(SERVICE)
  expect(await begunOf()).toEqual([])
})

async function begunOf(): Promise<{ host: string; leave: Leave }[]> {
  const begun = asking([SERVICE])
  await settled()
  return begun
}

test('all places together are bounded, however well known the hosts are', async () => {
  const hosts = Array.from({ length: MAX_PUSHES_UNDER_WAY + 1 }, (_, i) => `push-${i}.example`)
  for (const host of hosts) await push(host, true, PUSH_TRUST.needed)
  const begun = asking(hosts)
  await settled()
  expect(begun).toHaveLength(MAX_PUSHES_UNDER_WAY)
  begun[0]?.leave(true)
  await settled()
  expect(begun).toHaveLength(MAX_PUSHES_UNDER_WAY + 1)
})
