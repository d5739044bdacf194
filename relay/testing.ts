/** What the relay's tests share: a relay on a free port, and real libp2p clients of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { onTestFinished, vi } from 'vitest'
import { isPeerId, type PeerId } from '../src/domain/ids.ts'
import { frameBytes, FrameReader } from '../src/protocol/framing.ts'
import { MAX_RELAY_FRAME_BYTES } from '../src/protocol/limits.ts'
import type { RelaySettings } from './config.ts'
import type { Health } from './http.ts'
import { type Relay, startRelay } from './relay.ts'
import { clientNode } from './test-node.ts'

export interface TestRelay extends Relay {
  readonly address: string
  readonly logged: string[]
}

/** A folder of its own for one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gigi-relay-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A relay without the app, stopped at the end of the test. */
export async function testRelay(settings: Partial<RelaySettings> = {}, appFolder = ''): Promise<TestRelay> {
  const logged: string[] = []
  const relay = await startRelay({
    settings: {
      port: 0,
      host: '127.0.0.1',
      dataDir: await temporaryFolder(),
      publicUrl: undefined,
      iceServers: [],
      push: undefined,
      mailboxBytes: 64 * 1024 * 1024,
      serveApp: appFolder !== '',
      ...settings,
    },
    appFolder,
    log: (line) => logged.push(line),
  })
  onTestFinished(() => relay.stop())
  const address = `/ip4/127.0.0.1/tcp/${new URL(relay.url).port}/ws/p2p/${relay.peerId}`
  return { ...relay, address, logged }
}

/** A client's node; with `listen` it makes a reservation at that relay before this resolves. */
export async function testClient(listen?: string, privateKey?: PrivateKey): Promise<Libp2p> {
  const node = await clientNode(listen, privateKey)
  onTestFinished(async () => {
    await node.stop()
  })
  return node
}

export interface Network {
  /** Where the relay is, over this network. */
  readonly address: string
  /** Nothing passes any more and nobody is told: a phone that left its Wi-Fi. */
  readonly goSilent: () => void
  /** Every connection ends without a word: a browser that was killed. */
  readonly cut: () => void
}

/** A network between clients and the relay. */
export async function networkTo(relay: TestRelay): Promise<Network> {
  const sockets: Socket[] = []
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(relay.url).port), '127.0.0.1')
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) sockets.push(socket.on('error', () => socket.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy())
    proxy.close()
  })
  const bound = proxy.address()
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
  return {
    address: relay.address.replace(/tcp\/\d+/, `tcp/${bound.port}`),
    goSilent: () => sockets.forEach((socket) => socket.unpipe().pause()),
    cut: () => sockets.forEach((socket) => socket.destroy()),
  }
}

/** What the relay says of itself. */
export async function healthOf({
  url,
}: Pick<Relay, 'url'>): Promise<Health & { ok: boolean; peerId: string }> {
  const response = await fetch(`${url}/healthz`)
  return (await response.json()) as Health & { ok: boolean; peerId: string }
}

export function peerIdOf(node: Libp2p): PeerId {
  const peer = node.peerId.toString()
  if (!isPeerId(peer)) throw new Error(`${peer} is not an Ed25519 peer id`)
  return peer
}

/** A stream of one of the relay's services: what came on it, and frames to send. */
export class ServiceStream<News> {
  readonly stream: Stream
  readonly received: News[] = []

  private constructor(stream: Stream, decode: (frame: Uint8Array) => News | null) {
    this.stream = stream
    const reader = new FrameReader(MAX_RELAY_FRAME_BYTES)
    stream.addEventListener('message', ({ data }) => {
      for (const frame of reader.push(data.subarray())) {
        const news = decode(frame)
        if (news !== null) this.received.push(news)
      }
    })
  }

  static async open<News>(
    node: Libp2p,
    relay: string,
    protocol: string,
    decode: (frame: Uint8Array) => News | null,
  ): Promise<ServiceStream<News>> {
    return new ServiceStream(await node.dialProtocol(multiaddr(relay), protocol), decode)
  }

  send(frame: Uint8Array): void {
    this.stream.send(frameBytes(frame))
  }
}

/** Resolves once `condition` holds; it is looked at every few milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error(`still waiting: ${what}`)
    },
    { timeout: timeoutMs, interval: 10 },
  )
}
