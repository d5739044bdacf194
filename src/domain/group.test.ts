import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  endOf,
  foldGroup,
  type GroupChange,
  type GroupEntry,
  isActive,
  isMembershipLog,
  memberOf,
  mentions,
} from './group.ts'
import type { LogId, PeerId } from './ids.ts'

const [alice, bob, carol, mallory] = ['alice', 'bob', 'carol', 'mallory'].map((name) => name as PeerId) as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]
const log = 'AAAAAAAAAAA' as LogId

const change = (
  number: number,
  previous: string | null,
  hash: string,
  what: GroupChange,
  by = alice,
): GroupEntry => ({
  author: by,
  content: { type: 'GroupChange', number, previous, change: what },
  hash,
})
const create = (hash = 'c1', name = 'Friends'): GroupEntry =>
  change(1, null, hash, { type: 'create', name, nonce: '', history: 'joining', nickname: 'Alice' })
const adding = (...peers: PeerId[]): GroupChange => ({
  type: 'add',
  members: peers.map((peer) => ({ peer, nickname: peer })),
  heads: [],
})
const removing = (peer: PeerId, seq = 3): GroupChange => ({ type: 'remove', peer, heads: [{ log, seq }] })
const join = (author: PeerId, admission: string): GroupEntry => ({
  author,
  content: { type: 'GroupJoin', admission, nickname: author },
  hash: '',
})
const leave = (author: PeerId, admission: string, seq = 9): GroupEntry => ({
  author,
  content: { type: 'GroupLeave', admission, heads: [{ log, seq }] },
  hash: '',
})
const standings = (entries: readonly GroupEntry[]): Record<string, string> =>
  Object.fromEntries(foldGroup(alice, entries).members.map(({ peer, standing }) => [peer, standing]))

describe('what the entries of a group add up to (SPEC 21.5 to 21.8)', () => {
  test('members are added, join, leave, are removed, and can be added once more', () => {
    const begun = [create(), change(2, 'c1', 'c2', adding(bob, carol))]
    expect(standings(begun)).toEqual({ alice: 'joined', bob: 'invited', carol: 'invited' })
    const joined = [...begun, join(bob, 'c2'), join(carol, 'c2')]
    expect(standings(joined)).toEqual({ alice: 'joined', bob: 'joined', carol: 'joined' })
    const left = [...joined, leave(carol, 'c2'), change(3, 'c2', 'c3', removing(bob))]
    expect(standings(left)).toEqual({ alice: 'joined', bob: 'removed', carol: 'left' })
    const again = [...left, change(4, 'c3', 'c4', adding(bob, carol))]
    // What they said to an earlier admission says nothing to this one.
    expect(standings(again)).toEqual({ alice: 'joined', bob: 'invited', carol: 'invited' })
    expect(standings([...again, join(bob, 'c4')])).toMatchObject({ bob: 'joined', carol: 'invited' })
  })

  test('nobody but the creator changes anything, and nobody joins who was not added', () => {
    const entries = [create(), change(2, 'c1', 'c2', adding(bob))]
    const forged = [
      change(3, 'c2', 'm3', adding(mallory), mallory),
      change(3, 'c2', 'b3', removing(alice), bob),
      join(mallory, 'c2'),
      leave(mallory, 'c2'),
      join(bob, 'another'),
    ]
    expect(foldGroup(alice, [...entries, ...forged])).toEqual(foldGroup(alice, entries))
  })

  test('the creator is not removed, and whoever is in it is not added twice', () => {
    const entries = [create(), change(2, 'c1', 'c2', adding(bob)), join(bob, 'c2')]
    const more = [change(3, 'c2', 'c3', removing(alice)), change(4, 'c3', 'c4', adding(bob, alice))]
    expect(standings([...entries, ...more])).toEqual({ alice: 'joined', bob: 'joined' })
    expect(memberOf(foldGroup(alice, [...entries, ...more]), bob)?.admission).toBe('c2')
  })

  test('a change that waits for another counts when that comes; a removal at once', () => {
    const late = [create(), change(2, 'c1', 'c2', adding(bob)), join(bob, 'c2')]
    const renamed = change(4, 'c3', 'c4', { type: 'rename', name: 'Others' })
    expect(foldGroup(alice, [...late, renamed]).name).toBe('Friends')
    const removed = change(4, 'c3', 'c4', removing(bob, 2))
    expect(standings([...late, removed])).toMatchObject({ bob: 'removed' })
    const all = [...late, change(3, 'c2', 'c3', { type: 'rename', name: 'More' }), removed]
    expect(foldGroup(alice, all)).toMatchObject({ name: 'More', head: { number: 4, hash: 'c4' } })
  })

  test('of a fork the longer branch counts, of branches as long the lesser hash; removals of both', () => {
    const base = [create(), change(2, 'c1', 'c2', adding(bob, carol)), join(bob, 'c2'), join(carol, 'c2')]
    const one = change(3, 'c2', 'b', { type: 'rename', name: 'One' })
    const other = change(3, 'c2', 'a', { type: 'rename', name: 'Other' })
    expect(foldGroup(alice, [...base, one, other]).name).toBe('Other')
    const longer = [...base, one, other, change(4, 'b', 'd', removing(carol))]
    expect(foldGroup(alice, longer)).toMatchObject({ name: 'One' })
    const lost = change(3, 'c2', 'e', removing(bob))
    expect(standings([...longer, lost])).toMatchObject({ bob: 'removed', carol: 'removed' })
  })

  test('logs end where a removal or a leaving says, and one that is not named before it begins', () => {
    const entries = [create(), change(2, 'c1', 'c2', adding(bob)), join(bob, 'c2')]
    const before = memberOf(foldGroup(alice, entries), bob)
    const after = memberOf(foldGroup(alice, [...entries, change(3, 'c2', 'c3', removing(bob, 5))]), bob)
    if (before === undefined || after === undefined) throw new Error('no member')
    expect(endOf(before, log)).toBe(Infinity)
    expect(endOf(after, log)).toBe(5)
    expect(endOf(after, 'BBBBBBBBBBB' as LogId)).toBe(0)
  })
})

