import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import { CHUNK_BYTES, heldBytes } from '../../domain/files/chunks.ts'
import type { MessageId, PeerId } from '../../domain/ids.ts'
import {
  decodeFileAnswer,
  decodeFileRequest,
  encodeFileAnswer,
  encodeFileRequest,
  type FileAnswer,
} from '../../protocol/file-frames.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import { setContactState } from '../../store/contacts.ts'
import { cancelFile, pauseFile, setSharing, wantFile } from '../../store/file-choices.ts'
import { readSettings, saveSettings } from '../../store/identity.ts'
import { deleteMessage } from '../../store/undo.ts'
import { until } from '../../testing/fake-world.ts'
import { bytesOf, FilePair } from '../../testing/file-pair.ts'
import { MemoryLinks } from '../../testing/memory-links.ts'
import { alice, bob } from '../../testing/pair.ts'
import { person } from '../../testing/people.ts'
import { DIRECT_GRACE_MS, DIRECT_WINDOW, DOOMED_MS, RECORD_MS, SILENCE_MS } from './limits.ts'
import type { FileStream } from './ports.ts'

let pair: FilePair
afterEach(() => pair.part())

const SIZE = 5 * CHUNK_BYTES + 17

async function opened(): Promise<FilePair> {
  pair = await FilePair.open()
  return pair
}

