import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { SHELF } from '../domain/shelf.ts'
import { alice, bob, conversation, Pair, start } from '../testing/pair.ts'
import { beginClearing, clearPiece, deleteContact, resumeClearing } from './clearing.ts'
import { addContact, setAlias } from './contacts.ts'
import { keepGivenGrant, readRevocations } from './grants.ts'
import { readConversations } from './history.ts'
import { saveInviteSecret } from './invite-secret.ts'
import { FencedError, raiseEpoch } from './leadership.ts'
import { readLacking } from './pages.ts'
import { mergeProfile } from './profile.ts'
import { expireDue, fillVacated } from './retry.ts'
import { lastForgottenAt } from './search.ts'
import { setMuted, setShelf } from './shelf.ts'

let pair: Pair
beforeEach(async () => (pair = await Pair.open()))

async function finish(limit = 100): Promise<number> {
  let pieces = 1
  while (await clearPiece(pair.db, conversation, limit, start + 1)) pieces += 1
  return pieces
}

async function clear(hide = false): Promise<void> {
  await beginClearing(pair.db, conversation, hide, start)
  await finish()
}

describe('clearing a conversation', () => {
  test('deletes what came and what was delivered, and keeps preview and unread count true', async () => {
    await pair.send('delivered')
    await pair.bobWrites('came')
    await pair.receive()
    await pair.prove([[1, 2]])
    expect(await pair.row()).toMatchObject({ unread: 1, preview: { text: 'came' } })
    await clear()
    expect(await pair.texts()).toEqual([])
    expect(await pair.db.messages.count()).toBe(0)
    expect(await pair.db.message_acknowledgments.count()).toBe(0)
    expect(await pair.row()).toMatchObject({ unread: 0, listed: SHELF.listed })
    expect(await pair.row()).not.toHaveProperty('preview')
    expect(await pair.row()).not.toHaveProperty('clearing')
    expect(await lastForgottenAt(pair.db)).toBe(start + 1)
  })

  test('keeps what is still to be sent, and it goes out; what had its time goes', async () => {
    await pair.send('had its time')
    await expireDue(pair.db, pair.epoch, start + 10 ** 9, 10)
    await pair.send('proven, and not settled')
    await pair.prove([[3, 3]], false)
    await pair.send('waits')
    await clear()
    expect(await pair.texts()).toEqual(['waits'])
    expect(await pair.waiting()).toEqual(['waits'])
    expect((await pair.row()).preview?.text).toBe('waits')
    // Nothing but what had its time was given up.
    expect((await pair.ownLog()).vacated).toEqual([[2, 2]])
  })

  test('takes what lost its number to a void as well', async () => {
    const late = start + 10 ** 9
    const id = await pair.send('had its time')
    await expireDue(pair.db, pair.epoch, late, 10)
    await fillVacated(pair.db, pair.epoch, bob.peerId, late, 10, alice.random.bytes)
    expect((await pair.db.messages.get(id))?.seq).toBe(0)
    await clear()
    expect(await pair.texts()).toEqual([])
  })

  test('makes nobody send anything again, and what comes again does not come back', async () => {
    await pair.bobWrites('once')
    await pair.receive()
    const logs = await pair.db.logs.toArray()
    await clear()
    expect(await pair.db.logs.toArray()).toEqual(logs)
    await pair.receive()
    expect(await pair.texts()).toEqual([])
    expect((await pair.row()).unread).toBe(0)
  })

  test('goes in bounded pieces, and leaves what comes meanwhile', async () => {
    for (let i = 0; i < 25; i++) await pair.bobWrites(String(i))
    await pair.receive()
    await beginClearing(pair.db, conversation, false, start)
    await clearPiece(pair.db, conversation, 10, start)
    expect(await pair.db.messages.count()).toBe(16)
    expect((await pair.row()).unread).toBe(16)
    await pair.bobWrites('later', start + 1)
    await pair.receive(start + 1)
    // By two tabs at once.
    await Promise.all([finish(7), finish(7)])
    expect(await pair.texts()).toEqual(['later'])
    expect(await pair.row()).toMatchObject({ unread: 1, preview: { text: 'later' } })
  })

  test('is finished by the cleanup where it was broken off, which is fenced', async () => {
    for (let i = 0; i < 5; i++) await pair.bobWrites(String(i))
    await pair.receive()
    await beginClearing(pair.db, conversation, false, start)
    await clearPiece(pair.db, conversation, 2, start)
    while (await resumeClearing(pair.db, pair.epoch, 2, start));
    expect(await pair.db.messages.count()).toBe(0)
    await raiseEpoch(pair.db)
    await expect(resumeClearing(pair.db, pair.epoch, 2, start)).rejects.toThrow(FencedError)
  })
})

