import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { CHUNK_BYTES } from '../domain/files/chunks.ts'
import type { MessageId } from '../domain/ids.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { alice, bob, conversation, Pair, start } from '../testing/pair.ts'
import { beginClearing, clearPiece } from './clearing.ts'
import { cancelFile, pauseFile, readDoomed, readOrphans, setSharing, wantFile } from './file-choices.ts'
import {
  clearTransfers,
  completeFile,
  failFile,
  noteTransfer,
  readFile,
  readShared,
  readWanted,
  recordChunks,
  settleNew,
  shareFile,
} from './files.ts'
import { saveSettings, readSettings } from './identity.ts'
import { FencedError, raiseEpoch } from './leadership.ts'
import { searchableText } from './search.ts'
import { deleteMessage, restoreMessage } from './undo.ts'

let pair: Pair
beforeEach(async () => {
  pair = await Pair.open()
})

const SIZE = 3 * CHUNK_BYTES
const content = {
  type: 'FileShare',
  share_code: toBase64url(new Uint8Array(16)),
  filename: '../holiday\u202E.jpg',
  file_size: SIZE,
  file_type: 'image/jpeg',
  root: toBase64url(new Uint8Array(32)),
} as const

const hers = (now = start): Promise<MessageId> =>
  shareFile(pair.db, conversation, content, 'own-1', now, alice.random.bytes)

/** Bob shares one, and Alice has the message. */
async function his(size = SIZE): Promise<MessageId> {
  const random = bob.random.bytes
  const id = await shareFile(pair.bobs, conversation, { ...content, file_size: size }, 'own-2', start, random)
  await pair.receive()
  return id
}

const row = (id: MessageId) => pair.db.files.get(id)

describe('what is shared', () => {
  test('is in the table with its message, queued as any message is', async () => {
    const id = await hers()
    expect(await row(id)).toMatchObject({ state: 'complete', held: [[1, 3]], blob: 'own-1', had_by: [] })
    expect(await pair.db.offline_queue.get([bob.peerId, id])).toBeDefined()
    expect((await pair.row()).preview?.text).toBe('holiday.jpg')
    expect(searchableText(content)).toBe('holiday.jpg')
  })

  test('that came is fetched unasked up to the size in the settings', async () => {
    await saveSettings(pair.db, { ...(await readSettings(pair.db)), autoDownloadBytes: SIZE })
    const [small, large] = [await his(), await his(SIZE + 1)]
    expect((await row(small))?.state).toBe('new')
    expect(await settleNew(pair.db, pair.epoch, 10)).toBe(true)
    expect((await row(small))?.state).toBe('wanted')
    expect((await row(large))?.state).toBe('offered')
    expect(await settleNew(pair.db, pair.epoch, 10)).toBe(false)
    const wanted = await readWanted(pair.db, pair.epoch, 10)
    expect(wanted.map((file) => [file.row.message_id, file.members])).toEqual([[small, [bob.peerId]]])
  })
})

describe('who may have it', () => {
  test('is a member who knows the code, as long as it is shared', async () => {
    const id = await hers()
    const ask = (peer = bob.peerId, code: string = content.share_code) =>
      readShared(pair.db, pair.epoch, peer, id, code)
    expect(await ask()).toMatchObject({ message_id: id })
    expect(await ask(alice.peerId)).toBe('denied')
    expect(await ask(bob.peerId, toBase64url(new Uint8Array(16).fill(1)))).toBe('denied')
    await setSharing(pair.db, id, 'paused')
    expect(await ask()).toMatchObject({ sharing: 'paused' })
    await setSharing(pair.db, id, 'ended')
    expect(await ask()).toBe('denied')
    await setSharing(pair.db, id, null)
    expect(await ask()).toBe('denied')
  })

  test('is nobody who is blocked', async () => {
    const id = await hers()
    await pair.db.contacts.update(bob.peerId, { state: 'blocked' })
    expect(await readShared(pair.db, pair.epoch, bob.peerId, id, content.share_code)).toBe('denied')
  })

  test('is told that it is gone where it is not whole', async () => {
    const id = await his()
    expect(await readShared(pair.db, pair.epoch, bob.peerId, id, content.share_code)).toBe('gone')
  })
})