/** Far sooner than by the test runner's own means. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0

const isWhole = async (message: MessageId, data: Uint8Array): Promise<void> => {
  const { blob } = await pair.bob.reaches(message, 'complete')
  expect(isSame(pair.bob.room.bytes(blob), data)).toBe(true)
}

describe('a file comes', () => {
  test('by itself, whole, and its sender hears of it', async () => {
    const { alice: hers } = await opened()
    await pair.meet()
    const data = bytesOf(SIZE)
    const message = await pair.share(data)
    await isWhole(message, data)
    await until(async () => (await hers.row(message)).had_by.includes(bob.peerId), 'word of it')
    await until(async () => (await pair.bob.transfers(message)).length === 0, 'the end of the transfer')
    expect(await hers.transfers(message)).toEqual([])
    expect((await pair.bob.row(message)).untold).toBeUndefined()
  })

  test('also without bytes, and without anyone', async () => {
    await opened()
    const message = await pair.share(new Uint8Array())
    await pair.bob.start()
    await pair.bob.reaches(message, 'complete')
  })

  test('but not one without bytes that is said to have a root', async () => {
    await opened()
    const message = await pair.share(new Uint8Array(), { root: toBase64url(new Uint8Array(32)) })
    await pair.bob.start()
    expect((await pair.bob.reaches(message, 'failed', 'complete')).problem).toBe('damaged')
  })

  test('when it is asked for, where it is larger than what comes by itself', async () => {
    await opened()
    await saveSettings(pair.bob.db, { ...(await readSettings(pair.bob.db)), autoDownloadBytes: SIZE - 1 })
    await pair.meet()
    const data = bytesOf(SIZE)
    const message = await pair.share(data)
    await pair.bob.reaches(message, 'offered')
    await wantFile(pair.bob.db, message)
    await isWhole(message, data)
  })

  test('several at once', async () => {
    await opened()
    await pair.meet()
    const all = Array.from({ length: 9 }, (_, i) => bytesOf(CHUNK_BYTES + i, i + 1))
    const messages: MessageId[] = []
    for (const data of all) messages.push(await pair.share(data))
    for (const [i, message] of messages.entries()) await isWhole(message, all[i] ?? new Uint8Array())
  })

  test('not from a stranger who was not accepted, until they are', async () => {
    await opened()
    await setContactState(pair.bob.db, bob.peerId, alice.peerId, 'accepted')
    await pair.bob.db.contacts.update(alice.peerId, { state: 'request' })
    await pair.meet()
    const data = bytesOf(SIZE)
    const message = await pair.share(data)
    await until(async () => (await pair.bob.db.files.count()) === 1, 'the message')
    expect((await pair.bob.row(message)).state).toBe('new')
    await setContactState(pair.bob.db, bob.peerId, alice.peerId, 'accepted')
    await isWhole(message, data)
  })
})

describe('what breaks off is gone on with', () => {
  /** Bob's side stops, one way or another, when so many chunks have come. */
  async function cutAt(chunks: number, how: () => void | Promise<void>): Promise<MessageId> {
    let answers = 0
    pair.alice.links.deliver = (frame, arrive) => {
      if (decodeFileAnswer(frame)?.type === 'chunk' && ++answers > chunks) return
      arrive(frame)
    }
    const message = await pair.share(bytesOf(SIZE))
    await until(() => pair.bob.room.puts.length === chunks, 'so many chunks')
    await how()
    pair.alice.links.deliver = (frame, arrive) => {
      arrive(frame)
    }
    return message
  }

  test('after a lost connection, at the missing chunk', async () => {
    await opened()
    await pair.meet()
    const message = await cutAt(3, () => {
      pair.bob.links.cut()
    })
    await isWhole(message, bytesOf(SIZE))
    expect(pair.bob.room.puts.map((put) => put.split(' ')[1])).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  test('after the tab was closed, days later', async () => {
    await opened()
    await pair.meet()
    const message = await cutAt(3, () => pair.bob.stop())
    expect(heldBytes(SIZE, (await pair.bob.row(message)).held)).toBe(3 * CHUNK_BYTES)
    pair.time.advance(3 * 86_400_000)
    await pair.bob.start()
    pair.bob.meets(alice.peerId)
    await isWhole(message, bytesOf(SIZE))
    expect(pair.bob.room.puts).toHaveLength(6)
  })

  test('how far it has come is written down every second, behind what it speaks of', async () => {
    await opened()
    await pair.meet()
    const message = await cutAt(3, () => {
      pair.time.advance(RECORD_MS)
    })
    await until(async () => (await pair.bob.row(message)).held.length > 0, 'a note of it')
    expect(heldBytes(SIZE, (await pair.bob.row(message)).held)).toBe(3 * CHUNK_BYTES)
    expect(isSame(pair.bob.room.bytes(message), bytesOf(SIZE).subarray(0, 3 * CHUNK_BYTES))).toBe(true)
    expect((await pair.bob.transfers(message))[0]).toMatchObject({ direction: 'in', bytes: 3 * CHUNK_BYTES })
  })

  test('when the sender was away, and is back', async () => {
    await opened()
    await pair.bob.start()
    const data = bytesOf(SIZE)
    const message = await pair.share(data)
    await until(() => pair.bob.sought.has(alice.peerId), 'a wish for a session')
    expect((await pair.bob.row(message)).state).toBe('wanted')
    await pair.alice.start()
    pair.bob.meets(alice.peerId)
    await isWhole(message, data)
    await until(() => pair.bob.sought.size === 0, 'the end of the wish')
  })

  test('when nothing came for long', async () => {
    await opened()
    await pair.meet()
    const message = await cutAt(2, () => {
      pair.time.advance(SILENCE_MS)
    })
    pair.time.advance(1)
    await isWhole(message, bytesOf(SIZE))
  })

  test('from the start, where the browser has deleted what was kept', async () => {
    await opened()
    await pair.meet()
    const message = await cutAt(3, () => pair.bob.stop())
    await pair.bob.room.remove((await pair.bob.row(message)).blob)
    await pair.bob.start()
    pair.bob.meets(alice.peerId)
    await isWhole(message, bytesOf(SIZE))
    expect(pair.bob.room.puts).toHaveLength(9)
  })

  test('on a direct path as soon as there is one', async () => {
    await opened()
    await pair.alice.start()
    await pair.bob.start()
    pair.alice.links.path = pair.bob.links.path = 'relayed'
    pair.bob.meets(alice.peerId, 'relayed')
    const message = await pair.share(bytesOf(SIZE))
    await pair.bob.reaches(message, 'wanted')
    expect(pair.bob.room.puts).toEqual([])
    pair.time.advance(DIRECT_GRACE_MS)
    await until(() => pair.bob.links.openStreams === 1, 'a stream through the relay')
    pair.alice.links.path = pair.bob.links.path = 'direct'
    pair.bob.meets(alice.peerId, 'direct')
    await isWhole(message, bytesOf(SIZE))
  })
})

