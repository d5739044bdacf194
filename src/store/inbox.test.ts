import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { LogId } from '../domain/ids.ts'
import type { AuthoredMessage, MessageContent } from '../domain/message.ts'
import { directConversationId, mintMessageId, toBase64url } from '../protocol/identifiers.ts'
import { decodeFrame, encodeFrame } from '../protocol/frame-codec.ts'
import {
  MAX_FOREIGN_LOGS,
  MAX_RANGES,
  MAX_REQUEST_MESSAGES,
  MAX_REQUESTS,
  MAX_SEQUENCE_AHEAD,
} from '../protocol/limits.ts'
import { databaseOf, type Person, person } from '../testing/people.ts'
import { addContact, setContactState } from './contacts.ts'
import { getHistory, markAllAsRead, markAsRead } from './history.ts'
import { DEFAULT_SETTINGS, readInviteSecret, saveInviteSecret, saveSettings } from './identity.ts'
import { acceptMessages } from './inbox.ts'
import { BlockedError, type VerifiedMessage } from './reception.ts'
import { FencedError, raiseEpoch } from './leadership.ts'
import type { GigiDatabase } from './schema.ts'
import { readSummary } from './summary.ts'

const [alice, bob, carol] = [person('Alice', 1), person('Bob', 2), person('Carol', 3)]
const conversation = directConversationId(alice.peerId, bob.peerId)
const now = 1_700_000_000_000
const secret = toBase64url(new Uint8Array(16).fill(5))
let db: GigiDatabase
let epoch: number

/** Bob's database; messages come from Alice. */
beforeEach(async () => {
  db = await databaseOf(bob, now)
  epoch = await raiseEpoch(db)
})

function from(
  author: Person,
  seq: number,
  content: MessageContent = { type: 'Text', text: `message ${String(seq)}` },
  change: Partial<AuthoredMessage> = {},
): VerifiedMessage {
  const nonce = author.random.bytes(16)
  const id = directConversationId(author.peerId, bob.peerId)
  const message: AuthoredMessage = {
    id: mintMessageId(now + seq, author.peerId, id, nonce),
    nonce: toBase64url(nonce),
    conversation_id: id,
    author: author.peerId,
    log_id: toBase64url(new Uint8Array(8).fill(author.peerId.length)) as LogId,
    seq,
    time: { ms: now + seq, logical: 0 },
    timestamp: now + seq,
    content,
    ...change,
  }
  return { message, signature: new Uint8Array(64), bytes: 200 }
}

const accept = (messages: VerifiedMessage[], peer = alice.peerId) =>
  acceptMessages(db, epoch, peer, { nickname: 'someone', relays: [] }, messages, 'push', now + 100_000)
const befriend = (someone: Person) =>
  addContact(db, bob.peerId, { peerId: someone.peerId, nickname: someone.nickname, relays: [] }, now)

