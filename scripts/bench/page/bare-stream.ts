/** A bare libp2p stream between two pages: as fast as bytes can go on what Gigi stands on. */
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { circuitTransport, createNode, type GigiNode } from '../../../src/net/node.ts'

const PROTOCOL = '/gigi-bench/bare/1.0.0'
/** Bytes of one write, and of what may wait before the next: libp2p says when there is room. */
const WRITE_BYTES = 256 * 1024

let node: GigiNode | undefined

/** A node with a reservation at the relay of this page. Returns its peer id. */
export async function begin(): Promise<string> {
  const response = await fetch('/config.json')
  const { relays } = (await response.json()) as { relays: string[] }
  const [relay] = relays
  if (relay === undefined) throw new Error('there is no relay')
  node = await createNode({
    seed: crypto.getRandomValues(new Uint8Array(32)),
    webRtc: {},
    iceServers: () => [],
  })
  await node.handle(PROTOCOL, (stream) => {
    serve(stream)
  })
  await node.dial(multiaddr(relay))
  const reservation = circuitTransport(node).createListener({ upgrader: node.services.internals.upgrader })
  await reservation.listen(multiaddr(`${relay}/p2p-circuit`))
  return node.peerId.toString()
}

/** Says how many bytes came when the last has. The first four say how many there are. */
function serve(stream: Stream): void {
  let expected = -1
  let received = 0
  stream.addEventListener('message', ({ data }) => {
    const bytes = data instanceof Uint8Array ? data : data.subarray()
    if (expected === -1) expected = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    received += bytes.byteLength
    if (received >= expected) stream.send(Uint8Array.of(1))
  })
}

/** Milliseconds until the other has all of so many bytes, over WebRTC. */
export async function send(peer: string, total: number): Promise<number> {
  if (node === undefined) throw new Error('not begun')
  const { relays } = (await (await fetch('/config.json')).json()) as { relays: string[] }
  const connection = await node.dial(multiaddr(`${relays[0] ?? ''}/p2p-circuit/webrtc/p2p/${peer}`))
  const stream = await connection.newStream(PROTOCOL)
  const arrived = new Promise<void>((resolve) =>
    stream.addEventListener('message', () => resolve(), { once: true }),
  )
  const piece = crypto.getRandomValues(new Uint8Array(64 * 1024))
  const write = new Uint8Array(WRITE_BYTES)
  for (let at = 0; at < WRITE_BYTES; at += piece.length) write.set(piece, at)
  new DataView(write.buffer).setUint32(0, total)
  const since = performance.now()
  for (let sent = 0; sent < total; sent += WRITE_BYTES)
    if (!stream.send(write.slice()))
      await new Promise((resolve) => stream.addEventListener('drain', resolve, { once: true }))
  await arrived
  const took = performance.now() - since
  await node.stop()
  return took
}