describe('its user', () => {
  async function held(): Promise<MessageId> {
    let answers = 0
    pair.alice.links.deliver = (frame, arrive) => {
      if (decodeFileAnswer(frame)?.type === 'chunk' && ++answers > 2) return
      arrive(frame)
    }
    const message = await pair.share(bytesOf(SIZE))
    await until(() => pair.bob.room.puts.length === 2, 'two chunks')
    pair.alice.links.deliver = (frame, arrive) => {
      arrive(frame)
    }
    return message
  }

  test('pauses, and resumes where it was', async () => {
    await opened()
    await pair.meet()
    const message = await held()
    await pauseFile(pair.bob.db, message)
    await until(() => pair.bob.links.openStreams === 0, 'the end of the stream')
    await until(async () => (await pair.bob.row(message)).held.length > 0, 'what is kept')
    expect((await pair.bob.row(message)).state).toBe('paused')
    await wantFile(pair.bob.db, message)
    await isWhole(message, bytesOf(SIZE))
    expect(pair.bob.room.puts).toHaveLength(6)
  })

  test('cancels, and nothing is kept; begun anew it comes whole', async () => {
    await opened()
    await pair.meet()
    const message = await held()
    const before = (await pair.bob.row(message)).blob
    await cancelFile(pair.bob.db, message, pair.time.now())
    await until(() => pair.bob.links.openStreams === 0, 'the end of the stream')
    expect(await pair.bob.row(message)).toMatchObject({ state: 'offered', held: [] })
    pair.time.advance(DOOMED_MS)
    await until(async () => !(await pair.bob.room.list()).includes(before), 'the removal')
    await wantFile(pair.bob.db, message)
    await isWhole(message, bytesOf(SIZE))
  })

  test('the sender pauses too, and the other sees that', async () => {
    await opened()
    await pair.alice.start()
    await pair.bob.start()
    const message = await pair.share(bytesOf(SIZE))
    await setSharing(pair.alice.db, message, 'paused')
    pair.bob.meets(alice.peerId)
    await until(async () => (await pair.bob.transfers(message))[0]?.held_up === 1, 'word of it')
    pair.time.advance(10 * SILENCE_MS)
    expect(pair.bob.room.puts).toEqual([])
    await setSharing(pair.alice.db, message, null)
    await isWhole(message, bytesOf(SIZE))
  })

  test('stops sharing in the middle, for good', async () => {
    await opened()
    await pair.meet()
    const message = await held()
    await setSharing(pair.alice.db, message, 'ended')
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('denied')
    await setSharing(pair.alice.db, message, null)
    await pair.part()
    await pair.meet()
    await wantFile(pair.bob.db, message)
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('denied')
  })

  test('deletes the message: nobody gets it any more, and its bytes go', async () => {
    await opened()
    await pair.meet()
    const message = await held()
    const { blob } = await pair.alice.row(message)
    await deleteMessage(pair.alice.db, message, pair.time.now())
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('denied')
    expect(await pair.alice.room.list()).toContain(blob)
    pair.time.advance(DOOMED_MS)
    await until(async () => !(await pair.alice.room.list()).includes(blob), 'the removal')
    await deleteMessage(pair.bob.db, message, pair.time.now())
    pair.time.advance(DOOMED_MS)
    await until(async () => (await pair.bob.room.list()).length === 0, 'the removal')
  })
})

describe('the room', () => {
  test('that is too little is said before anything is written', async () => {
    await opened()
    pair.bob.room.quota = SIZE - 1
    await pair.meet()
    const message = await pair.share(bytesOf(SIZE))
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('no-room')
    expect(pair.bob.room.puts).toEqual([])
    pair.bob.room.quota = SIZE
    await wantFile(pair.bob.db, message)
    await isWhole(message, bytesOf(SIZE))
  })

  test('that belongs to no message is cleared, but what is just being attached', async () => {
    await opened()
    pair.alice.room.store(`own-${pair.time.now().toString(36)}-x`, bytesOf(5))
    pair.alice.room.store(`own-${(pair.time.now() - 2 * 3_600_000).toString(36)}-y`, bytesOf(5))
    pair.alice.room.store('what-was-here-before', bytesOf(5))
    await pair.alice.start()
    await until(async () => (await pair.alice.room.list()).length === 1, 'the removal')
    await until(async () => {
      pair.time.advance(3_600_000)
      return (await pair.alice.room.list()).length === 0
    }, 'the removal of the rest')
  })
})