describe('accepting', () => {
  beforeEach(async () => {
    await befriend(alice)
  })

  test('D2, D3: the same message twice is one message, counted once, and acknowledged twice', async () => {
    const [one, two] = [from(alice, 1), from(alice, 2)]
    const first = await accept([one, two, one])
    expect(first.proofs).toMatchObject([{ accepted: [[1, 2]] }])
    expect(await accept([one])).toEqual({ proofs: [{ ...first.proofs[0], accepted: [[1, 2]] }], refused: [] })
    expect(await db.messages.count()).toBe(2)
    expect((await db.conversations.get(conversation))?.unread).toBe(2)
  })

  test('a late message is stored with the time of its author, in its place', async () => {
    await accept([from(alice, 2)])
    await accept([from(alice, 1)])
    const { rows } = await getHistory(db, conversation, null, 10)
    expect(rows.map((row) => row.seq)).toEqual([1, 2])
    expect(rows[0]).toMatchObject({
      timestamp: now + 1,
      created_at: now + 100_000,
      direction: 'Received',
      read: 0,
    })
    expect((await db.conversations.get(conversation))?.preview?.text).toBe('message 2')
  })

  test.each(['push', 'page'] as const)('a void is no news: the list stays as it is (%s)', async (source) => {
    const words = { nickname: 'someone', relays: [] }
    const at = (message: VerifiedMessage, now: number) =>
      acceptMessages(db, epoch, alice.peerId, words, [message], source, now)
    await at(from(alice, 1), now + 1000)
    const before = await db.conversations.get(conversation)
    const { proofs } = await at(from(alice, 2, { type: 'Void' }), now + 2000)
    expect(proofs).toMatchObject([{ accepted: [[1, 2]] }])
    expect(await db.conversations.get(conversation)).toEqual({ ...before, clock_ms: now + 2 })
  })

  test('a message that was cleared is not stored again: the accepted set outlives the rows', async () => {
    const one = from(alice, 1)
    await accept([one])
    await db.messages.clear()
    expect((await accept([one])).proofs).toMatchObject([{ accepted: [[1, 1]] }])
    expect(await db.messages.count()).toBe(0)
  })

  test('the same id at a second place in the log is one message: it was sent again', async () => {
    const one = from(alice, 1)
    await accept([one, { ...one, message: { ...one.message, seq: 2 } }])
    expect(await db.messages.count()).toBe(1)
    expect((await db.logs.toArray())[0]?.accepted).toEqual([[1, 2]])
  })

  test('another message at a place that is taken is a conflict: neither stored nor acknowledged', async () => {
    const [one, two] = [from(alice, 1), from(alice, 1)]
    await accept([one])
    expect(await accept([two])).toMatchObject({
      proofs: [],
      refused: [{ id: two.message.id, code: 'conflict', permanent: true }],
    })
    const [three, four] = [from(alice, 2), from(alice, 2)]
    expect((await accept([three, four])).refused).toMatchObject([{ id: four.message.id, code: 'conflict' }])
    expect(await db.messages.count()).toBe(2)
  })

  test('an author has so many logs and a log so many holes, and no more', async () => {
    const logId = (n: number) => toBase64url(new Uint8Array(new Uint32Array([n, 0]).buffer)) as LogId
    const many = Array.from({ length: MAX_FOREIGN_LOGS + 3 }, (_, i) =>
      from(alice, 1, undefined, { log_id: logId(i) }),
    )
    expect((await accept(many)).refused).toHaveLength(3)
    const holes = Array.from({ length: MAX_RANGES + 3 }, (_, i) =>
      from(alice, 2 * i + 3, undefined, { log_id: logId(0) }),
    )
    expect((await accept(holes)).refused).toHaveLength(4)
    const filling = from(alice, 2, undefined, { log_id: logId(0) })
    expect((await accept([filling])).refused).toEqual([])
    const summary = await readSummary(db, epoch, alice.peerId)
    expect(() => decodeFrame(encodeFrame({ type: 'summary', conversations: summary ?? [] }))).not.toThrow()
  })

  test('what is not of this conversation, not of its author, or out of all bounds is refused for good', async () => {
    const foreign = from(carol, 1)
    const other = from(alice, 1, undefined, {
      conversation_id: directConversationId(alice.peerId, carol.peerId),
    })
    const far = from(alice, MAX_SEQUENCE_AHEAD + 1)
    const { refused, proofs } = await accept([foreign, other, far])
    expect(refused).toMatchObject([
      { id: foreign.message.id, permanent: true, code: 'not-member' },
      { id: other.message.id, permanent: true, code: 'not-member' },
      { id: far.message.id, permanent: true, code: 'malformed' },
    ])
    expect(proofs).toEqual([])
    expect(await db.messages.count()).toBe(0)
  })

  test('introductions and voids are accepted, and neither shown nor counted as unread', async () => {
    const { proofs } = await accept([
      from(alice, 1, { type: 'Introduction', nickname: 'Alicia' }),
      from(alice, 2, { type: 'Void' }),
    ])
    expect(proofs).toMatchObject([{ accepted: [[1, 2]] }])
    expect(await db.conversations.get(conversation)).toMatchObject({ unread: 0, title: 'Alicia' })
  })

  test('D8: a leader that was replaced accepts nothing', async () => {
    await raiseEpoch(db)
    await expect(accept([from(alice, 1)])).rejects.toThrow(FencedError)
    expect(await db.messages.count()).toBe(0)
  })

  test('nothing is accepted from someone blocked', async () => {
    await setContactState(db, bob.peerId, alice.peerId, 'blocked')
    await expect(accept([from(alice, 1)])).rejects.toThrow(BlockedError)
    expect(await db.messages.count()).toBe(0)
  })
})

