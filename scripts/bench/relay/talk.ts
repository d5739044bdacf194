/** What two clients do with a relayed connection: one asks and measures, the other answers. */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { MAX_RELAYED_BYTES } from '../../../relay/limits.ts'

const SINK = '/gigi-bench/sink/1.0.0'
const ECHO = '/gigi-bench/echo/1.0.0'

const CHUNK = new Uint8Array(16 * 1024)
/** Bytes of one `pour`: what a relayed connection may carry, less room for what encryption and framing add. */
export const POURED_BYTES = (MAX_RELAYED_BYTES * 3) / 4
/** A short text in its frame. */
const CALL = new Uint8Array(300)
/** Milliseconds after which a talk has failed. */
const PATIENCE_MS = 60_000

/** Makes `node` the one that answers. */
export async function answerTalks(node: Libp2p): Promise<void> {
  const options = { runOnLimitedConnection: true }
  const sink = (stream: Stream): void => {
    let left = POURED_BYTES
    stream.addEventListener('message', ({ data }) => {
      left -= data.byteLength
      if (left === 0) stream.send(Uint8Array.of(1))
    })
  }
  const echo = (stream: Stream): void => {
    stream.addEventListener('message', ({ data }) => {
      stream.send(data)
    })
  }
  await node.handle(SINK, sink, options)
  await node.handle(ECHO, echo, options)
}

/** Sends POURED_BYTES in messages of 16 KiB; resolves when all have arrived, with the milliseconds that took. */
export const pour = (connection: Connection): Promise<number> =>
  timed(connection, SINK, async (stream, signal, received) => {
    const arrived = received(1)
    for (let sent = 0; sent < POURED_BYTES; sent += CHUNK.length)
      if (!stream.send(CHUNK)) await stream.onDrain({ signal })
    await arrived
  })

/** Sends 300 bytes and waits until they are back, so many times; resolves with the milliseconds that took. */
export const echo = (connection: Connection, times: number): Promise<number> =>
  timed(connection, ECHO, async (stream, _, received) => {
    for (let i = 0; i < times; i++) {
      const back = received(CALL.length)
      stream.send(CALL)
      await back
    }
  })

type Talk = (
  stream: Stream,
  signal: AbortSignal,
  /** Resolves when so many bytes more have come. */
  received: (bytes: number) => Promise<void>,
) => Promise<void>

async function timed(connection: Connection, protocol: string, talk: Talk): Promise<number> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
  const failed = Promise.withResolvers<never>()
  let missing = 0
  let complete: () => void = () => undefined
  stream.addEventListener('message', ({ data }) => {
    missing -= data.byteLength
    if (missing === 0) complete()
  })
  stream.addEventListener('close', () => failed.reject(new Error('a relayed stream ended too early')))
  signal.addEventListener('abort', () => failed.reject(new Error('a relayed stream stood still')))
  const received = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      missing = bytes
      complete = resolve
    })
  const since = performance.now()
  await Promise.race([talk(stream, signal, received), failed.promise])
  const took = performance.now() - since
  await stream.close()
  return took
}
