import { expect, test } from 'vitest'
import type { Libp2p } from '@libp2p/interface'
import { peerIdOfKey } from '../src/protocol/identifiers.ts'
import { MAX_PEERS_PER_FRAME } from '../src/protocol/limits.ts'
import { decodeNews, encodeRequest, type PeerPresence, PRESENCE_PROTOCOL } from '../src/protocol/presence.ts'
import { MAX_PRESENCE_FRAMES_PER_MINUTE } from './limits.ts'
import {
  networkTo,
  peerIdOf,
  ServiceStream,
  testClient,
  testRelay,
  type TestRelay,
  until,
} from './testing.ts'

const decodePresence = (frame: Uint8Array): readonly PeerPresence[] | null => {
  const news = decodeNews(frame)
  return news?.type === 'presence' ? news.changes : null
}
const open = (node: Libp2p, relay: TestRelay) =>
  ServiceStream.open(node, relay.address, PRESENCE_PROTOCOL, decodePresence)
const watching = (...nodes: Libp2p[]) =>
  encodeRequest({ type: 'watch', watches: nodes.map((node) => ({ peer: peerIdOf(node) })) })

test('contacts see each other come and go', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const [atAlice, atBob] = await Promise.all([open(alice, relay), open(bob, relay)])
  atAlice.send(watching(bob))
  atBob.send(watching(alice))
  await until(() => atAlice.received.length === 1 && atBob.received.length === 1, 'both to be told')
  expect(atAlice.received).toEqual([[{ peer: peerIdOf(bob), online: true }]])
  expect(atBob.received).toEqual([[{ peer: peerIdOf(alice), online: true }]])

  await bob.stop()
  await until(() => atAlice.received.length === 2, 'Alice to be told that Bob left', 2000)
  expect(atAlice.received[1]).toEqual([{ peer: peerIdOf(bob), online: false }])
  expect(relay.logged).toEqual([])
})

test('a browser that is killed counts as leaving within two seconds', async () => {
  const relay = await testRelay()
  const network = await networkTo(relay)
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const atAlice = await open(alice, relay)
  const atBob = await ServiceStream.open(bob, network.address, PRESENCE_PROTOCOL, decodePresence)
  atAlice.send(watching(bob))
  atBob.send(watching(alice))
  await until(() => atAlice.received.length === 1, 'Bob to be there')
  network.cut()
  await until(() => atAlice.received.length === 2, 'Bob to have left', 2000)
  expect(atAlice.received[1]).toEqual([{ peer: peerIdOf(bob), online: false }])
})

test('a stream that is closed, with the connection kept, counts as leaving', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const [atAlice, atBob] = await Promise.all([open(alice, relay), open(bob, relay)])
  atAlice.send(watching(bob))
  atBob.send(watching(alice))
  await until(() => atAlice.received.length === 1, 'Bob to be there')
  await atBob.stream.close()
  await until(() => atAlice.received.length === 2, 'Bob to have left')
  expect(atAlice.received[1]).toEqual([{ peer: peerIdOf(bob), online: false }])
})

test('a token shows who registered it, and watching alone shows nobody', async () => {
  const relay = await testRelay()
  const [alice, bob, eve] = await Promise.all([testClient(), testClient(), testClient()])
  const [atAlice, atBob, atEve] = await Promise.all([open(alice, relay), open(bob, relay), open(eve, relay)])
  const token = 'AAAAAAAAAAAAAAAAAAAAAA'
  atBob.send(encodeRequest({ type: 'tokens', tokens: [token] }))
  atEve.send(watching(bob))
  atAlice.send(encodeRequest({ type: 'watch', watches: [{ peer: peerIdOf(bob), token }] }))
  await until(() => atAlice.received.length === 1, 'Alice to be told')
  // Eve asked before Alice, and the relay answers in order: she would have been told by now.
  expect(atEve.received).toEqual([])
})

test('whoever opens and blocks in the same moment stays blocked', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const [atAlice, atBob] = await Promise.all([open(alice, relay), open(bob, relay)])
  atAlice.send(watching(bob))
  atBob.send(watching(alice))
  atBob.send(encodeRequest({ type: 'unwatch', peers: [peerIdOf(alice)] }))
  await until(() => atAlice.received.flat().length === 2, 'Bob to come and go')
  expect(atAlice.received.flat().map(({ online }) => online)).toEqual([true, false])
})

test('what is malformed, or too much, ends the stream with a logged reason and nothing else', async () => {
  const relay = await testRelay()
  const client = await testClient()

  const malformed = await open(client, relay)
  malformed.send(Uint8Array.of(0xff))
  await until(() => malformed.stream.status === 'reset', 'the malformed stream to be reset')
  expect(relay.logged.at(-1)).toMatch(/cut off 12D3KooW\w+: CBOR/)

  const huge = await open(client, relay)
  huge.stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))
  await until(() => huge.stream.status === 'reset', 'the huge frame to be refused')
  expect(relay.logged.at(-1)).toContain('frame of 268435455 bytes')

  const eager = await open(client, relay)
  for (let i = 0; i <= MAX_PRESENCE_FRAMES_PER_MINUTE; i++)
    eager.send(encodeRequest({ type: 'unwatch', peers: [] }))
  await until(() => eager.stream.status === 'reset', 'the eager stream to be reset')
  expect(relay.logged.at(-1)).toContain(`more than ${MAX_PRESENCE_FRAMES_PER_MINUTE} frames in a minute`)
  expect((await fetch(`${relay.url}/healthz`)).status).toBe(200)
})

test('a full contact list is answered in frames that clients take', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(), testClient()])
  const [atAlice, atBob] = await Promise.all([open(alice, relay), open(bob, relay)])
  atBob.send(watching(alice))
  const strangers = Array.from({ length: MAX_PEERS_PER_FRAME - 1 }, (_, i) => i)
  atAlice.send(
    encodeRequest({
      type: 'watch',
      watches: [
        ...strangers.map((i) => ({ peer: peerIdOfKey(new Uint8Array(32).fill(i % 251).with(0, i >> 8)) })),
        { peer: peerIdOf(bob) },
      ],
    }),
  )
  await until(() => atAlice.received.length === 1, 'Alice to be told of Bob alone')
  expect(atAlice.received).toEqual([[{ peer: peerIdOf(bob), online: true }]])
})
