/** Bounds that take long to reach: the same code with smaller numbers. */
import { connect } from 'node:net'
import { yamux } from '@chainsafe/libp2p-yamux'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { MessageStream } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { expect, onTestFinished, test, vi } from 'vitest'
import { serve } from './frames.ts'
import { createHttpServer } from './http.ts'
import { MAX_RELAYED_BYTES } from './limits.ts'
import { startNode } from './node.ts'
import { healthOf, networkTo, ServiceStream, testClient, testRelay, until } from './testing.ts'

vi.mock('./limits.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('./limits.ts')>()),
  PROBE_MS: 1000,
  MAX_RELAYED_BYTES: 256 * 1024,
  MAX_CONNECTIONS: 3,
  HTTP_HEADERS_MS: 1000,
  HTTP_REQUEST_MS: 1500,
  HTTP_SWEEP_MS: 50,
}))

const PING_PROTOCOL = '/ipfs/ping/1.0.0'

test('when a client comes back, its dead connection goes at once and its live one stays', async () => {
  const relay = await testRelay()
  const network = await networkTo(relay)
  const privateKey = await generateKeyPair('Ed25519')
  const [before, after] = await Promise.all([
    testClient(undefined, privateKey),
    testClient(undefined, privateKey),
  ])
  await before.dial(multiaddr(network.address))
  await until(async () => (await healthOf(relay)).connections === 1, 'the first connection')
  network.goSilent()
  await after.dial(multiaddr(relay.address))
  await until(async () => (await healthOf(relay)).connections === 2, 'the second connection')
  await until(async () => (await healthOf(relay)).connections === 1, 'the dead connection to be dropped')
  expect(after.getConnections()).toHaveLength(1)
})

test('two live connections of one client both stay', async () => {
  const relay = await testRelay()
  const privateKey = await generateKeyPair('Ed25519')
  const [one, other] = await Promise.all([
    testClient(undefined, privateKey),
    testClient(undefined, privateKey),
  ])
  const probed = vi.fn()
  await one.unhandle(PING_PROTOCOL)
  await one.handle(PING_PROTOCOL, probed)
  const connection = await one.dial(multiaddr(relay.address))
  await until(() => connection.streams.length === 0, 'the streams of the handshake to be closed')
  await other.dial(multiaddr(relay.address))
  await until(
    () => probed.mock.calls.length === 1 && connection.streams.length === 0,
    'the older one to be probed',
  )
  expect((await healthOf(relay)).connections).toBe(2)
})

test('a relayed connection ends at its limit of bytes', async () => {
  const relay = await testRelay()
  const [alice, bob] = await Promise.all([testClient(relay.address), testClient(relay.address)])
  let received = 0
  await bob.handle(
    '/film',
    (stream) => {
      stream.addEventListener('message', ({ data }) => (received += data.byteLength))
    },
    { runOnLimitedConnection: true },
  )
  const address = multiaddr(`${relay.address}/p2p-circuit/p2p/${bob.peerId.toString()}`)
  const stream = await alice.dialProtocol(address, '/film', { runOnLimitedConnection: true })
  for (let i = 0; i < 2 * MAX_RELAYED_BYTES && stream.status === 'open'; i += 16_384)
    if (!stream.send(new Uint8Array(16_384))) break
  await until(() => alice.getConnections(bob.peerId).length === 0, 'the relayed connection to be closed')
  expect(received).toBeLessThan(MAX_RELAYED_BYTES)
})

test('over the limit of connections clients are refused with a logged reason', async () => {
  const relay = await testRelay()
  const clients = await Promise.all(Array.from({ length: 3 }, () => testClient()))
  await Promise.all(clients.map((client) => client.dial(multiaddr(relay.address))))
  const late = await testClient()
  await expect(late.dial(multiaddr(relay.address))).rejects.toThrow()
  expect(relay.logged).toEqual([expect.stringMatching(/^refused .*over the limit of connections$/)])
})

test('a Yamux frame that announces gigabytes ends the connection before it is buffered', async () => {
  const relay = await testRelay()
  let raw: MessageStream | undefined
  const attacker = await createLibp2p({
    addresses: { listen: [] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => {
        const factory = yamux()()
        return {
          protocol: factory.protocol,
          createStreamMuxer: (connection) => factory.createStreamMuxer((raw = connection)),
        }
      },
    ],
  })
  onTestFinished(async () => {
    await attacker.stop()
  })
  const connection = await attacker.dial(multiaddr(relay.address))
  raw?.send(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 9, 0x7f, 0xff, 0xff, 0xff))
  await until(() => connection.status !== 'open', 'the connection to be closed')
  expect(relay.logged).toEqual([expect.stringContaining('a Yamux frame of 2147483647 bytes')])
})

test('a client that does not read is cut off instead of filling the memory', async () => {
  const logged: string[] = []
  const server = createHttpServer({
    peerId: '',
    app: new Map(),
    publicOrigin: undefined,
    iceServers: [],
    vapid: undefined,
    health: () => undefined,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const log = (line: string) => void logged.push(line)
  const node = await startNode({
    server,
    privateKey: await generateKeyPair('Ed25519'),
    announce: [],
    services: [],
    log,
  })
  onTestFinished(async () => {
    server.close()
    await node.stop()
  })
  let sent = 0
  await serve(
    node,
    {
      protocol: '/flood',
      framesPerMinute: 1,
      opened: () => undefined,
      frame: (client) => {
        for (; sent < 4 * 1024 * 1024; sent += 32_768) client.send(new Uint8Array(32_768))
      },
      closed: () => logged.push('closed'),
    },
    log,
  )
  const client = await testClient()
  const stream = await ServiceStream.open(client, node.getMultiaddrs().join(), '/flood', () => null)
  stream.stream.pause()
  stream.send(new Uint8Array(1))
  await until(() => logged.length === 2, 'the reader to be cut off')
  expect(logged).toEqual([
    expect.stringMatching(/^\/flood: cut off .*: it reads too slowly, \d+ bytes wait$/),
    'closed',
  ])
})

test('a socket that sends nothing, or a request without an end, is closed', async () => {
  const relay = await testRelay()
  const port = Number(new URL(relay.url).port)
  for (const words of ['', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ']) {
    const socket = connect(port, '127.0.0.1')
    if (words !== '') socket.write(words)
    await new Promise((resolve) => socket.resume().once('close', resolve))
  }
})
