import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { memberOf } from '../domain/group.ts'
import type { ConversationId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { isGroupId } from '../protocol/group.ts'
import { databaseOf, person, type Person } from '../testing/people.ts'
import { beginClearing, clearPiece } from './clearing.ts'
import { addContact, setContactState } from './contacts.ts'
import { readGaps } from './gaps.ts'
import { markAllAsRead, readConversations } from './history.ts'
import { acceptMessages, type Accepted } from './inbox.ts'
import { raiseEpoch } from './leadership.ts'
import {
  createGroup,
  inviteToGroup,
  joinGroup,
  leaveGroup,
  removeFromGroup,
  renameGroup,
} from './membership.ts'
import { authoredMessage } from './messages.ts'
import { sendMessage } from './outbox.ts'
import { readPage, recordLost } from './pages.ts'
import type { Source } from './reception.ts'
import type { GigiDatabase } from './schema.ts'
import { readSummary } from './summary.ts'
import { deleteMessage, restoreMessage } from './undo.ts'

const [alice, bob, carol, mallory] = [
  person('Alice', 1),
  person('Bob', 2),
  person('Carol', 3),
  person('Mallory', 4),
]
const now = 1_700_000_000_000

class Member {
  readonly who: Person
  readonly db: GigiDatabase
  readonly epoch: number

  private constructor(who: Person, db: GigiDatabase, epoch: number) {
    this.who = who
    this.db = db
    this.epoch = epoch
  }

  static async open(who: Person): Promise<Member> {
    const db = await databaseOf(who, now)
    return new Member(who, db, await raiseEpoch(db))
  }

  meet = ({ who: { peerId, nickname } }: Member) =>
    addContact(this.db, this.who.peerId, { peerId, nickname, relays: [] }, now)

  /** All that it wrote and has in groups, as others may bring it. */
  async written(): Promise<AuthoredMessage[]> {
    const rows = await this.db.messages.orderBy('id').toArray()
    return rows.filter((row) => row.peer_id === this.who.peerId).map(authoredMessage)
  }

  accept = (from: Person, messages: readonly AuthoredMessage[], source: Source = 'push'): Promise<Accepted> =>
    acceptMessages(
      this.db,
      this.epoch,
      from.peerId,
      { nickname: from.nickname, relays: [] },
      messages.map((message) => ({ message, signature: new Uint8Array(64), bytes: 100 })),
      source,
      now,
    )

  /** What is queued for someone, as it would be pushed. */
  async queuedFor({ who }: Member): Promise<AuthoredMessage[]> {
    const rows = await this.db.offline_queue.toArray()
    const ids = rows.filter((row) => row.target_peer_id === who.peerId).map((row) => row.message_id)
    return (await this.db.messages.bulkGet(ids)).flatMap((row) =>
      row === undefined ? [] : [authoredMessage(row)],
    )
  }

  async hears(from: Member): Promise<void> {
    const { refused } = await this.accept(from.who, await from.queuedFor(this))
    expect(refused).toEqual([])
  }

  say = (group: ConversationId, text: string) =>
    sendMessage(this.db, group, { type: 'Text', text }, now, this.who.random.bytes)

  join = (group: ConversationId, inviter: Member) =>
    joinGroup(
      this.db,
      { id: group, name: 'Friends', inviter: inviter.who.peerId },
      now,
      this.who.random.bytes,
    )

  async texts(group: ConversationId): Promise<string[]> {
    const rows = await this.db.messages.where({ conversation_id: group }).sortBy('order_key')
    return rows.flatMap(({ content_json, content_type }) =>
      content_type === 'Text' ? [(JSON.parse(content_json) as { text: string }).text] : [],
    )
  }

  async standing(group: ConversationId, of: Member): Promise<string | undefined> {
    const row = await this.db.groups.get(group)
    return row === undefined ? undefined : memberOf(row.state, of.who.peerId)?.standing
  }
}

let atAlices: Member
let atBobs: Member
let atCarols: Member
let group: ConversationId

beforeEach(async () => {
  ;[atAlices, atBobs, atCarols] = [await Member.open(alice), await Member.open(bob), await Member.open(carol)]
  for (const other of [atBobs, atCarols]) {
    await atAlices.meet(other)
    await other.meet(atAlices)
  }
  const members = [bob.peerId, carol.peerId]
  group = await createGroup(
    atAlices.db,
    { name: 'Friends', history: 'joining', members },
    now,
    alice.random.bytes,
  )
  for (const other of [atBobs, atCarols]) {
    await other.hears(atAlices)
    await other.join(group, atAlices)
  }
  for (const [to, from] of [
    [atAlices, atBobs],
    [atAlices, atCarols],
    [atBobs, atCarols],
    [atCarols, atBobs],
  ] as const)
    await to.hears(from)
})
afterEach(() => Promise.all([atAlices, atBobs, atCarols].map(({ db }) => db.delete())))

const inGroup = (messages: readonly AuthoredMessage[]): AuthoredMessage[] =>
  messages.filter((message) => message.conversation_id === group)
const codes = ({ refused }: Accepted): string[] =>
  refused.map(({ code, permanent }) => `${code} ${permanent ? 'for good' : 'for now'}`)

describe('sending to a group', () => {
  test('is one row and a queue row for each member who has joined, at once', async () => {
    const id = await atBobs.say(group, 'hello')
    const queued = (await atBobs.db.offline_queue.toArray()).filter((row) => row.message_id === id)
    expect(queued.map((row) => row.target_peer_id).sort()).toEqual([alice.peerId, carol.peerId].sort())
    expect(await atBobs.db.messages.get(id)).toMatchObject({
      msg_type: 'Group',
      group_name: 'Friends',
      sync_status: 'Pending',
    })
  })

  test('is for members alone', async () => {
    await leaveGroup(atCarols.db, group, now, carol.random.bytes)
    await expect(atCarols.say(group, 'hello')).rejects.toThrow('not in the group')
  })
})

describe('what is taken, from whom', () => {
  test('what a member wrote is taken from any member who was asked for it, and by push from its author alone', async () => {
    await atBobs.say(group, 'hello')
    const said = inGroup(await atBobs.written()).slice(-1)
    expect(codes(await atCarols.accept(alice, said))).toEqual(['not-member for good'])
    expect(codes(await atCarols.accept(alice, said, 'page'))).toEqual([])
    expect(await atCarols.texts(group)).toEqual(['hello'])
    // Once more it changes nothing, whoever brings it.
    await atCarols.accept(bob, said)
    expect(await atCarols.texts(group)).toEqual(['hello'])
    expect((await readConversations(atCarols.db, 10)).find(({ id }) => id === group)?.unread).toBe(1)
  })

  test('what somebody who is no member writes is refused, whoever brings it', async () => {
    await atBobs.say(group, 'hello')
    const [real] = inGroup(await atBobs.written()).slice(-1)
    if (real === undefined) throw new Error('nothing was said')
    const forged = { ...real, author: mallory.peerId, log_id: 'AAAAAAAAAAA' as AuthoredMessage['log_id'] }
    expect(codes(await atCarols.accept(mallory, [forged]))).toEqual(['not-member for now'])
    expect(codes(await atCarols.accept(alice, [forged], 'page'))).toEqual(['not-member for now'])
    // Nor does a member take what is another's from somebody who is none.
    expect(codes(await atCarols.accept(mallory, [real], 'page'))).toEqual(['not-member for now'])
    expect(await atCarols.texts(group)).toEqual([])
  })

  test('nobody but the creator changes a group', async () => {
    const [real] = inGroup(await atBobs.written())
    if (real === undefined) throw new Error('nothing was said')
    const content: MessageContent = {
      type: 'GroupChange',
      number: 3,
      previous: 'A'.repeat(43),
      change: { type: 'rename', name: 'Bob’s' },
    }
    const forged = { ...real, seq: 9, content }
    expect(codes(await atCarols.accept(bob, [forged]))).toEqual(['not-member for good'])
    expect((await atCarols.db.groups.get(group))?.state.name).toBe('Friends')
  })

  test('what stands in the wrong kind of log is malformed', async () => {
    await atBobs.say(group, 'hello')
    const [entry] = inGroup(await atBobs.written())
    const [text] = inGroup(await atBobs.written()).slice(-1)
    if (entry === undefined || text === undefined) throw new Error('nothing was said')
    const wrong = [
      { ...text, log_id: entry.log_id, seq: 8 },
      { ...entry, log_id: text.log_id, seq: 8 },
    ]
    expect(codes(await atCarols.accept(bob, wrong))).toEqual(['malformed for good', 'malformed for good'])
  })

  test('of a group that nobody invited us to nothing is taken', async () => {
    const atMallorys = await Member.open(mallory)
    await atMallorys.meet(atAlices)
    const everything = inGroup(await atAlices.written())
    expect(new Set(codes(await atMallorys.accept(alice, everything)))).toEqual(
      new Set(['not-member for now']),
    )
    expect(await atMallorys.db.groups.count()).toBe(0)
    await atMallorys.db.delete()
  })
})

describe('a removal', () => {
  const removed = (by: Member, whom: Person) =>
    removeFromGroup(by.db, group, whom.peerId, now, by.who.random.bytes)

  test('takes what waits for the removed one with it, but word of it', async () => {
    await atAlices.say(group, 'hello')
    await removed(atAlices, carol)
    const left = await atAlices.queuedFor(atCarols)
    expect(inGroup(left).map(({ content }) => content.type)).toEqual(['GroupChange'])
    await atCarols.hears(atAlices)
    expect((await atCarols.db.groups.get(group))?.standing).toBe('removed')
    await expect(atCarols.say(group, 'hello')).rejects.toThrow('not in the group')
  })

  test('ends their logs where it says, for everybody, whatever had come before', async () => {
    await atCarols.say(group, 'one')
    await atAlices.hears(atCarols)
    await atCarols.say(group, 'two')
    await atBobs.hears(atCarols)
    expect(await atBobs.texts(group)).toEqual(['one', 'two'])
    await removed(atAlices, carol)
    await atBobs.hears(atAlices)
    for (const member of [atAlices, atBobs]) {
      expect(await member.texts(group)).toEqual(['one'])
      expect(codes(await member.accept(carol, inGroup(await atCarols.written())))).toContain(
        'not-member for good',
      )
      expect(await member.texts(group)).toEqual(['one'])
    }
    expect(await atBobs.standing(group, atCarols)).toBe('removed')
    // And they hear nothing of the group any more.
    const summary = await readSummary(atBobs.db, atBobs.epoch, carol.peerId)
    expect(summary?.filter(({ conversation }) => isGroupId(conversation))).toEqual([])
  })

  test('is over when they are invited once more', async () => {
    await removed(atAlices, carol)
    await atCarols.hears(atAlices)
    await inviteToGroup(atAlices.db, group, [carol.peerId], now, alice.random.bytes)
    await atCarols.hears(atAlices)
    expect(await atCarols.db.groups.get(group)).toMatchObject({ standing: 'invited', choice: 'asked' })
    await atCarols.join(group, atAlices)
    await atAlices.hears(atCarols)
    expect(await atAlices.standing(group, atCarols)).toBe('joined')
  })
})

test('a rename is everybody’s, and two groups of one name are two', async () => {
  const members = [bob.peerId]
  const other = await createGroup(
    atAlices.db,
    { name: 'Friends', history: 'all', members },
    now,
    alice.random.bytes,
  )
  expect(other).not.toBe(group)
  await renameGroup(atAlices.db, group, 'Old friends', now, alice.random.bytes)
  await atBobs.hears(atAlices)
  expect((await atBobs.db.conversations.get(group))?.title).toBe('Old friends')
  expect((await atBobs.db.conversations.get(other))?.title).toBe('Friends')
})

test('whatever the order, and however often it comes, it comes to the same', async () => {
  await atCarols.say(group, 'one')
  await atAlices.hears(atCarols)
  await removeFromGroup(atAlices.db, group, carol.peerId, now, alice.random.bytes)
  await atAlices.say(group, 'two')
  await renameGroup(atAlices.db, group, 'Others', now, alice.random.bytes)
  const all = inGroup([
    ...(await atAlices.written()),
    ...(await atBobs.written()),
    ...(await atCarols.written()),
  ])
  const invitation = (await atAlices.queuedFor(atBobs)).filter(({ content }) => content.type === 'ShareGroup')
  const first = (await atAlices.written()).filter(({ conversation_id: id }) => !isGroupId(id))
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(all, { minLength: all.length }), async (shuffled) => {
      const late = await Member.open(bob)
      await late.meet(atAlices)
      await late.accept(alice, [...first, ...invitation])
      // What is refused for now is brought again, as by the next session.
      for (let round = 0; round < 5; round++) await late.accept(alice, shuffled, 'page')
      expect((await late.db.groups.get(group))?.state).toEqual((await atAlices.db.groups.get(group))?.state)
      expect(await late.texts(group)).toEqual(['one', 'two'])
      await late.db.delete()
    }),
    { numRuns: 15 },
  )
})

