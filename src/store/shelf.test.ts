import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { LogId, MessageId } from '../domain/ids.ts'
import { FOR_GOOD, SHELF } from '../domain/shelf.ts'
import { directConversationId, mintMessageId, toBase64url } from '../protocol/identifiers.ts'
import { databaseOf, person } from '../testing/people.ts'
import { addContact, setAlias, setContactState, takeCard } from './contacts.ts'
import { markAllAsRead, readArchived, readConversations } from './history.ts'
import { acceptMessages } from './inbox.ts'
import { raiseEpoch } from './leadership.ts'
import { sendMessage } from './outbox.ts'
import type { ConversationRow, GigiDatabase } from './schema.ts'
import { readFound } from './search.ts'
import { listAgain, setMarkedUnread, setMuted, setShelf } from './shelf.ts'
import { readUnread } from './unread.ts'

const alice = person('Alice', 1)
const people = [person('Bob', 2), person('Carol', 3), person('Dave', 4)]
const [bob = alice] = people
const idOf = (peer = bob.peerId) => directConversationId(alice.peerId, peer)
const now = 1_700_000_000_000
let db: GigiDatabase
let epoch: number

beforeEach(async () => {
  db = await databaseOf(alice, now)
  epoch = await raiseEpoch(db)
  for (const [i, { peerId, nickname }] of people.entries())
    await addContact(db, alice.peerId, { peerId, nickname, relays: [] }, now + i)
})

let seq = 0
async function receive(from = bob, at = now + 1000): Promise<MessageId> {
  const nonce = from.random.bytes(16)
  seq += 1
  const message = {
    id: mintMessageId(at + seq, from.peerId, idOf(from.peerId), nonce),
    nonce: toBase64url(nonce),
    conversation_id: idOf(from.peerId),
    author: from.peerId,
    log_id: 'theirs' as LogId,
    seq,
    time: { ms: at, logical: seq },
    timestamp: at,
    content: { type: 'Text', text: 'hello' } as const,
  }
  const said = { nickname: from.nickname, relays: [] }
  const item = { message, signature: new Uint8Array(64), bytes: 100 }
  const { refused } = await acceptMessages(db, epoch, from.peerId, said, [item], 'push', at)
  expect(refused).toEqual([])
  return message.id
}

const send = (at = now + 1000) => sendMessage(db, idOf(), { type: 'Text', text: 'x' }, at, alice.random.bytes)
const titles = async () => (await readConversations(db, 10)).map((row) => row.title)
const archived = async () => (await readArchived(db, 10)).map((row) => row.title)
async function row(): Promise<ConversationRow> {
  return (await db.conversations.get(idOf())) ?? expect.fail('no conversation')
}

describe('the list', () => {
  test('has the pinned ones first and the archived ones elsewhere, each by latest activity', async () => {
    expect(await titles()).toEqual(['Dave', 'Carol', 'Bob'])
    await setShelf(db, idOf(), SHELF.pinned)
    expect(await titles()).toEqual(['Bob', 'Dave', 'Carol'])
    expect((await readConversations(db, 2)).map(({ title }) => title)).toEqual(['Bob', 'Dave'])
    await setShelf(db, idOf(), SHELF.archived)
    expect(await titles()).toEqual(['Dave', 'Carol'])
    expect(await archived()).toEqual(['Bob'])
    await setShelf(db, idOf(), SHELF.listed)
    expect(await titles()).toEqual(['Dave', 'Carol', 'Bob'])
  })

  test('has an archived one again when something new is written in it, unless it is muted', async () => {
    await setShelf(db, idOf(), SHELF.archived)
    await setMuted(db, idOf(), now + 5000)
    await receive()
    expect(await archived()).toEqual(['Bob'])
    await receive(bob, now + 6000)
    expect(await archived()).toEqual([])
    await setShelf(db, idOf(), SHELF.archived)
    await send(now + 7000)
    expect((await row()).listed).toBe(SHELF.listed)
  })

  test('keeps a pinned one pinned, whatever comes, until it is blocked', async () => {
    await setShelf(db, idOf(), SHELF.pinned)
    await receive()
    await send()
    await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, now)
    await setContactState(db, alice.peerId, bob.peerId, 'accepted')
    expect((await row()).listed).toBe(SHELF.pinned)
    await setContactState(db, alice.peerId, bob.peerId, 'blocked')
    await setShelf(db, idOf(), SHELF.pinned)
    expect(await titles()).toEqual(['Dave', 'Carol'])
    await setContactState(db, alice.peerId, bob.peerId, 'accepted')
    expect((await row()).listed).toBe(SHELF.listed)
  })

  test('has one again that is opened anew, and leaves the others where they are', async () => {
    await db.conversations.update(idOf(), { listed: SHELF.hidden })
    await listAgain(db, idOf())
    expect((await row()).listed).toBe(SHELF.listed)
    await setShelf(db, idOf(), SHELF.archived)
    await listAgain(db, idOf())
    expect((await row()).listed).toBe(SHELF.archived)
  })
})

test('what is archived or pinned is found, and what is hidden is not', async () => {
  const id = await receive()
  for (const shelf of [SHELF.archived, SHELF.pinned]) {
    await setShelf(db, idOf(), shelf)
    expect(await readFound(db, [id])).toMatchObject([{ text: 'hello' }])
  }
  await db.conversations.update(idOf(), { listed: SHELF.hidden })
  expect(await readFound(db, [id])).toEqual([null])
})

test('a muted conversation is unread, and not told of until its time is over', async () => {
  await receive()
  const told = async (at: number) =>
    (await readUnread(db, at)).filter(({ isMuted }) => !isMuted).map(({ name }) => name)
  await setShelf(db, idOf(), SHELF.pinned)
  expect(await told(now)).toEqual(['Bob'])
  await setMuted(db, idOf(), now + 10)
  expect(await told(now + 9)).toEqual([])
  expect(await told(now + 10)).toEqual(['Bob'])
  await setMuted(db, idOf(), FOR_GOOD)
  expect(await told(now + 10 ** 12)).toEqual([])
  await setMuted(db, idOf(), null)
  expect(await told(now)).toEqual(['Bob'])
  expect((await row()).unread).toBe(1)
})

test('the mark that it is to be read goes when all is marked as read', async () => {
  await setMarkedUnread(db, idOf(), true)
  expect(await row()).toMatchObject({ marked_unread: 1, unread: 0 })
  await markAllAsRead(db, idOf(), now)
  expect(await row()).not.toHaveProperty('marked_unread')
})

describe('a name of the user’s own', () => {
  test('stands over the nickname, and stays when they change theirs', async () => {
    await setAlias(db, alice.peerId, bob.peerId, 'Uncle')
    expect((await row()).title).toBe('Uncle')
    const card = { nickname: 'Robert', relays: [] }
    await takeCard(db, epoch, alice.peerId, bob.peerId, card, now + 1)
    await addContact(db, alice.peerId, { peerId: bob.peerId, nickname: 'Bobby', relays: [] }, now)
    expect(await db.contacts.get(bob.peerId)).toMatchObject({ nickname: 'Bobby', alias: 'Uncle' })
    expect((await row()).title).toBe('Uncle')
  })

  test('gives way to the nickname of now when it is taken away', async () => {
    await setAlias(db, alice.peerId, bob.peerId, 'Uncle')
    await takeCard(db, epoch, alice.peerId, bob.peerId, { nickname: 'Robert', relays: [] }, now + 1)
    await setAlias(db, alice.peerId, bob.peerId, null)
    expect((await row()).title).toBe('Robert')
    expect(await db.contacts.get(bob.peerId)).not.toHaveProperty('alias')
  })
})
