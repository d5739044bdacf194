import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { MessageId } from '../domain/ids.ts'
import { alice, bob, conversation, Pair, start } from '../testing/pair.ts'
import { beginClearing, clearPiece } from './clearing.ts'
import { beginDeposit, noteHeld, readUnposted, strikeOut } from './deposits.ts'
import { markAsRead } from './history.ts'
import { expireDue, fillVacated } from './retry.ts'
import { type Deletion, deleteMessage, restoreMessage } from './undo.ts'

let pair: Pair
beforeEach(async () => (pair = await Pair.open()))

async function remove(id: MessageId): Promise<Deletion> {
  return (await deleteMessage(pair.db, id, start)) ?? expect.fail('nothing was deleted')
}
const restore = (deletion: Deletion) => restoreMessage(pair.db, deletion, start, alice.random.bytes)
const fill = (now = start) => fillVacated(pair.db, pair.epoch, bob.peerId, now, 10, alice.random.bytes)

describe('a received message', () => {
  test('goes from the unread count and from the list, and does not come again', async () => {
    await pair.bobWrites('first')
    const id = await pair.bobWrites('second', start + 1)
    await pair.receive(start + 1)
    expect(await pair.row()).toMatchObject({ unread: 2, preview: { text: 'second' } })
    await remove(id)
    expect(await pair.row()).toMatchObject({ unread: 1, preview: { text: 'first' } })
    await pair.receive(start + 1)
    expect(await pair.texts()).toEqual(['first'])
    expect((await pair.row()).unread).toBe(1)
  })

  test('is as it was before when it is brought back, read or not', async () => {
    const ids = [await pair.bobWrites('first'), await pair.bobWrites('second', start + 1)]
    await pair.receive(start + 1)
    await markAsRead(pair.db, conversation, ids.slice(0, 1), start)
    const before = await pair.everything()
    for (const id of ids) {
      const deletion = await remove(id)
      expect(await pair.everything()).not.toEqual(before)
      await restore(deletion)
      expect(await pair.everything()).toEqual(before)
    }
  })

  test('is brought back once, and not into a conversation that was deleted since', async () => {
    const id = await pair.bobWrites('x')
    await pair.receive()
    const deletion = await remove(id)
    await restore(deletion)
    await restore(deletion)
    expect((await pair.row()).unread).toBe(1)
    await remove(id)
    await beginClearing(pair.db, conversation, true, start)
    while (await clearPiece(pair.db, conversation, 10, start));
    await restore(deletion)
    expect(await pair.db.messages.count()).toBe(0)
  })
})

describe('an own message that has not arrived', () => {
  test('is not sent any more, and its number is filled', async () => {
    const id = await pair.send('not meant so')
    await pair.send('kept')
    await remove(id)
    expect(await pair.waiting()).toEqual(['kept'])
    expect((await pair.ownLog()).vacated).toEqual([[2, 2]])
    await fill()
    const places = (await pair.db.messages.toArray()).map(({ seq, content_type }) => [seq, content_type])
    expect(places).toContainEqual([2, 'Void'])
  })

  test('is as it was before when it is brought back', async () => {
    const id = await pair.send('meant so')
    const before = await pair.everything()
    await restore(await remove(id))
    expect(await pair.everything()).toMatchObject(before as object)
    expect(await pair.waiting()).toEqual(['meant so'])
    expect((await pair.ownLog()).vacated).toEqual([])
  })

  test('goes out at another place where its own was filled meanwhile', async () => {
    const id = await pair.send('first')
    await pair.send('second')
    const deletion = await remove(id)
    await fill()
    await restore(deletion)
    const row = (await pair.db.messages.get(id)) ?? expect.fail('it is gone')
    expect(row).toMatchObject({ seq: 4, sync_status: 'Pending' })
    expect(await pair.waiting()).toContain('first')
    // Proof of the void is none of the message.
    await pair.prove([[1, 3]])
    expect((await pair.db.messages.get(id))?.delivered).toBe(0)
    await pair.prove([[1, 4]])
    expect((await pair.db.messages.get(id))?.delivered).toBe(1)
  })

  test('that arrived while it was gone is delivered when it is brought back', async () => {
    const id = await pair.send('on its way')
    const deletion = await remove(id)
    await pair.prove([[1, 2]])
    await restore(deletion)
    expect(await pair.db.messages.get(id)).toMatchObject({ delivered: 1, sync_status: 'Delivered' })
    expect(await pair.db.offline_queue.count()).toBe(0)
    expect(await pair.db.message_acknowledgments.count()).toBe(2)
  })

  test('that is proven, and not settled yet, leaves no hole', async () => {
    const id = await pair.send('arrived')
    await pair.prove([[1, 2]], false)
    await remove(id)
    expect((await pair.ownLog()).vacated ?? []).toEqual([])
    expect(await pair.db.offline_queue.get([bob.peerId, id])).toBeUndefined()
  })

  test('that had its time is brought back as such, also where a void has its number', async () => {
    const late = start + 10 ** 9
    const id = await pair.send('late')
    await expireDue(pair.db, pair.epoch, late, 10)
    await restore(await remove(id))
    expect(await pair.db.messages.get(id)).toMatchObject({ seq: 2, expired_at: late })
    const deletion = await remove(id)
    await fill(late)
    await restore(deletion)
    expect(await pair.db.messages.get(id)).toMatchObject({ seq: 0, expired_at: late })
    expect(await pair.waiting(late)).toEqual([])
  })

  test('knows what became of the letter that it was in', async () => {
    const id = await pair.send('by letter')
    const first = 'letter' as never
    const post = async (item: never) => {
      const messages = await readUnposted(pair.db, pair.epoch, bob.peerId, 10, start)
      const letter = { id: item, grant: new Uint8Array() }
      await beginDeposit(pair.db, pair.epoch, bob.peerId, letter, messages, start)
    }
    await post(first)
    const sending = await remove(id)
    await noteHeld(pair.db, pair.epoch, bob.peerId, [first])
    // Its number stays open while the letter may arrive.
    await fill()
    expect((await pair.ownLog()).vacated).toEqual([[2, 2]])
    await restore(sending)
    expect(await pair.db.messages.get(id)).toMatchObject({ sync_status: 'Synced' })
    const held = await remove(id)
    await strikeOut(pair.db, pair.epoch, bob.peerId, [first])
    await restore(held)
    expect(await pair.db.messages.get(id)).toMatchObject({ sync_status: 'Pending' })
    expect(await readUnposted(pair.db, pair.epoch, bob.peerId, 10, start)).not.toEqual([])
  })
})

test('a delivered message is deleted here alone, and comes back with its acknowledgements', async () => {
  const id = await pair.send('x')
  await pair.prove([[1, 2]])
  const before = await pair.everything()
  const deletion = await remove(id)
  expect((await pair.ownLog()).vacated ?? []).toEqual([])
  expect((await pair.db.message_acknowledgments.toArray()).map((row) => row.message_id)).not.toContain(id)
  await restore(deletion)
  expect(await pair.everything()).toEqual(before)
})

test('what nobody sees cannot be deleted', async () => {
  await pair.send('x')
  const first = await pair.db.messages.orderBy('id').first()
  expect(first?.content_type).toBe('Introduction')
  expect(await deleteMessage(pair.db, first?.id ?? ('' as MessageId), start)).toBeNull()
})