describe('whoever serves', () => {
  /** Asks Alice as `who`; gives what she answers. */
  async function asks(who: PeerId, message: MessageId, code: string): Promise<readonly FileAnswer[]> {
    const answers: FileAnswer[] = []
    const over = Promise.withResolvers<void>()
    const links = pair.all.get(who) ?? new MemoryLinks(who, pair.all)
    const stream: FileStream = await links.fetch(alice.peerId, {
      frame: (frame) => {
        const answer = decodeFileAnswer(frame)
        if (answer !== null) answers.push(answer)
      },
      drained: () => undefined,
      closed: () => {
        over.resolve()
      },
    })
    stream.send(encodeFileRequest({ type: 'want', message, code, chunks: [[1, 1]], credit: 1 }))
    await until(() => answers.length > 0, 'an answer')
    if (answers[0]?.type === 'refused') await over.promise
    stream.abort('done')
    return answers
  }

  test('refuses unknown messages, wrong codes and revoked ones alike', async () => {
    await opened()
    await pair.alice.start()
    const message = await pair.share(bytesOf(SIZE))
    const revoked = await pair.share(bytesOf(SIZE))
    const { share_code: code } = await pair.alice.row(message)
    const { share_code: over } = await pair.alice.row(revoked)
    await setSharing(pair.alice.db, revoked, 'ended')
    const unknown = `${message.slice(0, -1)}${message.endsWith('0') ? '1' : '0'}` as MessageId
    const denied = [{ type: 'refused', code: 'denied' }]
    expect(await asks(bob.peerId, unknown, code)).toEqual(denied)
    expect(await asks(bob.peerId, message, over)).toEqual(denied)
    expect(await asks(bob.peerId, revoked, over)).toEqual(denied)
    expect(await asks(person('Mallory', 3).peerId, message, code)).toEqual(denied)
    expect((await asks(bob.peerId, message, code))[0]?.type).toBe('chunk')
  })

  test('refuses whoever is no contact (any more), also one who knows the code', async () => {
    await opened()
    await pair.alice.start()
    const message = await pair.share(bytesOf(SIZE))
    const { share_code: code } = await pair.alice.row(message)
    await setContactState(pair.alice.db, alice.peerId, bob.peerId, 'blocked')
    expect(await asks(bob.peerId, message, code)).toEqual([{ type: 'refused', code: 'denied' }])
  })

  test('says that a file is gone, or has changed, rather than give other bytes', async () => {
    await opened()
    await pair.meet()
    const message = await pair.share(bytesOf(SIZE))
    pair.alice.room.spoil((await pair.alice.row(message)).blob, 4 * CHUNK_BYTES)
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('gone')
    expect(await pair.alice.row(message)).toMatchObject({ state: 'failed', problem: 'lost' })
  })

  test('sends no more than it was given credit for', async () => {
    await opened()
    await pair.alice.start()
    const message = await pair.share(bytesOf(SIZE))
    const { share_code: code } = await pair.alice.row(message)
    const numbers: number[] = []
    const stream = await pair.bob.links.fetch(alice.peerId, {
      frame: (frame) => {
        const answer = decodeFileAnswer(frame)
        if (answer?.type === 'chunk') numbers.push(answer.number)
      },
      drained: () => undefined,
      closed: () => undefined,
    })
    stream.send(encodeFileRequest({ type: 'want', message, code, chunks: [[2, 6]], credit: 2 }))
    await until(() => numbers.length === 2, 'two chunks')
    stream.send(encodeFileRequest({ type: 'credit', chunks: 1 }))
    await until(() => numbers.length === 3, 'a third')
    expect(numbers).toEqual([2, 3, 4])
    stream.abort('done')
  })

  test.each([
    ['no frame at all', Uint8Array.of(0xff, 0xff)],
    ['credit before it wants', encodeFileRequest({ type: 'credit', chunks: 1 })],
    ['word that it has all before it wants', encodeFileRequest({ type: 'have' })],
  ])('ends a stream that brings %s', async (_what, frame) => {
    await opened()
    await pair.alice.start()
    const closed = Promise.withResolvers<void>()
    const stream = await pair.bob.links.fetch(alice.peerId, {
      frame: () => undefined,
      drained: () => undefined,
      closed: () => {
        closed.resolve()
      },
    })
    stream.send(frame)
    await closed.promise
  })
})

