import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { SHUTDOWN_MS } from './limits.ts'
import { healthOf, testClient, testRelay, until } from './testing.ts'

test('one port serves HTTP and WebSockets, and a client that listens through the relay gets a reservation', async () => {
  const relay = await testRelay()
  expect((await fetch(relay.url)).status).toBe(404)
  const client = await testClient(relay.address)
  expect(client.getMultiaddrs().map(String)).toContainEqual(
    expect.stringContaining(`/p2p/${relay.peerId}/p2p-circuit`),
  )
  expect(await healthOf(relay)).toEqual({ ok: true, peerId: relay.peerId, connections: 1, reservations: 1 })
})

test('two clients exchange bytes over a relayed connection, and see its limits', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(relay.address), testClient(relay.address)])
  await bob.handle(
    '/echo',
    (stream) => {
      stream.addEventListener('message', ({ data }) => stream.send(data))
    },
    { runOnLimitedConnection: true },
  )
  const address = multiaddr(`${relay.address}/p2p-circuit/p2p/${bob.peerId.toString()}`)
  const stream = await alice.dialProtocol(address, '/echo', { runOnLimitedConnection: true })
  let echoed = ''
  stream.addEventListener('message', ({ data }) => (echoed += Buffer.from(data.subarray()).toString()))
  stream.send(Buffer.from('hello'))
  await until(() => echoed === 'hello', 'the echo')
  expect(alice.getConnections(bob.peerId).map(({ limits }) => limits !== undefined)).toEqual([true])
})

test('sixty clients from one address all get reservations, and leave none behind', async () => {
  const relay = await testRelay()
  const clients: Libp2p[] = []
  // Ten at a time: a client gives a relay five seconds, and all sixty share this machine.
  while (clients.length < 60)
    clients.push(...(await Promise.all(Array.from({ length: 10 }, () => testClient(relay.address)))))
  expect(await healthOf(relay)).toMatchObject({ connections: 60, reservations: 60 })
  await Promise.all(clients.map(async (client) => await client.stop()))
  await until(async () => (await healthOf(relay)).reservations === 0, 'reservations to be freed')
  expect(relay.logged).toEqual([])
})

test('a stopped relay closes its clients politely', async () => {
  const relay = await testRelay()
  const client = await testClient()
  const connection = await client.dial(multiaddr(relay.address))
  const started = performance.now()
  await relay.stop()
  expect(performance.now() - started).toBeLessThan(SHUTDOWN_MS + 1000)
  await until(() => connection.status !== 'open', 'the connection to close')
})