describe('on this device', () => {
  const later = now + 60_000

  test('clearing a group deletes what was written, and keeps who is in it', async () => {
    await atBobs.say(group, 'hello')
    await atAlices.hears(atBobs)
    const before = (await atAlices.db.groups.get(group))?.state
    const entries = await atAlices.db.group_entries.count()
    await beginClearing(atAlices.db, group, false, later)
    while (await clearPiece(atAlices.db, group, 2, later));
    expect(await atAlices.texts(group)).toEqual([])
    expect(await atAlices.db.group_entries.count()).toBe(entries)
    const kept = (await atAlices.db.messages.toArray()).filter((row) => row.conversation_id === group)
    expect(kept.length).toBeGreaterThanOrEqual(entries)
    await renameGroup(atAlices.db, group, 'Others', later, alice.random.bytes)
    expect((await atAlices.db.groups.get(group))?.state).toMatchObject({
      ...before,
      name: 'Others',
      head: { number: 3 },
    })
    // It does not come again.
    await atAlices.accept(bob, inGroup(await atBobs.written()))
    expect(await atAlices.texts(group)).toEqual([])
  })

  test('what is deleted before anybody had it is sent to nobody, and missed by nobody', async () => {
    const id = await atBobs.say(group, 'no')
    await atBobs.say(group, 'yes')
    const deletion = await deleteMessage(atBobs.db, id, later)
    expect(deletion?.queued).toHaveLength(2)
    expect(
      inGroup(await atBobs.queuedFor(atCarols)).filter(({ content }) => content.type === 'Text'),
    ).toHaveLength(1)
    await atCarols.hears(atBobs)
    const log = (await atBobs.db.conversations.get(group))?.own_log_id
    if (log === undefined) throw new Error('no log')
    const page = await readPage(atBobs.db, atBobs.epoch, carol.peerId, group, [{ log, numbers: [[1, 1]] }])
    expect(page).toMatchObject({ messages: [], gone: [], empty: [{ log, numbers: [[1, 1]] }] })
    const asked = [{ log, numbers: [[1, 1]] as const }]
    const authors = new Map([[log, bob.peerId]])
    await recordLost(atCarols.db, atCarols.epoch, bob.peerId, page, asked, authors, group)
    expect(await readGaps(atCarols.db, group)).toEqual([])
    // Brought back, it goes to everybody, at another place.
    if (deletion === null) throw new Error('nothing was deleted')
    await restoreMessage(atBobs.db, deletion, later, bob.random.bytes)
    await atCarols.hears(atBobs)
    expect((await atCarols.texts(group)).toSorted()).toEqual(['no', 'yes'])
  })

  test('only its author can say that there is nothing at a place', async () => {
    await atBobs.say(group, 'one')
    await atBobs.say(group, 'two')
    await atCarols.accept(bob, inGroup(await atBobs.written()).slice(-1))
    const log = (await atBobs.db.conversations.get(group))?.own_log_id
    if (log === undefined) throw new Error('no log')
    const told = { gone: [], empty: [{ log, numbers: [[1, 1]] as const }] }
    const authors = new Map([[log, bob.peerId]])
    await recordLost(atCarols.db, atCarols.epoch, alice.peerId, told, told.empty, authors, group)
    expect(await readGaps(atCarols.db, group)).toMatchObject([{ count: 1, author: bob.peerId }])
  })

  test('who calls us by our name is counted apart, until it is read', async () => {
    await atBobs.say(group, 'hello @Carol')
    await atBobs.say(group, 'hello all')
    await atCarols.hears(atBobs)
    expect(await atCarols.db.conversations.get(group)).toMatchObject({ unread: 2, mentions: 1 })
    await markAllAsRead(atCarols.db, group, later)
    expect(await atCarols.db.conversations.get(group)).toMatchObject({ unread: 0, mentions: 0 })
  })

  test('what somebody blocked writes is kept and passed on, and is no news', async () => {
    await atAlices.meet(atBobs)
    await setContactState(atAlices.db, alice.peerId, bob.peerId, 'blocked')
    await atBobs.say(group, 'hello')
    await atAlices.accept(carol, inGroup(await atBobs.written()).slice(-1), 'page')
    expect(await atAlices.texts(group)).toEqual(['hello'])
    expect((await atAlices.db.conversations.get(group))?.unread).toBe(0)
    expect((await atAlices.db.conversations.get(group))?.preview).toBeUndefined()
  })
})

test('members who were added later are not given what was written before, unless they may have it', async () => {
  await atBobs.say(group, 'before')
  await atAlices.hears(atBobs)
  await removeFromGroup(atAlices.db, group, carol.peerId, now, alice.random.bytes)
  await atCarols.hears(atAlices)
  await inviteToGroup(atAlices.db, group, [carol.peerId], now, alice.random.bytes)
  await atBobs.hears(atAlices)
  await atCarols.hears(atAlices)
  await atCarols.join(group, atAlices)
  for (const member of [atAlices, atBobs]) await member.hears(atCarols)
  const log = (await atBobs.db.conversations.get(group))?.own_log_id
  if (log === undefined) throw new Error('no log')
  const wanted = [{ log, numbers: [[1, 1]] as const }]
  for (const { db, epoch } of [atAlices, atBobs])
    expect((await readPage(db, epoch, carol.peerId, group, wanted)).messages).toEqual([])
  expect((await readPage(atAlices.db, atAlices.epoch, bob.peerId, group, wanted)).messages).toHaveLength(1)
})
