import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConversationId, MessageId } from '../../domain/ids.ts'
import { add, highest } from '../../domain/sequence-set.ts'
import { directConversationId } from '../../protocol/identifiers.ts'
import { Bench, emptyFile, now, others, self, spread, type Written } from '../../testing/search-bench.ts'
import { textOf } from '../../testing/search-texts.ts'
import { MessageIndex } from './message-index.ts'
import { GRAIN_MS } from './places.ts'

const written = fc.record({
  to: fc.nat(1),
  sent: fc.boolean(),
  // Crowded, spread out, and beyond all clocks.
  at: fc.oneof(
    fc.integer({ min: now, max: now + 4 * GRAIN_MS }),
    fc.integer({ min: now - 10 ** 9, max: now }),
    fc.constantFrom(0, 2 ** 47),
  ),
  text: textOf(),
})
const query = fc.tuple(
  textOf(),
  fc.nat(),
  fc.integer({ min: 1, max: 6 }),
  fc.record(
    {
      conversation: fc.constantFrom(...others.map((who) => directConversationId(self.peerId, who.peerId))),
      sender: fc.constantFrom(self.peerId, ...others.map((who) => who.peerId)),
      from: fc.integer({ min: now - 10 ** 9, max: now + 10 ** 5 }),
      to: fc.integer({ min: now - 10 ** 9, max: now + 10 ** 5 }),
    },
    { requiredKeys: [] },
  ),
)
type Step =
  | { readonly do: 'write'; readonly messages: readonly Written[] }
  | { readonly do: 'delete'; readonly which: readonly number[]; readonly heard: boolean }
  | { readonly do: 'step' | 'settle' | 'restart' | 'crash' | 'lose' | 'wipe' | 'rewind' | 'wait' }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), messages: fc.array(written, { maxLength: 12 }) }),
  fc.record({
    do: fc.constant('delete' as const),
    which: fc.array(fc.nat(), { maxLength: 4 }),
    heard: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom(
      ...(['step', 'step', 'settle', 'restart', 'crash', 'lose', 'wipe', 'rewind', 'wait'] as const),
    ),
  }),
)

async function take(bench: Bench, { do: what, ...step }: Step): Promise<void> {
  const { db } = bench
  if ('messages' in step) for (const message of step.messages) await bench.write(message)
  if ('which' in step) {
    const ids = await db.messages.toCollection().primaryKeys()
    const gone = step.which.flatMap((n) => ids[n % Math.max(1, ids.length)] ?? [])
    await db.messages.bulkDelete(gone)
    if (step.heard) bench.indexer.suspect(gone)
    // What nobody heard is noticed by the time of the cleanup, or within a day.
    else await forgetUnheard(bench)
  }
  switch (what) {
    case 'step':
      bench.indexer.changed()
      await bench.indexer.step()
      return
    case 'settle':
      return bench.settle()
    case 'restart':
      bench.restart()
      return
    case 'crash':
      return crash(bench)
    case 'lose':
      bench.file = emptyFile()
      bench.restart()
      return
    case 'wipe':
      await db.messages.clear()
      await db.logs.clear()
      await db.installation.update('self', { id: `another-${String(self.random.fraction())}` as never })
      return
    case 'rewind': {
      const [log] = await db.logs.toArray()
      if (log === undefined) return
      const last = highest(log.accepted)
      await db.messages.where('[log_id+seq]').equals([log.log_id, last]).delete()
      await db.logs.put({ ...log, accepted: log.accepted.length === 0 ? [] : [[1, Math.max(1, last - 1)]] })
      return
    }
    case 'wait':
      bench.time += 25 * 3_600_000
      bench.restart()
      return
    case 'write':
    case 'delete':
  }
}

async function forgetUnheard({ db }: Bench): Promise<void> {
  const [conversation] = await db.conversations.toArray()
  if (conversation !== undefined) await db.conversations.put({ ...conversation, retention_seconds: 60 })
  await db.meta.put({ key: 'cleanup', at: Number.MAX_SAFE_INTEGER })
}

