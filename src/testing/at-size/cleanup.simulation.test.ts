import 'fake-indexeddb/auto'
import { expect } from 'vitest'
import { cleanHistory, type HistoryPlace } from '../../store/cleanup.ts'
import { FencedError, raiseEpoch } from '../../store/leadership.ts'
import { KEPT } from '../../store/messages.ts'
import { setRetention } from '../../store/retention.ts'
import { receive, receiveAgain } from './arrivals.ts'
import { isOver, isSeen, previewsOf, type Said, type Talk, unreadOf } from './model.ts'
import { DAY, type Profile } from './profile.ts'
import { type Reads, watchReads } from './reads.ts'
import { holdsAtSize } from './walk.ts'

const DAY_SECONDS = DAY / 1000
/** Cleanups that are disturbed, before the one that is not. */
const DISTURBED = 2

holdsAtSize('cleanups in pieces', 400, async (profile) => {
  const { chance, db, talks } = profile
  const reads = await watchReads(db)
  for (const talk of talks) if (chance.happens(0.5)) await changePeriod(profile, talk)
  const longest = talks.reduce((a, b) => (a.said.length > b.said.length ? a : b))
  await crowd(profile, longest)
  for (let i = 0; i < DISTURBED; i++) {
    await cleanUp(profile, reads, true)
    profile.now += chance.spread(1, 10 * DAY)
  }
  await cleanUp(profile, reads, false)
  await expectLeft(profile)
  // Nothing is left to do.
  await cleanUp(profile, reads, false)
  await expectLeft(profile)
})

/** Puts many messages to one place, so that pieces end among them. */
async function crowd({ db, chance }: Profile, talk: Talk): Promise<void> {
  const sent = talk.said.filter((said) => said.sent).slice(0, 60)
  const rows = await db.messages.bulkGet(sent.map(({ id }) => id))
  const [first] = rows
  const time = sent[0]?.time
  if (first === undefined || time === undefined) return
  await db.messages.bulkPut(rows.flatMap((row) => (row ? [{ ...row, order_key: first.order_key }] : [])))
  const moved = new Set(sent)
  talk.said = talk.said.map((said) => (moved.has(said) ? { ...said, time } : said))
  await setRetention(db, talk.id, (talk.retention = chance.between(20, 80) * DAY_SECONDS))
}

async function changePeriod({ chance, db }: Profile, talk: Talk): Promise<void> {
  talk.retention = chance.happens(0.2) ? null : chance.between(1, 100) * DAY_SECONDS
  await setRetention(db, talk.id, talk.retention)
}

/** A whole cleanup; where it is disturbed, other things happen between its pieces, and it may be broken off and begun anew. */
async function cleanUp(profile: Profile, reads: Reads, disturbed: boolean): Promise<void> {
  const { chance, db } = profile
  const size = profile.talks.reduce((sum, { said }) => sum + said.length, 0)
  const usual = chance.between(Math.ceil(size / 1000), Math.ceil(size / 250))
  let breaks = disturbed ? 2 : 0
  let place: HistoryPlace | null = null
  do {
    const limit: number = chance.happens(0.1) ? chance.between(1, 20) : usual
    const ends = breaks > 0 && chance.happens(0.02)
    if (ends) {
      breaks -= 1
      await breakOff(profile, place, limit)
      place = null
    }
    reads.clear()
    const talk = profile.talks.find(({ id }) => id === place?.conversation)
    place = await cleanHistory(db, profile.epoch, place, limit, profile.now)
    expectBounded(reads, talk, limit)
    forget(profile, reads.gone)
    if (disturbed && chance.happens(0.1)) await disturb(profile, place)
  } while (place !== null)
}

/** The transaction of a piece does not come to its end; then another tab leads, and the former one can do no more. */
async function breakOff(profile: Profile, place: HistoryPlace | null, limit: number): Promise<void> {
  const { db, epoch, now } = profile
  const ended = db.transaction('rw', db.tables, async () => {
    await cleanHistory(db, epoch, place, limit, now)
    throw new Error('ended')
  })
  await expect(ended).rejects.toThrow('ended')
  profile.epoch = await raiseEpoch(db)
  await expect(cleanHistory(db, epoch, place, limit, now)).rejects.toThrow(FencedError)
}