describe('a deleted conversation', () => {
  test('is in no list, until something comes', async () => {
    await pair.bobWrites('came')
    await pair.receive()
    await setShelf(pair.db, conversation, SHELF.pinned)
    await clear(true)
    expect(await readConversations(pair.db, 10)).toEqual([])
    await pair.receive()
    expect(await readConversations(pair.db, 10)).toEqual([])
    await pair.bobWrites('again', start + 1)
    await pair.receive(start + 1)
    expect(await pair.row()).toMatchObject({ listed: SHELF.listed, unread: 1, preview: { text: 'again' } })
    expect(await pair.texts()).toEqual(['again'])
  })

  test('is listed again when one writes in it', async () => {
    await clear(true)
    await pair.send('again')
    expect((await pair.row()).listed).toBe(SHELF.listed)
  })
})

describe('a deleted contact', () => {
  const remove = async (): Promise<void> => {
    await deleteContact(pair.db, alice.peerId, bob.peerId, start)
    await finish()
  }
  const grant = { id: 'grant' as never, ends: start + 10 ** 9, sealed: new Uint8Array([1]) }

  test('is gone, with the conversation and what waited for them', async () => {
    await pair.send('waits')
    await pair.bobWrites('came')
    await pair.receive()
    await setAlias(pair.db, alice.peerId, bob.peerId, 'Uncle')
    await setMuted(pair.db, conversation, start + 10 ** 9)
    await remove()
    expect(await pair.db.contacts.get(bob.peerId)).toBeUndefined()
    expect(await pair.db.messages.count()).toBe(0)
    expect(await pair.db.offline_queue.count()).toBe(0)
    expect(await readConversations(pair.db, 10)).toEqual([])
    expect(await pair.row()).toMatchObject({ title: 'Bob', unread: 0 })
    expect(await pair.row()).not.toHaveProperty('muted_until')
    // Voids are to take the place of what was never sent, should they meet again.
    expect((await pair.ownLog()).vacated).toEqual([[1, 2]])
  })

  test('cannot leave mail any more by what they were given, nor by the link that brought them', async () => {
    await keepGivenGrant(pair.db, pair.epoch, bob.peerId, grant, start)
    const secret = 'AAAAAAAAAAAAAAAAAAAAAA'
    await saveInviteSecret(pair.db, { secret, expires: start + 10 ** 9 })
    await pair.db.contacts.update(bob.peerId, { brought_secret: secret })
    await remove()
    const revoked = await readRevocations(pair.db, pair.epoch, 10, start)
    expect(revoked.map(({ id }) => id)).toContain(grant.id)
    expect(revoked).toHaveLength(2)
    expect(await pair.db.meta.get('invite')).toBeUndefined()
  })

  test('is a stranger when they write, and finds nothing of before', async () => {
    await pair.bobWrites('before')
    await pair.receive()
    await remove()
    await pair.receive()
    expect(await pair.db.messages.count()).toBe(0)
    await pair.bobWrites('after', start + 1)
    await pair.receive(start + 1)
    expect(await pair.texts()).toEqual(['after'])
    expect(await pair.db.contacts.get(bob.peerId)).toMatchObject({ state: 'request', nickname: 'Bob' })
    expect(await pair.row()).toMatchObject({ listed: SHELF.listed, unread: 1 })
  })

  test('does not come back by the backup, nor what it let them do; nothing of theirs is asked for', async () => {
    await remove()
    const kept = {
      ...{ peer: bob.peerId, nickname: 'Bob', state: 'accepted' as const, relays: [] },
      ...{ grantFrom: null, grantTo: grant, grantsBefore: [] },
      ...{ alias: null, shelf: SHELF.listed, mutedUntil: null, retention: null },
    }
    const writer = { installation: 'other' as never, started: start }
    const words = { writer, prekeyMade: 0, nickname: 'Alice', settings: {}, config: {}, revoked: [] }
    await mergeProfile(pair.db, pair.epoch, { ...words, contacts: [kept] }, start)
    expect(await pair.db.contacts.get(bob.peerId)).toBeUndefined()
    expect((await readRevocations(pair.db, pair.epoch, 10, start)).map(({ id }) => id)).toEqual([grant.id])
    const theirs = { conversation, log: 'old' as never, author: alice.peerId, tail: null, read: [] }
    const lacking = readLacking(pair.db, pair.epoch, bob.peerId, [{ ...theirs, accepted: [[1, 5]] }])
    expect(await lacking).toEqual([])
  })

  test('may be added again, and is written to as ever', async () => {
    await pair.send('before')
    await remove()
    await addContact(pair.db, alice.peerId, { peerId: bob.peerId, nickname: 'Bob', relays: [] }, start)
    expect((await pair.row()).listed).toBe(SHELF.listed)
    await pair.send('after')
    expect(await pair.waiting()).toEqual(['after'])
    await fillVacated(pair.db, pair.epoch, bob.peerId, start, 10, alice.random.bytes)
    const kinds = (await pair.db.messages.toArray()).map(({ seq, content_type }) => [seq, content_type])
    expect(kinds.sort()).toEqual([
      [1, 'Void'],
      [2, 'Void'],
      [3, 'Text'],
    ])
  })
})
