import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageId, PeerId } from '../../domain/ids.ts'
import { type Candidate, choose, isLarge, type Reach, type World } from './choose.ts'
import {
  DIRECT_GRACE_MS,
  LARGE_BYTES,
  MAX_DOWNLOADS,
  MAX_LARGE_DOWNLOADS,
  MAX_RELAYED_BYTES,
} from './limits.ts'

const [ann, ben] = ['ann', 'ben'] as PeerId[] as [PeerId, PeerId]
const now = 1_000_000

const file = (name: string, size = 5, members: readonly PeerId[] = [ann]): Candidate => ({
  message: name as MessageId,
  size,
  missing: size,
  members,
})

const world = (reaches: Record<string, Reach>, more: Partial<World> = {}): World => ({
  now,
  running: [],
  reach: (peer) => reaches[peer] ?? { path: 'none', since: 0 },
  askableAt: () => 0,
  ...more,
})
const direct: Reach = { path: 'direct', since: now }
const begun = ({ begin }: ReturnType<typeof choose>): string[] =>
  begin.map(({ message, peer }) => `${message} ${peer}`)

describe('files are fetched', () => {
  test('from the first of their members who is there', () => {
    const files = [file('a', 5, [ann, ben])]
    expect(begun(choose(files, world({ ben: direct })))).toEqual(['a ben'])
    expect(begun(choose(files, world({ ann: direct, ben: direct })))).toEqual(['a ann'])
    expect(begun(choose(files, world({})))).toEqual([])
  })

  test('with a session wanted with all who may have them', () => {
    expect([...choose([file('a', 5, [ann, ben])], world({})).sought]).toEqual([ann, ben])
    expect([...choose([], world({ ann: direct })).sought]).toEqual([])
  })

  test('not from whoever is to be asked later, and then again', () => {
    const later = world({ ann: direct }, { askableAt: () => now + 500 })
    expect(choose([file('a')], later)).toMatchObject({ begin: [], at: now + 500 })
    const other = world(
      { ann: direct, ben: direct },
      { askableAt: (_, peer) => (peer === ann ? now + 500 : 0) },
    )
    expect(begun(choose([file('a', 5, [ann, ben])], other))).toEqual(['a ben'])
  })

  test('through a relay after a while, and only if little is missing', () => {
    const relayed: Reach = { path: 'relayed', since: now - 1 }
    expect(choose([file('a')], world({ ann: relayed }))).toMatchObject({
      begin: [],
      at: now - 1 + DIRECT_GRACE_MS,
    })
    const long: Reach = { path: 'relayed', since: now - DIRECT_GRACE_MS }
    expect(begun(choose([file('a', MAX_RELAYED_BYTES)], world({ ann: long })))).toEqual(['a ann'])
    expect(choose([file('a', MAX_RELAYED_BYTES + 1)], world({ ann: long }))).toMatchObject({
      begin: [],
      at: null,
    })
    const rest = { ...file('a', 10 * MAX_RELAYED_BYTES), missing: 5 }
    expect(begun(choose([rest], world({ ann: long })))).toEqual(['a ann'])
  })

  test('a few at a time, large ones fewer, none twice', () => {
    const sizes = fc.array(fc.constantFrom(1, LARGE_BYTES, LARGE_BYTES + 1, 2 ** 33), { maxLength: 20 })
    fc.assert(
      fc.property(sizes, fc.nat(5), (all, count) => {
        const files = all.map((size, i) => file(`f${String(i)}`, size))
        const running = files.slice(0, Math.min(count, MAX_DOWNLOADS)).filter(({ size }) => !isLarge(size))
        const { begin } = choose(files, world({ ann: direct }, { running }))
        const sizeOf = (message: MessageId): number => files.find((one) => one.message === message)?.size ?? 0
        const large = begin.filter(({ message }) => isLarge(sizeOf(message))).length
        const names = [...running, ...begin].map(({ message }) => message)
        expect(new Set(names).size).toBe(names.length)
        expect(names.length).toBeLessThanOrEqual(MAX_DOWNLOADS)
        expect(large).toBeLessThanOrEqual(MAX_LARGE_DOWNLOADS)
        // None waits without need: what waits is more than may run.
        const waiting = files.filter(({ message }) => !names.includes(message))
        const isFull = names.length === MAX_DOWNLOADS
        if (!isFull)
          expect(waiting.every(({ size }) => isLarge(size) && large === MAX_LARGE_DOWNLOADS)).toBe(true)
      }),
    )
  })
})