/** The worker is ended in the middle of a write. */
async function crash(bench: Bench): Promise<void> {
  const { index } = bench
  const add = index.add.bind(index)
  index.add = (messages, older) => {
    add(messages.slice(0, 1), older)
    throw new Error('ended')
  }
  bench.indexer.changed()
  try {
    for (let i = 0; i < 5; i++) await bench.indexer.step()
  } catch (error) {
    expect(error).toEqual(new Error('ended'))
  }
  bench.restart()
}

test('the index finds what a look at every message finds, whatever befell it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(query, { minLength: 1, maxLength: 8 }),
      async (steps, queries) => {
        const bench = await Bench.open()
        for (const step of steps) await take(bench, step)
        await bench.settle()
        expect(bench.indexer.complete).toBe(true)
        for (const [text, from, length, filter] of queries) {
          const characters = Array.from(text)
          const at = from % Math.max(1, characters.length)
          const typed = characters.slice(at, at + length).join('')
          const found = await bench.find(typed, filter)
          expect(found.toSorted()).toEqual((await bench.scan(typed, filter)).toSorted())
        }
        // Opened after a cleanup, it holds nothing but what is stored.
        await forgetUnheard(bench)
        bench.restart()
        await bench.settle()
        const stored = await bench.db.messages.filter((row) => row.content_type === 'Text').count()
        expect(bench.index.size).toBe(stored)
        bench.db.close()
      },
    ),
    { numRuns: 40 },
  )
})

test.each([GRAIN_MS, 1])(
  'the newest are found first, whether taken in as they came or later, %i ms apart',
  async (apart) => {
    const bench = await Bench.open()
    await bench.settle()
    const ids: MessageId[] = []
    for (const message of spread(60, apart)) {
      ids.unshift(await bench.write(message))
      if (ids.length % 7 === 0) await bench.settle()
    }
    await bench.settle()
    expect(await bench.find('word')).toEqual(ids)
    bench.file = emptyFile()
    bench.restart()
    await bench.settle()
    expect(await bench.find('word')).toEqual(ids)
    const filter = { from: now + 10 * apart, to: now + 20 * apart }
    expect(await bench.find('word', filter)).toEqual(ids.slice(40, 50))
  },
)

test('while an index is made, what is newest is found already', async () => {
  const bench = await Bench.open()
  const ids: MessageId[] = []
  for (const message of spread(450, GRAIN_MS)) ids.unshift(await bench.write(message))
  await bench.indexer.step()
  expect(bench.indexer.complete).toBe(false)
  const found = await bench.find('word')
  expect(found.length).toBeGreaterThan(100)
  expect(found).toEqual(ids.slice(0, found.length))
  await bench.settle()
  expect(await bench.find('word')).toEqual(ids)
})

test('an index without room holds the newest, and says so', async () => {
  const bench = await Bench.open()
  bench.room = 300
  const ids: MessageId[] = []
  for (const message of spread(700, GRAIN_MS)) ids.unshift(await bench.write(message))
  bench.restart()
  await bench.settle()
  expect(bench.indexer.full).toBe(true)
  expect(bench.indexer.complete).toBe(true)
  const found = await bench.find('word')
  expect(found.length).toBeGreaterThanOrEqual(300)
  expect(found).toEqual(ids.slice(0, found.length))
  ids.unshift(await bench.write({ to: 0, sent: true, at: now + 10 ** 9, text: 'word' }))
  await bench.settle()
  const later = await bench.find('word')
  expect(later).toEqual(ids.slice(0, 300))
})

test('a store that was put back to an earlier state is followed', async () => {
  const bench = await Bench.open()
  await bench.write({ to: 0, sent: true, at: now, text: 'before' })
  await bench.write({ to: 0, sent: true, at: now + 1, text: 'lost' })
  await bench.settle()
  await take(bench, { do: 'rewind' })
  await bench.settle()
  const id = await bench.write({ to: 0, sent: true, at: now + 6, text: 'instead' })
  await bench.settle()
  expect(await bench.find('instead')).toEqual([id])
  expect(bench.index.size).toBe(2)
})