/** A piece looks at no more rows than it may, but for those that say what the list shows then. */
function expectBounded({ rows, gone }: Reads, talk: Talk | undefined, limit: number): void {
  const unseen = talk === undefined ? 0 : talk.said.filter((said) => !isSeen(said)).length
  expect(gone.length).toBeLessThanOrEqual(limit)
  expect(rows.get('messages') ?? 0).toBeLessThanOrEqual(limit + 2 + unseen)
  expect(rows.get('conversations') ?? 0).toBeLessThanOrEqual(Math.max(limit, 4))
}

/** What went had its time; the model has it no more. */
function forget(profile: Profile, ids: readonly unknown[]): void {
  const gone = new Set(ids)
  if (gone.size === 0) return
  const found: Said[] = []
  for (const talk of profile.talks) {
    const here = talk.said.filter(({ id }) => gone.has(id))
    if (here.length === 0) continue
    expect(here.filter((said) => !isOver(said, talk, profile.now))).toEqual([])
    talk.said = talk.said.filter(({ id }) => !gone.has(id))
    found.push(...here)
  }
  expect(found.length).toBe(gone.size)
  for (const { id, sent } of found) {
    if (!sent) profile.deleted.add(id)
    profile.queued.delete(id)
    for (const key of ['Delivered', 'Read'].map((type) => `${id}/${type}/`))
      for (const talk of profile.talks) profile.acknowledged.delete(`${key}${talk.peer}`)
  }
}

async function disturb(profile: Profile, place: HistoryPlace | null): Promise<void> {
  const { chance } = profile
  const current = profile.talks.find(({ id }) => id === place?.conversation)
  const talk = current !== undefined && chance.happens(0.6) ? current : profile.pickTalk()
  profile.now += chance.spread(1, DAY / 10)
  await receiveAgain(profile)
  const at = chance.happens(0.5) ? profile.now : profile.now - chance.spread(1, 90 * DAY)
  const drafts = Array.from({ length: chance.between(1, 6) }, () => profile.draft(talk, false, 0, at))
  if (talk.state === 'accepted') await receive(profile, talk, drafts, 'push')
  if (chance.happens(0.3)) await changePeriod(profile, talk)
}

/** What the model says is left, and nothing else. */
async function expectLeft({ db, talks, now, queued, acknowledged, deleted }: Profile): Promise<void> {
  const rows = new Map((await db.messages.toArray()).map((row) => [row.id, row] as const))
  expect(rows.size).toBe(talks.reduce((sum, { said }) => sum + said.length, 0))
  const conversations = new Map((await db.conversations.toArray()).map((row) => [row.id, row] as const))
  for (const talk of talks) {
    const conversation = conversations.get(talk.id) ?? expect.fail('a conversation is gone')
    expect(talk.said.filter((said) => isOver(said, talk, now))).toEqual([])
    expect(talk.said.filter(({ id }) => !rows.has(id))).toEqual([])
    // When it will be gone stands in each row.
    const ends = ({ deliveredAt }: Said) =>
      talk.retention === null || deliveredAt === null ? KEPT : deliveredAt + talk.retention * 1000
    const delivered = talk.said.filter(({ deliveredAt }) => deliveredAt !== null)
    expect(delivered.filter((said) => rows.get(said.id)?.expires_at !== ends(said))).toEqual([])
    const previews = previewsOf(talk)
    expect(conversation.unread).toBe(unreadOf(talk))
    expect(conversation.retention_seconds ?? null).toBe(talk.retention)
    if (previews.length === 0) expect(conversation).not.toHaveProperty('preview')
    else expect(previews).toContain(conversation.preview?.text)
  }
  const keysOf = async (table: { toCollection(): { primaryKeys(): PromiseLike<unknown[]> } }) =>
    new Set(
      (await table.toCollection().primaryKeys()).map((key) => (Array.isArray(key) ? key[1] : key) as string),
    )
  expect(await keysOf(db.offline_queue)).toEqual(queued)
  expect(await keysOf(db.message_acknowledgments)).toEqual(acknowledged)
  expect(await keysOf(db.deleted_messages)).toEqual(deleted)
}
