import 'fake-indexeddb/auto'
import { expect } from 'vitest'
import type { MessageId } from '../../domain/ids.ts'
import { contactsAfter, contactsInState, setContactState } from '../../store/contacts.ts'
import { markAsRead, readConversations } from '../../store/history.ts'
import type { ContactState } from '../../store/schema.ts'
import { readUnread } from '../../store/unread.ts'
import { receive, receiveAgain } from './arrivals.ts'
import { previewsOf, type Talk, unreadOf } from './model.ts'
import { DAY, type Profile } from './profile.ts'
import { watchReads } from './reads.ts'
import { holdsAtSize } from './walk.ts'

const STEPS = 240
/** After so many steps the whole list is looked at. */
const LOOK = 30

holdsAtSize('counters, previews and the order of the list', 1000, async (profile) => {
  const { db, chance } = profile
  const strangers: Talk[] = []
  for (let i = 1; i <= STEPS; i++) {
    profile.now += chance.pick([0, 0, 1, 60_000])
    const talk = await step(profile, strangers)
    expect(await db.conversations.get(talk.id)).toSatisfy((row: unknown) =>
      profile.talks.includes(talk) ? row !== undefined : row === undefined,
    )
    if (profile.talks.includes(talk)) await expectList(profile, [talk])
    if (i % LOOK === 0) await expectList(profile, profile.talks)
  }
  await expectUnread(profile)
  const read = new Map(
    profile.talks.flatMap(({ said }) => said.map(({ id, read }) => [id, read ? 1 : 0] as const)),
  )
  const rows = new Map((await db.messages.toArray()).map((row) => [row.id, row.read] as const))
  expect(rows.size).toBe(read.size)
  expect([...read].filter(([id, flag]) => rows.get(id) !== flag)).toEqual([])
  await expectFewReads(profile)
})

async function step(profile: Profile, strangers: Talk[]): Promise<Talk> {
  const { chance, db, self } = profile
  const talk = profile.pickTalk()
  const at = chance.happens(0.7) ? profile.now : profile.now - chance.spread(1, 90 * DAY)
  const drafts = (to: Talk, sent = false) =>
    Array.from({ length: chance.between(1, 6) }, () =>
      profile.draft(to, sent && chance.happens(0.5), chance.between(0, 1), at),
    )
  switch (chance.pick(['push', 'push', 'page', 'again', 'stranger', 'stranger', 'read', 'read', 'stand'])) {
    case 'push':
      await receive(profile, talk, drafts(talk), 'push')
      break
    case 'page': {
      // Of others no history is asked.
      if (talk.state === 'accepted') await receive(profile, talk, drafts(talk, true), 'page')
      break
    }
    case 'again':
      await receiveAgain(profile)
      break
    case 'stranger': {
      const isNew = strangers.length === 0 || chance.happens(0.4)
      const stranger = isNew ? profile.newTalk('request') : chance.pick(strangers.slice(-2))
      if (isNew) strangers.push(stranger)
      await receive(profile, stranger, drafts(stranger), 'push', chance.pick([100, 100, 20_000]))
      return stranger
    }
    case 'read':
      await markSome(profile, talk)
      break
    case 'stand': {
      const state = chance.pick<ContactState>(['accepted', 'accepted', 'blocked'])
      await setContactState(db, self.peerId, talk.peer, state)
      talk.state = state
    }
  }
  return talk
}

/** Also of what is read, ours, elsewhere, or nowhere. */
async function markSome(profile: Profile, talk: Talk): Promise<void> {
  const { chance, db } = profile
  const newest = talk.said.slice(chance.pick([0, -100, -10]))
  const some =
    newest.length === 0 ? [] : Array.from({ length: chance.between(1, 40) }, () => chance.pick(newest))
  const others = profile.pickTalk().said.slice(-3)
  const ids = [...some, ...others].map(({ id }) => id)
  await markAsRead(db, talk.id, [...new Set(ids), 'none' as MessageId], profile.now)
  const own = new Set(talk.said)
  for (const said of [...some, ...others]) if (own.has(said)) said.read = true
}

/** What the list says of these conversations. */
async function expectList({ db, talks }: Profile, these: readonly Talk[]): Promise<void> {
  const rows = await db.conversations.bulkGet(these.map(({ id }) => id))
  for (const [i, talk] of these.entries()) {
    const row = rows[i] ?? expect.fail(`${talk.name} is not there`)
    const previews = previewsOf(talk)
    const { unread, last_activity: activity, preview } = row
    expect({ name: talk.name, unread, activity }).toEqual({
      name: talk.name,
      unread: unreadOf(talk),
      activity: talk.activity,
    })
    if (preview === undefined) expect(previews).toEqual([])
    else expect(previews).toContain(preview.text)
  }
  if (these.length < talks.length) return
  const listed = talks.filter(({ state }) => state !== 'blocked')
  const latestFirst = listed.map(({ activity }) => activity).sort((a, b) => b - a)
  for (const limit of [1, 30, 2000]) {
    const list = await readConversations(db, limit)
    expect(list.map((row) => row.last_activity)).toEqual(latestFirst.slice(0, limit))
    const known = new Map(listed.map(({ id, activity }) => [id, activity]))
    expect(list.filter((row) => known.get(row.id) !== row.last_activity)).toEqual([])
    expect(new Set(list.map(({ id }) => id)).size).toBe(list.length)
  }
}

async function expectUnread({ db, talks, now }: Profile): Promise<void> {
  const expected = talks
    .filter((talk) => talk.state === 'accepted' && unreadOf(talk) > 0)
    .map((talk) => `${talk.id} ${unreadOf(talk)}`)
  const told = (await readUnread(db, now))
    .filter(({ isRequest, isMuted }) => !isRequest && !isMuted)
    .map(({ conversation, unread }) => `${conversation} ${unread}`)
  expect(told.sort()).toEqual(expected.sort())
}

/** Lists are read as far as they are shown, in one go, however long they are. */
async function expectFewReads({ db }: Profile): Promise<void> {
  const reads = await watchReads(db)
  for (const limit of [1, 10, 1000]) {
    reads.clear()
    const rows = await readConversations(db, limit)
    expect([...reads.rows]).toEqual([['conversations', rows.length]])
    // The pinned ones, and the others.
    expect(reads.requests).toBe(2)
    const [some] = await contactsAfter(db, undefined, 1)
    for (const readSome of [
      () => contactsInState(db, 'accepted', limit),
      () => contactsAfter(db, some?.peer_id, limit),
    ]) {
      reads.clear()
      const contacts = await readSome()
      expect([...reads.rows]).toEqual([['contacts', contacts.length]])
      expect(reads.requests).toBe(1)
    }
  }
}