const HASHES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

/** Entries as anybody might write them: good ones, forged ones, forks, and such that name what is not there. */
const entry = fc.oneof(
  fc.record({
    author: fc.constantFrom(alice, alice, alice, bob, mallory),
    number: fc.integer({ min: 1, max: 6 }),
    previous: fc.constantFrom(null, ...HASHES),
    hash: fc.constantFrom(...HASHES),
    what: fc.constantFrom<GroupChange>(
      { type: 'create', name: 'Friends', nonce: '', history: 'all', nickname: 'Alice' },
      adding(bob),
      adding(carol, bob),
      removing(bob),
      removing(carol, 1),
      removing(alice),
      { type: 'rename', name: 'Others' },
      { type: 'history', history: 'all' },
    ),
  }),
  fc.record({
    author: fc.constantFrom(alice, bob, carol, mallory),
    admission: fc.constantFrom(...HASHES),
    leaves: fc.boolean(),
  }),
)

/** One hash is one change: as in the product, where it is one of what it says. */
const entriesOf = (
  drawn: readonly (typeof entry extends fc.Arbitrary<infer T> ? T : never)[],
): GroupEntry[] => {
  const byHash = new Map<string, GroupEntry>()
  const said: GroupEntry[] = []
  for (const one of drawn)
    if ('leaves' in one)
      said.push(one.leaves ? leave(one.author, one.admission) : join(one.author, one.admission))
    else
      byHash.set(
        `${one.author} ${one.hash}`,
        change(one.number, one.previous, one.hash, one.what, one.author),
      )
  return [...byHash.values(), ...said]
}

describe('whatever is written by whomever', () => {
  test('the same entries add up to the same group, in whatever order and however often they come', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 30 }).chain((drawn) => {
          const all = entriesOf(drawn)
          return fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
          )
        }),
        ([all, shuffled]) => {
          const standing = (entries: readonly GroupEntry[]) => {
            const { members, ...rest } = foldGroup(alice, entries)
            return [rest, [...members].sort((a, b) => (a.peer < b.peer ? -1 : 1))]
          }
          expect(standing(shuffled)).toEqual(standing(all))
        },
      ),
    )
  })

  test('nobody is in it whom the creator did not add, and nobody joined who did not say so', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (drawn) => {
        const all = entriesOf(drawn)
        const state = foldGroup(alice, all)
        for (const member of state.members) {
          if (member.peer === alice) continue
          const admission = all.find(({ hash, author }) => hash === member.admission && author === alice)
          const added = admission?.content.type === 'GroupChange' ? admission.content.change : undefined
          expect(added?.type === 'add' && added.members.some(({ peer }) => peer === member.peer)).toBe(true)
          const isSaid = all.some(
            ({ author, content }) =>
              author === member.peer &&
              content.type === 'GroupJoin' &&
              content.admission === member.admission,
          )
          if (member.standing === 'joined') expect(isSaid).toBe(true)
          expect(member.end === null).toBe(isActive(member))
        }
      }),
    )
  })

  test('what others than the creator and the members themselves write changes nothing', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (drawn) => {
        const all = entriesOf(drawn)
        const honest = all.filter(
          ({ author, content }) =>
            (content.type === 'GroupChange') === (author === alice) || content.type !== 'GroupChange',
        )
        expect(
          foldGroup(
            alice,
            all.filter(({ author }) => author !== mallory),
          ),
        ).toEqual(foldGroup(alice, all))
        expect(foldGroup(alice, honest)).toEqual(foldGroup(alice, all))
      }),
    )
  })
})

test('which logs say who is in a group shows in their ids: the first bit is set', () => {
  for (let byte = 0; byte < 256; byte++) {
    const id = Buffer.from([byte, 1, 2, 3, 4, 5, 6, 7]).toString('base64url') as LogId
    expect(isMembershipLog(id)).toBe(byte >= 128)
  }
})

test.each([
  ['@Carol look', 'Carol', true],
  ['look, @carol!', 'Carol', true],
  ['@Caroline look', 'Carol', false],
  ['mail carol@example', 'Carol', false],
  ['@Caroline and @Carol', 'Carol', true],
  ['@علي مرحبا', 'علي', true],
  ['@Anna-Lena Müller, hello', 'Anna-Lena Müller', true],
])('whether “%s” mentions %s', (text, nickname, expected) => {
  expect(mentions(text, nickname)).toBe(expected)
})
