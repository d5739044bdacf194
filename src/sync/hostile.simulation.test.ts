import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isShown } from '../domain/message.ts'
import { count, highest, isSequenceSet } from '../domain/sequence-set.ts'
import type { PeerId } from '../domain/ids.ts'
import { envelopeSignedBytes, sealEnvelope } from '../protocol/envelope.ts'
import { decodeFrame } from '../protocol/frame-codec.ts'
import { directConversationId, keyOfPeerId } from '../protocol/identifiers.ts'
import {
  MAX_FOREIGN_LOGS,
  MAX_LOGS_PER_SUMMARY,
  MAX_RANGES,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_MESSAGES,
  MAX_SEQUENCE_AHEAD,
  MAX_SYNC_FRAME_BYTES,
} from '../protocol/limits.ts'
import { setContactState } from '../store/contacts.ts'
import { authoredMessage } from '../store/messages.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { FakeTime, until } from '../testing/fake-world.ts'
import { HostilePeer, type Lie, LIES, type Loot, oversized, type Recording } from '../testing/hostile-peer.ts'
import { Honest } from '../testing/honest.ts'
import { MemoryNetwork } from '../testing/memory-network.ts'
import { type Edit, edited, editArbitrary } from '../testing/mutate.ts'
import { quickPerson } from '../testing/people.ts'
import type { Session } from './ports.ts'

const [alice, bob] = [quickPerson('Alice', 1), quickPerson('Bob', 2)]
const [carol, mallory] = [quickPerson('Carol', 3), quickPerson('Mallory', 4)]

/** What a hostile peer does: how it stands to Bob, and what it says in each of its sessions. */
interface Attack {
  readonly standing: 'stranger' | 'accepted' | 'blocked'
  readonly sessions: readonly {
    readonly pushes: readonly (readonly Lie[])[]
    readonly claimed: number
    readonly edits: readonly Edit[]
    readonly pageEdits: readonly Edit[]
  }[]
}

