import type { Libp2p } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { isPeerId } from '../src/domain/ids.ts'
import { NEARBY_LIFE_MS } from '../src/protocol/limits.ts'
import {
  decodeNearbyNews,
  encodeNearbyRequest,
  NEARBY_PROTOCOL,
  nearbyBody,
  openNearbyRecord,
  sealNearbyRecord,
} from '../src/protocol/nearby.ts'
import { MAX_NEARBY_FRAMES_PER_MINUTE } from './limits.ts'
import { peerIdOf, ServiceStream, testClient, testRelay, type TestRelay, until } from './testing.ts'

const open = (node: Libp2p, relay: TestRelay) =>
  ServiceStream.open(node, relay.address, NEARBY_PROTOCOL, decodeNearbyNews)

function announcement(owner: Libp2p, nickname: string, relay: TestRelay): Uint8Array {
  if (!isPeerId(relay.peerId)) throw new Error('the relay has no peer id of ours')
  const expires = Date.now() + NEARBY_LIFE_MS
  const body = nearbyBody({ peer: peerIdOf(owner), nickname, expires, relay: relay.peerId })
  return encodeNearbyRequest({ type: 'announce', record: sealNearbyRecord(body, new Uint8Array(64)) })
}

/** The news of one stream as text: `+nickname` and `-peer`. */
const newsOf = ({ received }: Awaited<ReturnType<typeof open>>): string[] =>
  received.flatMap((news) =>
    news.type === 'appeared'
      ? news.records.map((record) => `+${openNearbyRecord(record).record.nickname}`)
      : news.peers.map((gone) => `-${gone}`),
  )

test('people at one relay see each other appear, withdraw and leave', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const atAlice = await open(alice, relay)
  atAlice.send(announcement(alice, 'Alice', relay))
  const atBob = await open(bob, relay)
  await until(() => newsOf(atBob).length === 1, 'Bob to be shown Alice')
  expect(newsOf(atBob)).toEqual(['+Alice'])
  atBob.send(announcement(bob, 'Bob', relay))
  atBob.send(encodeNearbyRequest({ type: 'withdraw' }))
  await until(() => newsOf(atAlice).length === 2, 'Bob to show himself and withdraw')
  expect(newsOf(atAlice)).toEqual(['+Bob', `-${peerIdOf(bob)}`])
  await alice.stop()
  await until(() => newsOf(atBob).length === 2, 'Alice to leave')
  expect(newsOf(atBob)).toEqual(['+Alice', `-${peerIdOf(alice)}`])
  expect(relay.logged).toEqual([])
})

test('a record of someone else ends the stream', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const atAlice = await open(alice, relay)
  atAlice.send(announcement(bob, 'Bob', relay))
  await until(() => atAlice.stream.status === 'reset', 'the stream to be reset')
  expect(relay.logged).toEqual([expect.stringContaining('a record of someone else')])
})

test('whoever announces without end is cut off, and another stream does not help', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const [atAlice, atBob] = await Promise.all([open(alice, relay), open(bob, relay)])
  for (let i = 0; i <= MAX_NEARBY_FRAMES_PER_MINUTE; i++)
    atAlice.send(announcement(alice, `Alice ${i}`, relay))
  await until(() => atAlice.stream.status === 'reset', 'the stream to be reset')
  await until(() => newsOf(atBob).at(-1) === `-${peerIdOf(alice)}`, 'Alice to be gone')
  const again = await open(alice, relay)
  again.send(announcement(alice, 'Alice', relay))
  await until(() => again.stream.status === 'reset', 'the second stream to be reset')
})