test('what comes while the logs are read is taken in as well', async () => {
  const bench = await Bench.open()
  const first = await bench.write({ to: 0, sent: true, at: now, text: 'word' })
  await bench.settle()
  const second = await bench.write({ to: 0, sent: true, at: now + 1, text: 'word' })
  bench.indexer.changed()
  const reading = bench.indexer.step()
  bench.indexer.changed()
  await reading
  await bench.settle()
  expect(await bench.find('word')).toEqual([second, first])
})

test('a message that is sent again stands at its new time', async () => {
  const bench = await Bench.open()
  const again = await bench.write({ to: 0, sent: true, at: now, text: 'word again' })
  const other = await bench.write({ to: 1, sent: true, at: now + 10 ** 6, text: 'word' })
  await bench.settle()
  expect(await bench.find('word')).toEqual([other, again])
  await bench.db.transaction('rw', bench.db.logs, bench.db.messages, async () => {
    const row = await bench.db.messages.get(again)
    const log = await bench.db.logs.filter(({ log_id }) => log_id === row?.log_id).first()
    if (row === undefined || log === undefined) throw new Error('nothing was written')
    const seq = highest(log.accepted) + 1
    await bench.db.messages.put({ ...row, seq, timestamp: now + 10 ** 7 })
    await bench.db.logs.put({ ...log, accepted: add(log.accepted, seq) })
  })
  await bench.settle()
  expect(await bench.find('word')).toEqual([again, other])
  expect(await bench.find('word', { to: now + 10 ** 6 })).toEqual([])
  expect(bench.index.size).toBe(2)
})

test('what is missing in an index is mended by the next walk, however much it is', async () => {
  const bench = await Bench.open()
  const ids: MessageId[] = []
  for (const message of spread(650, GRAIN_MS)) ids.unshift(await bench.write(message))
  await bench.settle()
  bench.index.transaction(() => {
    bench.index.remove(ids.filter((_, i) => i % 3 !== 0))
  })
  expect((await bench.find('word')).length).toBeLessThan(250)
  bench.time += 25 * 3_600_000
  bench.restart()
  await bench.settle()
  expect((await bench.find('word')).toSorted()).toEqual(ids.toSorted())
})

test('what is brought back is found again, also where nobody heard of it', async () => {
  const bench = await Bench.open()
  const id = await bench.write({ to: 0, sent: false, at: now, text: 'word' })
  await bench.settle()
  const row = (await bench.db.messages.get(id)) ?? expect.fail('nothing was written')
  for (const heard of [true, false]) {
    await bench.db.messages.delete(id)
    bench.indexer.suspect([id])
    await bench.settle()
    expect(bench.index.size).toBe(0)
    await bench.db.messages.add(row)
    if (heard) bench.indexer.suspect([id])
    else {
      bench.time += 1
      await bench.db.installation.update('self', { last_forgotten_ms: bench.time })
      bench.restart()
    }
    await bench.settle()
    expect(await bench.find('word')).toEqual([id])
  }
})

test('what is deleted, or in a blocked conversation, is not found, whatever the index has', async () => {
  const bench = await Bench.open()
  const [first, second] = [
    await bench.write({ to: 0, sent: false, at: now, text: 'word' }),
    await bench.write({ to: 1, sent: false, at: now + 1, text: 'word' }),
  ]
  await bench.settle()
  expect(await bench.find('wo')).toEqual([second, first])
  await bench.db.messages.delete(second)
  expect(await bench.find('wo')).toEqual([first])
  const id: ConversationId = directConversationId(self.peerId, others[0]?.peerId ?? self.peerId)
  await bench.db.conversations.update(id, { listed: 0 })
  expect(await bench.find('wo')).toEqual([])
})

test('an index of another version is refused', () => {
  const file = emptyFile()
  file.exec('PRAGMA user_version = 1000')
  expect(() => new MessageIndex(file)).toThrow('the index has version 1000')
})