describe('a hostile server', () => {
  /** What Alice sends becomes this on its way. */
  async function corrupted(change: (answer: FileAnswer) => readonly FileAnswer[]): Promise<MessageId> {
    await opened()
    pair.alice.links.deliver = (frame, arrive) => {
      const answer = decodeFileAnswer(frame)
      for (const changed of answer === null ? [] : change(answer)) arrive(encodeFileAnswer(changed))
    }
    await pair.meet()
    return pair.share(bytesOf(SIZE))
  }

  const kept = async (message: MessageId): Promise<number> =>
    heldBytes(SIZE, (await pair.bob.row(message)).held)

  test.each<[string, (answer: FileAnswer) => readonly FileAnswer[]]>([
    [
      'a wrong chunk',
      (answer) =>
        answer.type === 'chunk' && answer.number === 3
          ? [{ ...answer, chunk: answer.chunk.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }]
          : [answer],
    ],
    [
      'a chunk that is too short',
      (answer) =>
        answer.type === 'chunk' && answer.number === 3
          ? [{ ...answer, chunk: answer.chunk.subarray(1) }]
          : [answer],
    ],
    [
      'a chunk twice',
      (answer) => (answer.type === 'chunk' && answer.number === 3 ? [answer, answer] : [answer]),
    ],
    [
      'a chunk that was not asked for',
      (answer) => (answer.type === 'chunk' && answer.number === 3 ? [{ ...answer, number: 4 }] : [answer]),
    ],
    [
      'an endless stream',
      (answer) =>
        answer.type === 'chunk' ? Array.from({ length: DIRECT_WINDOW + 50 }, () => answer) : [answer],
    ],
  ])('that sends %s is left, and nothing of it is kept', async (_what, change) => {
    const message = await corrupted(change)
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('damaged')
    expect(await kept(message)).toBeLessThanOrEqual(3 * CHUNK_BYTES)
    const data = bytesOf(SIZE)
    const stored = pair.bob.room.bytes((await pair.bob.row(message)).blob)
    if (stored !== undefined) expect(isSame(stored, data.subarray(0, stored.length))).toBe(true)
    pair.alice.links.deliver = (frame, arrive) => {
      arrive(frame)
    }
    await wantFile(pair.bob.db, message)
    await isWhole(message, data)
  })

  test('that shares a file larger than any may be is not listened to', async () => {
    await opened()
    await pair.meet()
    const message = await pair.share(bytesOf(5), { file_size: 2 ** 50 })
    expect((await pair.bob.reaches(message, 'failed')).problem).toBe('too-large')
    await wantFile(pair.bob.db, message)
    expect((await pair.bob.row(message)).state).toBe('failed')
  })

  test('that shares it with another size has nothing kept', async () => {
    await opened()
    await pair.meet()
    const message = await pair.share(bytesOf(SIZE), { file_size: SIZE + 1 })
    expect((await pair.bob.reaches(message, 'failed')).problem).toMatch(/gone|damaged/)
    expect(pair.bob.room.bytes((await pair.bob.row(message)).blob)?.length).not.toBe(SIZE + 1)
  })
})

test('word that all of it is here is given again at the next meeting, where it was lost', async () => {
  await opened()
  await pair.meet()
  let isLost = true
  pair.bob.links.deliver = (frame, arrive) => {
    if (!isLost || decodeFileRequest(frame)?.type !== 'have') arrive(frame)
  }
  const message = await pair.share(bytesOf(SIZE))
  await isWhole(message, bytesOf(SIZE))
  pair.bob.links.cut()
  await until(() => pair.bob.links.openStreams === 0, 'the end of the stream')
  expect(await pair.alice.row(message)).toMatchObject({ had_by: [] })
  isLost = false
  pair.bob.meets(alice.peerId, 'none')
  pair.time.advance(1)
  pair.bob.meets(alice.peerId)
  await until(async () => (await pair.alice.row(message)).had_by.includes(bob.peerId), 'word of it')
  await until(async () => (await pair.bob.row(message)).untold === undefined, 'an answer')
})
