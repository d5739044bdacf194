import 'fake-indexeddb/auto'
import type { Database } from '@sqlite.org/sqlite-wasm'
import { expect } from 'vitest'
import type { MessageId } from '../../domain/ids.ts'
import { matches, parseQuery } from '../../domain/search/terms.ts'
import { cleanHistory, type HistoryPlace, noteCleanup } from '../../store/cleanup.ts'
import { setContactState } from '../../store/contacts.ts'
import { setRetention } from '../../store/retention.ts'
import { Indexer } from '../../worker/search/indexer.ts'
import { MessageIndex } from '../../worker/search/message-index.ts'
import type { SearchFilter } from '../../worker/search/messages.ts'
import { search } from '../../worker/search/searcher.ts'
import { emptyFile } from '../search-bench.ts'
import { receive } from './arrivals.ts'
import { isOver } from './model.ts'
import { DAY, type Profile } from './profile.ts'
import { holdsAtSize } from './walk.ts'

/** About so many deletions are heard of: the rest is more than is told at a time. */
const HEARD = 40
/** Queries after each change. */
const QUERIES = 16
/** Results of one query that are looked at page by page; what finds more is asked of one conversation. */
const MANY = 3000

holdsAtSize('searches', 400, async (profile) => {
  const { chance, db, self, talks } = profile
  const file = emptyFile()
  let [index, indexer] = openIndex(profile, file)
  await settle(indexer)
  await expectFound(profile, index)

  for (let i = 0; i < 60; i++) {
    const talk = profile.pickTalk()
    const at = profile.now - chance.pick([0, chance.spread(1, 90 * DAY)])
    const drafts = Array.from({ length: chance.between(1, 8) }, () =>
      profile.draft(talk, false, chance.between(0, 1), at),
    )
    if (talk.state === 'accepted') await receive(profile, talk, drafts, 'push')
  }
  await settle(indexer)
  await expectFound(profile, index)

  // What is gone is not found, though the index hears of a part of it only, and not of who is blocked.
  const gone = await cleanSome(profile)
  indexer.suspect(gone.filter(() => chance.happens(HEARD / gone.length)))
  for (const talk of talks.slice(0, 4)) {
    talk.state = talk.state === 'blocked' ? 'accepted' : 'blocked'
    await setContactState(db, self.peerId, talk.peer, talk.state)
  }
  await expectFound(profile, index)
  await settle(indexer)
  await expectFound(profile, index)

  // The worker is ended; the next one finds what went unheard.
  ;[index, indexer] = openIndex(profile, file)
  await settle(indexer)
  await expectFound(profile, index)
  const searchable = talks.flatMap(({ said }) => said).filter(isSearchable)
  expect(index.size).toBe(searchable.length)
  file.close()
})

function openIndex({ db, ...profile }: Profile, file: Database): [MessageIndex, Indexer] {
  const index = new MessageIndex(file)
  return [index, new Indexer({ db, index, now: () => profile.now, room: Infinity })]
}

async function settle(indexer: Indexer): Promise<void> {
  indexer.changed()
  while (await indexer.step());
  expect(indexer.complete).toBe(true)
}

/** Cleans up after some conversations were given a period; returns what went. */
async function cleanSome(profile: Profile): Promise<MessageId[]> {
  const { chance, db, talks } = profile
  const gone: MessageId[] = []
  for (const talk of talks.filter(() => chance.happens(0.2))) {
    talk.retention = (chance.between(10, 90) * DAY) / 1000
    await setRetention(db, talk.id, talk.retention)
  }
  let place: HistoryPlace | null = null
  do place = await cleanHistory(db, profile.epoch, place, 200, profile.now)
  while (place !== null)
  await noteCleanup(db, profile.epoch, profile.now)
  for (const talk of talks) {
    const over = talk.said.filter((said) => isOver(said, talk, profile.now))
    gone.push(...over.map(({ id }) => id))
    talk.said = talk.said.filter((said) => !over.includes(said))
  }
  return gone
}

const isSearchable = ({ type }: { type: string }): boolean => type === 'Text' || type === 'FileShare'

/** Queries of which the index finds what a look at every message finds. */
async function expectFound(profile: Profile, index: MessageIndex): Promise<void> {
  for (let i = 0; i < QUERIES; i++) {
    let typed = typedOf(profile)
    while (parseQuery(typed) === null) typed = typedOf(profile)
    let filter = filterOf(profile)
    let expected = scan(profile, typed, filter)
    if (expected.length > MANY) {
      filter = { ...filter, conversation: profile.pickTalk().id }
      expected = scan(profile, typed, filter)
    }
    const found = await findAll(profile, index, typed, filter)
    expect({ typed, filter, found: found.sort() }).toEqual({ typed, filter, found: expected.sort() })
  }
}

/** A piece of what was written, from the beginning of a word or from anywhere. */
function typedOf({ chance, texts }: Profile): string {
  const text = chance.pick(texts)
  const words = text.split(' ')
  const from = chance.happens(0.6) ? words.slice(chance.between(0, words.length - 1)).join(' ') : text
  const characters = Array.from(from)
  const at = chance.happens(0.7) ? 0 : chance.between(0, characters.length)
  return characters.slice(at, at + chance.spread(1, 12)).join('')
}

function filterOf(profile: Profile): SearchFilter {
  const { chance, self } = profile
  const [from, to] = [timeOf(profile), timeOf(profile)].sort((a, b) => a - b)
  return {
    ...(chance.happens(0.3) ? { conversation: profile.pickTalk().id } : {}),
    ...(chance.happens(0.3) ? { sender: chance.happens(0.5) ? self.peerId : profile.pickTalk().peer } : {}),
    ...(chance.happens(0.4) && from !== undefined ? { from } : {}),
    ...(chance.happens(0.4) && to !== undefined ? { to } : {}),
  }
}

/** Any time, or the very one that a message has, or the one after; of what came last much has the same. */
function timeOf(profile: Profile): number {
  const { chance } = profile
  const late = profile.pickTalk().said.slice(-10)
  return chance.happens(0.3) || late.length === 0
    ? profile.now - chance.spread(DAY, 110 * DAY)
    : chance.pick(late).timestamp + chance.between(0, 1)
}

async function findAll(
  { db, chance }: Profile,
  index: MessageIndex,
  typed: string,
  filter: SearchFilter,
): Promise<MessageId[]> {
  const ids: MessageId[] = []
  const limit = chance.pick([7, 50, 100])
  for (let after: number | null = null; ;) {
    const page = await search(db, index, { typed, filter, limit, after })
    expect(page.hits.length).toBeLessThanOrEqual(limit)
    ids.push(...page.hits.map(({ id }) => id))
    if (page.next === null) return ids
    after = page.next
  }
}

function scan({ talks }: Profile, typed: string, filter: SearchFilter): MessageId[] {
  const query = parseQuery(typed)
  if (query === null) return []
  // Few texts are said often: each is looked at once.
  const answers = new Map<string, boolean>()
  const isAnswer = (text: string): boolean => {
    const known = answers.get(text) ?? matches(query, text)
    answers.set(text, known)
    return known
  }
  return talks
    .filter(({ id, state }) => state !== 'blocked' && (filter.conversation ?? id) === id)
    .flatMap(({ said }) => said)
    .filter(
      (said) =>
        isSearchable(said) &&
        isAnswer(said.text) &&
        (filter.sender ?? said.author) === said.author &&
        said.timestamp >= (filter.from ?? 0) &&
        said.timestamp < (filter.to ?? Infinity),
    )
    .map(({ id }) => id)
}