const edits = fc.array(editArbitrary(fc.constantFrom(...oversized(mallory.peerId, bob.peerId))), {
  maxLength: 4,
})
const attacks: fc.Arbitrary<Attack> = fc.record({
  standing: fc.constantFrom('stranger', 'stranger', 'accepted', 'accepted', 'accepted', 'blocked'),
  sessions: fc.array(
    fc.record({
      pushes: fc.array(fc.array(fc.constantFrom(...LIES), { maxLength: 16, size: 'max' }), {
        maxLength: 5,
        size: 'max',
      }),
      claimed: fc.constantFrom(1, 2, 3, 1000, 2 ** 52),
      edits,
      pageEdits: edits,
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

const thrown: unknown[] = []
const note = (error: unknown): void => void thrown.push(error)
beforeAll(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})

test('a hostile peer harms nothing but its own sessions', { timeout: 60_000 }, async () => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(attacks, async (attack) => {
      runs += 1
      await survive(attack)
    }),
    { numRuns: 150, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false },
  )
  expect(runs).toBeGreaterThan(0)
})

async function survive(attack: Attack): Promise<void> {
  const [network, time] = [new MemoryNetwork(), new FakeTime()]
  const friends = attack.standing === 'stranger' ? [alice, carol] : [alice, carol, mallory]
  const bobs = await Honest.start(bob, network, time, friends)
  const alices = await Honest.start(alice, network, time, [bob])
  if (attack.standing === 'blocked') await setContactState(bobs.db, bob.peerId, mallory.peerId, 'blocked')
  await Promise.all([bobs.start(), alices.start()])
  await alices.write(bob, 'before alone', time.now())
  const waiting = await bobs.write(carol, 'for Carol alone', time.now())
  if (attack.standing === 'accepted') await bobs.write(mallory, 'for Mallory', time.now())
  await until(async () => (await alices.delivered()).length === 2, 'the first words')

  const heard = await strike(attack, network, new HostilePeer(mallory, await loot(bobs, waiting, time)))
  await bobs.idle()
  const [first, second] = [
    await alices.write(bob, 'after', time.now()),
    await bobs.write(alice, 'so be it', time.now()),
  ]
  await until(async () => (await alices.delivered()).includes(first), 'Alice to be heard')
  await until(async () => (await bobs.delivered()).includes(second), 'Bob to be heard')
  await Promise.all([bobs.stop(), alices.stop()])

  expect(thrown).toEqual([])
  expect(alices.complaints).toEqual([])
  expect(bobs.complaints.filter((text) => text !== 'a peer sent what is not a frame')).toEqual([])
  expect(bobs.typing.filter((peer) => peer !== mallory.peerId || attack.standing !== 'accepted')).toEqual([])
  // Nobody is told what was said to others.
  expect(heard.filter((frame) => Buffer.from(frame).includes('alone'))).toEqual([])
  const exchanged = ['before alone', 'after', 'so be it']
  expect((await bobs.texts(alice)).map((text) => text.replace(/^\w+: /, ''))).toEqual(exchanged)
  expect((await alices.texts(bob)).map((text) => text.replace(/^\w+: /, ''))).toEqual(exchanged)
  expect(await bobs.texts(carol)).toEqual(['Sent: for Carol alone'])
  expect(await bobs.db.messages.get(waiting)).toMatchObject({ sync_status: 'Pending', delivered: 0 })
  expect(await bobs.db.offline_queue.get([carol.peerId, waiting])).toBeDefined()
  await expectLawful(bobs.db, attack)
  bobs.db.close()
  alices.db.close()
}

async function loot(bobs: Honest, othersMessage: Loot['othersMessage'], time: FakeTime): Promise<Loot> {
  const conversation = await bobs.db.conversations.get(directConversationId(bob.peerId, carol.peerId))
  const theirs = await bobs.db.conversations.get(directConversationId(bob.peerId, mallory.peerId))
  const received = (await bobs.db.messages.toArray()).find(({ peer_id: author }) => author === alice.peerId)
  if (conversation?.own_log_id === undefined || received?.signature === undefined) throw new Error('no loot')
  return {
    ...{ victim: bob.peerId, other: carol.peerId, othersLog: conversation.own_log_id, othersMessage },
    genuine: sealEnvelope(authoredMessage(received), received.signature),
    victimsLog: theirs?.own_log_id,
    now: time.now(),
  }
}

/**
 * Holds the sessions of an attack with Bob, one after another; resolves when all has arrived but answers to what Bob asks
 * for later. Returns what is heard from him, which goes on to grow.
 */
async function strike(attack: Attack, network: MemoryNetwork, hostile: HostilePeer): Promise<Uint8Array[]> {
  const plans: Recording[] = []
  const heard: Uint8Array[] = []
  for (const { pushes, claimed, edits, pageEdits } of attack.sessions) {
    const { frames, pages } = await hostile.recording(pushes, claimed)
    plans.push({ frames: edited(frames, edits), pages: edited(pages, pageEdits) })
  }
  let [underWay, open] = [0, 0]
  network.deliver = (from, _to, arrive) => {
    const theirs = from === mallory.peerId ? 1 : 0
    underWay += theirs
    setImmediate(() => {
      underWay -= theirs
      arrive()
    })
  }
  const say = (session: Session, frame: Uint8Array): void => {
    // The transport ends a session whose frame is too long, before anything else is done with it.
    if (frame.length <= MAX_SYNC_FRAME_BYTES) session.send(frame)
    else session.close('too large')
  }
  const pages = new Map<string, Uint8Array[]>()
  const transport = network.transport(mallory.peerId)
  await transport.start({
    network: () => undefined,
    presence: () => undefined,
    rival: () => undefined,
    opened: (session) => {
      open += 1
      const plan = plans.shift()
      pages.set(session.id, [...(plan?.pages ?? [])])
      for (const frame of plan?.frames ?? []) say(session, frame)
    },
    frame: (session, frame) => {
      heard.push(frame)
      const page = decodeFrame(frame)?.type === 'pull' ? pages.get(session.id)?.shift() : undefined
      if (page !== undefined) say(session, page)
    },
    closed: () => undefined,
  })
  // Where Bob has something for them, he dials as well.
  transport.watch([{ peer: bob.peerId }], [])
  while (plans.length > 0) {
    const before = open
    await transport.dial(bob.peerId)
    await until(() => open > before && underWay === 0, 'the session to be over')
  }
  return heard
}

/** That Bob's store holds nothing it may not hold, and no more than the limits allow. */
async function expectLawful(db: GigiDatabase, { standing }: Attack): Promise<void> {
  const theirs = directConversationId(bob.peerId, mallory.peerId)
  const received = await db.messages.filter((row) => row.direction === 'Received').toArray()
  for (const row of received) {
    expect([alice.peerId, mallory.peerId]).toContain(row.peer_id)
    expect(row.conversation_id).toBe(directConversationId(bob.peerId, row.peer_id))
    expect((await db.logs.get([row.conversation_id, row.log_id]))?.author).toBe(row.peer_id)
    const message = authoredMessage(row)
    const signed = envelopeSignedBytes(message)
    expect(await bob.crypto.verify(keyOfPeerId(row.peer_id), row.signature ?? new Uint8Array(), signed)).toBe(
      true,
    )
  }
  const hostile = received.filter((row) => row.peer_id === mallory.peerId)
  if (standing === 'blocked') expect(hostile).toEqual([])
  await expectLawfulLogs(db)

  const contact = await db.contacts.get(mallory.peerId)
  if (standing === 'stranger' && contact !== undefined) {
    expect(contact.state).toBe('request')
    expect(hostile.length).toBeLessThanOrEqual(MAX_REQUEST_MESSAGES)
    // Each place counts, also one whose message stands at another.
    const logs = (await db.logs.toArray()).filter((log) => log.author === mallory.peerId)
    expect(contact.request_messages).toBe(logs.reduce((sum, log) => sum + count(log.accepted), 0))
    expect(contact.request_bytes).toBeLessThanOrEqual(MAX_REQUEST_BYTES)
  }
  const conversation = await db.conversations.get(theirs)
  // What a page brought is history, and counts as read.
  const unread = hostile.filter((row) => isShown(row.content_type) && row.read === 0)
  expect(conversation?.unread ?? 0).toBe(unread.length)
  const expected = [alice, carol, ...(conversation === undefined ? [] : [mallory])].map(
    (p): PeerId => p.peerId,
  )
  expect((await db.conversations.toArray()).map((row) => row.peer_id).sort()).toEqual(expected.sort())
}

async function expectLawfulLogs(db: GigiDatabase): Promise<void> {
  const logs = await db.logs.toArray()
  const foreign = logs.filter((log) => log.author === mallory.peerId)
  expect(foreign.length).toBeLessThanOrEqual(MAX_FOREIGN_LOGS)
  const theirs = logs.filter(
    (log) => log.conversation_id === directConversationId(bob.peerId, mallory.peerId),
  )
  expect(theirs.length).toBeLessThanOrEqual(MAX_LOGS_PER_SUMMARY)
  // Whoever is not even a request leaves nothing behind.
  if ((await db.contacts.get(mallory.peerId)) === undefined) expect(theirs).toEqual([])
  for (const log of logs) {
    expect([alice, bob, mallory].map((p): PeerId => p.peerId)).toContain(log.author)
    expect(isSequenceSet(log.accepted)).toBe(true)
    expect(log.accepted.length).toBeLessThanOrEqual(MAX_RANGES)
    expect((log.lost ?? []).length).toBeLessThanOrEqual(MAX_RANGES)
    expect(highest(log.accepted)).toBeLessThanOrEqual(count(log.accepted) + MAX_SEQUENCE_AHEAD)
    if (log.author === mallory.peerId)
      expect(log.conversation_id).toBe(directConversationId(bob.peerId, mallory.peerId))
  }
  for (const receipt of await db.receipts.toArray()) {
    const log = await db.logs.get([receipt.conversation_id, receipt.log_id])
    expect(log?.author).toBe(bob.peerId)
    expect(receipt.conversation_id).toBe(directConversationId(bob.peerId, receipt.peer_id))
    expect(highest(receipt.delivered)).toBeLessThanOrEqual(highest(log?.accepted ?? []))
    expect(highest(receipt.read)).toBeLessThanOrEqual(highest(receipt.delivered))
  }
}
