import 'fake-indexeddb/auto'
import { expect } from 'vitest'
import type { MessageId } from '../../domain/ids.ts'
import { orderKey } from '../../domain/ordering.ts'
import { cursorOf, getHistory } from '../../store/history.ts'
import { receive, receiveAgain } from './arrivals.ts'
import { watchReads } from './reads.ts'
import { historyOf, inOrder, type Said, type Talk } from './model.ts'
import type { Profile } from './profile.ts'
import { holdsAtSize } from './walk.ts'

/** Conversations that are read from the last message to the first. */
const READERS = 30
/** Windows that grow, as when someone scrolls up. */
const WINDOWS = 15

holdsAtSize('pages of a conversation that changes meanwhile', 400, async (profile) => {
  const { chance, talks } = profile
  const longest = talks.toSorted((a, b) => b.said.length - a.said.length)
  for (let i = 0; i < READERS; i++)
    await readThrough(profile, i < 3 ? (longest[i] ?? profile.pickTalk()) : profile.pickTalk())
  for (let i = 0; i < WINDOWS; i++) {
    const talk = profile.pickTalk()
    let limit = chance.between(1, 60)
    for (let grown = 0; grown < 6; grown++) {
      const { rows, more } = await getHistory(profile.db, talk.id, null, limit)
      expect({ ids: rows.map(({ id }) => id), more }).toEqual(historyOf(talk, null, limit))
      limit += chance.between(1, 80)
      await disturb(profile, talk)
    }
  }
  await expectFewReads(profile, longest[0] ?? profile.pickTalk())
})

/** A page reads as much as it shows and a little more, wherever it is in however long a conversation. */
async function expectFewReads({ chance, db }: Profile, talk: Talk): Promise<void> {
  const reads = await watchReads(db)
  for (let i = 0; i < 20; i++) {
    const limit = chance.between(1, 100)
    const { id, time, author } = chance.pick(talk.said)
    reads.clear()
    await getHistory(db, talk.id, `${orderKey(time, author)}/${id}`, limit)
    // Where voids stand close it is read twice, and then over the voids.
    expect(reads.rows.get('messages') ?? 0).toBeLessThanOrEqual(3 * limit + 50)
  }
}

/** Page by page, each of them what the model has at that time; what is there all the while is seen once. */
async function readThrough(profile: Profile, talk: Talk): Promise<void> {
  const { chance, db } = profile
  const before = talk.said.filter(({ type }) => type !== 'Void')
  const usual = chance.spread(1, 200)
  const seen: MessageId[] = []
  let cursor: string | null = null
  let from: Said | null = null
  for (;;) {
    // Someone who reads much in small pages would read for ever.
    const limit = Math.max(
      chance.happens(0.5) ? usual : chance.between(1, 200),
      Math.ceil(before.length / 200),
    )
    const { rows, more } = await getHistory(db, talk.id, cursor, limit)
    const ids = rows.map(({ id }) => id)
    expect({ ids, more }).toEqual(historyOf(talk, from, limit))
    seen.unshift(...ids)
    const [first] = rows
    if (!more || first === undefined) break
    cursor = cursorOf(first)
    from = talk.said.find(({ id }) => id === first.id) ?? expect.fail('a page has what is not there')
    if (chance.happens(0.3)) await disturb(profile, talk)
  }
  const still = new Set(talk.said)
  const expected = before.filter((said) => still.has(said)).sort(inOrder)
  const known = new Set(expected.map(({ id }) => id))
  expect(seen.filter((id) => known.has(id))).toEqual(expected.map(({ id }) => id))
}

/** Something comes, early or late in the conversation, or goes. */
async function disturb(profile: Profile, talk: Talk): Promise<void> {
  const { chance, db } = profile
  profile.now += chance.spread(1, 3_600_000)
  if (chance.happens(0.5)) {
    const at = chance.happens(0.5) ? profile.now : profile.now - chance.spread(1, 90 * 24 * 3_600_000)
    const drafts = Array.from({ length: chance.between(1, 5) }, () => profile.draft(talk, false, 0, at))
    await receive(profile, talk, drafts, 'push')
  }
  await receiveAgain(profile)
  if (talk.said.length === 0 || chance.happens(0.5)) return
  // The one that a page ended at is as likely as others.
  const gone = new Set(Array.from({ length: chance.between(1, 5) }, () => chance.pick(talk.said)))
  await db.messages.bulkDelete([...gone].map(({ id }) => id))
  talk.said = talk.said.filter((said) => !gone.has(said))
}
