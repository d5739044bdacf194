/** Yamux with the bounds that the library does not hold itself. */
import {
  type MessageStream,
  serviceCapabilities,
  type StreamMessageEvent,
  type StreamMuxerFactory,
} from '@libp2p/interface'
import { yamux } from '@chainsafe/libp2p-yamux'
import {
  KEEPALIVE_MS,
  MAX_STREAM_BUFFER_BYTES,
  MAX_STREAMS_PER_CONNECTION,
  STREAM_WINDOW_BYTES,
} from './limits.ts'
import type { Log } from './log.ts'

/** The relay's muxer. Its pings every KEEPALIVE_MS are what a live client answers (SILENCE_MS). */
export function boundedYamux(log: Log): () => StreamMuxerFactory {
  const factory = yamux({
    enableKeepAlive: true,
    keepAliveInterval: KEEPALIVE_MS,
    maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
    maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
    streamOptions: {
      initialStreamWindowSize: STREAM_WINDOW_BYTES,
      maxStreamWindowSize: STREAM_WINDOW_BYTES,
      maxReadBufferLength: MAX_STREAM_BUFFER_BYTES,
      maxWriteBufferLength: MAX_STREAM_BUFFER_BYTES,
    },
  })()
  return () => ({
    [Symbol.toStringTag]: 'gigi/bounded-yamux',
    [serviceCapabilities]: ['@libp2p/stream-multiplexing'],
    protocol: factory.protocol,
    createStreamMuxer: (connection) => {
      refuseGiantFrames(connection, log)
      return factory.createStreamMuxer(connection)
    },
  })
}

const HEADER_BYTES = 12
const DATA_FRAME = 0

/**
 * Yamux checks a frame's length against the window only once the whole frame is in memory, and the length may be
 * 4 GiB. This reads the headers as they pass (version, type, flags: 2, stream: 4, length: 4) and ends the
 * connection first.
 */
function refuseGiantFrames(connection: MessageStream, log: Log): void {
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  let filled = 0
  let skip = 0
  const read = (chunk: Uint8Array): void => {
    let at = 0
    while (at < chunk.length) {
      if (skip > 0) {
        const passed = Math.min(skip, chunk.length - at)
        skip -= passed
        at += passed
        continue
      }
      const part = chunk.subarray(at, at + HEADER_BYTES - filled)
      header.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < HEADER_BYTES) return
      filled = 0
      if (view.getUint8(1) === DATA_FRAME) skip = view.getUint32(8)
      if (skip > STREAM_WINDOW_BYTES) {
        connection.removeEventListener('message', onMessage)
        log(`closing a connection: a Yamux frame of ${skip} bytes, limit ${STREAM_WINDOW_BYTES}`)
        connection.abort(new Error('Yamux frame over the limit'))
        return
      }
    }
  }
  const onMessage = ({ data }: StreamMessageEvent): void => {
    if (data instanceof Uint8Array) read(data)
    else for (const chunk of data) read(chunk)
  }
  connection.addEventListener('message', onMessage)
}