describe('strangers', () => {
  test('are shown by a name that cannot disturb, or by the end of their peer id', async () => {
    await accept([from(alice, 1, { type: 'Introduction', nickname: '\u202Egnp.exe\n' })])
    expect(await db.conversations.get(conversation)).toMatchObject({ title: 'gnp.exe' })
    await accept([from(alice, 2, { type: 'Introduction', nickname: ' \u200B' })])
    expect((await db.contacts.get(alice.peerId))?.nickname).toBe(`…${alice.peerId.slice(-6)}`)
  })

  const introduction = (words?: string) =>
    from(alice, 1, {
      type: 'Introduction',
      nickname: 'Alice',
      ...(words === undefined ? {} : { secret: words }),
    })

  test('become a message request, bounded in number', async () => {
    const many = Array.from({ length: MAX_REQUEST_MESSAGES + 5 }, (_, i) => from(alice, i + 1))
    const { refused, proofs } = await accept(many)
    expect(proofs).toMatchObject([{ accepted: [[1, MAX_REQUEST_MESSAGES]] }])
    expect(refused).toHaveLength(5)
    expect(refused[0]).toMatchObject({ permanent: false, code: 'requests-full' })
    expect((await db.contacts.get(alice.peerId))?.state).toBe('request')
    await setContactState(db, bob.peerId, alice.peerId, 'accepted')
    expect((await accept(many)).refused).toEqual([])
  })

  test('who bring the secret of our link are accepted; with an old, wrong or no secret they are not', async () => {
    await saveInviteSecret(db, { secret, expires: now + 10 ** 9 })
    await accept([introduction(), introduction(toBase64url(new Uint8Array(16)))])
    expect((await db.contacts.get(alice.peerId))?.state).toBe('request')
    await accept([{ ...introduction(secret), message: { ...introduction(secret).message, seq: 2 } }])
    expect(await db.contacts.get(alice.peerId)).toMatchObject({ state: 'accepted', nickname: 'Alice' })
  })

  test('who came by our link and are blocked take the link with them: it told them when we are there', async () => {
    await saveInviteSecret(db, { secret, expires: now + 10 ** 9 })
    await accept([introduction(secret)])
    await befriend(carol)
    await setContactState(db, bob.peerId, carol.peerId, 'blocked')
    expect(await readInviteSecret(db, now)).not.toBeNull()
    await setContactState(db, bob.peerId, alice.peerId, 'blocked')
    expect(await readInviteSecret(db, now)).toBeNull()
  })

  test('whose link has expired are a request', async () => {
    await saveInviteSecret(db, { secret, expires: now + 99_999 })
    await accept([introduction(secret)])
    expect((await db.contacts.get(alice.peerId))?.state).toBe('request')
  })

  test('are refused for now when there are too many requests', async () => {
    for (let i = 0; i < MAX_REQUESTS; i++) {
      const stranger = person('stranger', 100 + i)
      await accept([from(stranger, 1)], stranger.peerId)
    }
    expect((await accept([from(alice, 1)])).refused).toMatchObject([
      { code: 'requests-full', permanent: false },
    ])
    expect(await db.contacts.get(alice.peerId)).toBeUndefined()
  })
})

describe('reading', () => {
  const readOf = async () => (await readSummary(db, epoch, alice.peerId))?.[0]?.logs.map((log) => log.read)

  test('takes messages off the count once, and is told to an accepted contact only', async () => {
    const messages = [from(alice, 1), from(alice, 2), from(alice, 3)]
    await accept(messages)
    const ids = messages.slice(0, 2).map(({ message }) => message.id)
    await markAsRead(db, conversation, ids, now)
    await markAsRead(db, conversation, ids, now)
    expect((await db.conversations.get(conversation))?.unread).toBe(1)
    expect(await readOf()).toEqual([[]])
    await setContactState(db, bob.peerId, alice.peerId, 'accepted')
    expect(await readOf()).toEqual([[[1, 2]]])
  })

  test('is done for all of a conversation, however much it is', async () => {
    await befriend(alice)
    await accept(Array.from({ length: 600 }, (_, i) => from(alice, i + 1)))
    expect((await db.conversations.get(conversation))?.unread).toBe(600)
    await markAllAsRead(db, conversation, now)
    expect((await db.conversations.get(conversation))?.unread).toBe(0)
    expect(await readOf()).toEqual([[[1, 600]]])
  })

  test('of a message that was sent again is told at all its places, whenever they came', async () => {
    await befriend(alice)
    const first = from(alice, 1)
    const { id, nonce, content } = first.message
    const at = (seq: number) => from(alice, seq, content, { id, nonce })
    await accept([first])
    await accept([at(2)])
    await markAsRead(db, conversation, [id], now)
    expect(await readOf()).toEqual([[[1, 2]]])
    await accept([at(3)])
    expect(await readOf()).toEqual([[[1, 3]]])
  })

  test('with receipts off is told to nobody, nor later when they are on again', async () => {
    await befriend(alice)
    const messages = [from(alice, 1), from(alice, 2)]
    await accept(messages)
    await saveSettings(db, { ...DEFAULT_SETTINGS, readReceipts: false })
    await markAsRead(
      db,
      conversation,
      messages.slice(0, 1).map(({ message }) => message.id),
      now,
    )
    expect((await db.conversations.get(conversation))?.unread).toBe(1)
    await saveSettings(db, { ...DEFAULT_SETTINGS, readReceipts: true })
    expect(await readOf()).toEqual([[]])
    await markAsRead(
      db,
      conversation,
      messages.slice(1).map(({ message }) => message.id),
      now,
    )
    expect(await readOf()).toEqual([[[2, 2]]])
  })
})