describe('what is fetched', () => {
  const transfer = (id: MessageId) =>
    ({ message_id: id, peer_id: bob.peerId, direction: 'in', bytes: 5, rate: null, held_up: 0 }) as const
  const wanted = async (): Promise<MessageId> => {
    const id = await his()
    await wantFile(pair.db, id)
    return id
  }
  const kept = async (id: MessageId): Promise<boolean> => {
    const file = await row(id)
    if (file === undefined) throw new Error('no file')
    return recordChunks(pair.db, pair.epoch, file, [[1, 2]], transfer(id))
  }

  test('is noted as long as it is wanted', async () => {
    const id = await wanted()
    expect(await kept(id)).toBe(true)
    expect((await readFile(pair.db, id))?.transfers).toHaveLength(1)
    await pauseFile(pair.db, id)
    expect(await kept(id)).toBe(false)
    expect(await row(id)).toMatchObject({ state: 'paused', held: [[1, 2]] })
    expect(await completeFile(pair.db, pair.epoch, id)).toBe(false)
    await wantFile(pair.db, id)
    expect(await completeFile(pair.db, pair.epoch, id)).toBe(true)
    expect(await kept(id)).toBe(false)
    expect(await row(id)).toMatchObject({ state: 'complete', held: [[1, 3]], untold: 1 })
  })

  test('is nothing any more once it was given up, also of what was under way', async () => {
    const id = await wanted()
    const before = await row(id)
    await kept(id)
    await cancelFile(pair.db, id, start)
    if (before === undefined) throw new Error('no file')
    expect(await recordChunks(pair.db, pair.epoch, before, [[1, 3]], transfer(id))).toBe(false)
    expect(await row(id)).toMatchObject({ state: 'offered', held: [] })
    expect((await readDoomed(pair.db, start + 1, 10)).map(({ blob }) => blob)).toEqual([before.blob])
    expect((await row(id))?.blob).not.toBe(before.blob)
  })

  test('fails with a reason, and can be wanted again', async () => {
    const id = await wanted()
    await failFile(pair.db, pair.epoch, id, 'denied')
    expect(await row(id)).toMatchObject({ state: 'failed', problem: 'denied' })
    await wantFile(pair.db, id)
    expect(await row(id)).not.toHaveProperty('problem')
    await pauseFile(pair.db, id)
    await failFile(pair.db, pair.epoch, id, 'denied')
    expect((await row(id))?.state).toBe('paused')
  })

  test('is noted by the leader alone', async () => {
    const id = await wanted()
    await raiseEpoch(pair.db)
    await expect(kept(id)).rejects.toThrow(FencedError)
    await expect(completeFile(pair.db, pair.epoch, id)).rejects.toThrow(FencedError)
    await expect(noteTransfer(pair.db, pair.epoch, transfer(id))).rejects.toThrow(FencedError)
    await expect(clearTransfers(pair.db, pair.epoch)).rejects.toThrow(FencedError)
  })
})

describe('a message that is deleted', () => {
  test('takes its file with it, and its bytes are doomed', async () => {
    const id = await hers()
    await noteTransfer(pair.db, pair.epoch, {
      ...{ message_id: id, peer_id: bob.peerId, direction: 'out', bytes: 1, rate: 1, held_up: 0 },
    })
    await deleteMessage(pair.db, id, start + 5)
    expect(await row(id)).toBeUndefined()
    expect(await pair.db.transfers.count()).toBe(0)
    expect(await readDoomed(pair.db, start + 5, 10)).toEqual([])
    expect(await readDoomed(pair.db, start + 6, 10)).toEqual([{ blob: 'own-1', at: start + 5 }])
    expect(await readOrphans(pair.db, ['own-1', 'other'])).toEqual(['other'])
    expect(await readShared(pair.db, pair.epoch, bob.peerId, id, content.share_code)).toBe('denied')
  })

  test('brings it back with itself', async () => {
    const id = await hers()
    const before = await row(id)
    const deletion = await deleteMessage(pair.db, id, start)
    if (deletion === null) throw new Error('nothing was deleted')
    await restoreMessage(pair.db, deletion, start, alice.random.bytes)
    expect(await row(id)).toEqual(before)
    expect(await pair.db.doomed_blobs.count()).toBe(0)
  })

  test('says so where its bytes are gone by then', async () => {
    const id = await hers()
    const deletion = await deleteMessage(pair.db, id, start)
    await pair.db.doomed_blobs.clear()
    if (deletion === null) throw new Error('nothing was deleted')
    await restoreMessage(pair.db, deletion, start, alice.random.bytes)
    expect(await row(id)).toMatchObject({ state: 'failed', problem: 'lost' })
  })

  test('with all of its conversation, too', async () => {
    await hers()
    await his()
    await pair.prove([[1, 2]])
    await beginClearing(pair.db, conversation, false, start)
    while (await clearPiece(pair.db, conversation, 10, start));
    expect(await pair.db.files.count()).toBe(0)
    expect(await pair.db.doomed_blobs.count()).toBe(2)
  })
})
