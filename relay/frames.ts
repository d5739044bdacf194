/** Frames in and out of one libp2p stream, bounded both ways; what presence and nearby have in common. */
import type { Connection, Libp2p, Stream, StreamMessageEvent } from '@libp2p/interface'
import { isPeerId, type PeerId } from '../src/domain/ids.ts'
import { MalformedError } from '../src/protocol/cbor.ts'
import { frameBytes, FrameReader } from '../src/protocol/framing.ts'
import { MAX_RELAY_FRAME_BYTES } from '../src/protocol/limits.ts'
import { MAX_FRAME_QUEUE_BYTES, MAX_SERVICE_STREAMS } from './limits.ts'
import { type Log, reasonOf } from './log.ts'
import { RateLimit } from './rate.ts'
import { RefusedError } from './refused.ts'

/** One client's open stream of a service. */
export interface ClientStream {
  readonly peer: PeerId
  /** Queues `frame`; a reader that lets too much wait is cut off. */
  readonly send: (frame: Uint8Array) => void
}

/**
 * A protocol that the relay serves. Its functions run to their end without a call into another of them, and what
 * `opened` and `frame` throw ends the stream.
 */
export interface Service {
  readonly protocol: string
  readonly framesPerMinute: number
  readonly opened: (client: ClientStream) => void
  readonly frame: (client: ClientStream, frame: Uint8Array) => void
  readonly closed: (client: ClientStream) => void
}

/** Why a stream was cut off: what its client did, or what is wrong with the relay. */
export function cutOffReason(error: unknown): string {
  if (error instanceof MalformedError || error instanceof RefusedError) return error.message
  return `the relay failed: ${error instanceof Error ? error.stack : reasonOf(error)}`
}

/** Serves `service` to all who connect to `node` directly. */
export async function serve(node: Libp2p, service: Service, log: Log): Promise<void> {
  // By connection, not by stream: opening another stream must not buy more frames.
  const rates = new WeakMap<Connection, RateLimit>()
  await node.handle(
    service.protocol,
    (stream, connection) => {
      const peer = connection.remotePeer.toString()
      if (!isPeerId(peer)) {
        log(`${service.protocol}: refused ${peer}: not an Ed25519 peer id`)
        stream.abort(new Error('not an Ed25519 peer id'))
        return
      }
      let rate = rates.get(connection)
      if (rate === undefined) rates.set(connection, (rate = new RateLimit(service.framesPerMinute)))
      serveStream(stream, peer, service, rate, log)
    },
    { maxInboundStreams: MAX_SERVICE_STREAMS },
  )
}

function serveStream(stream: Stream, peer: PeerId, service: Service, rate: RateLimit, log: Log): void {
  const reader = new FrameReader(MAX_RELAY_FRAME_BYTES)
  let open = false

  const cutOff = (error: unknown): void => {
    const reason = cutOffReason(error)
    log(`${service.protocol}: cut off ${peer}: ${reason}`)
    stream.abort(new Error(reason))
  }
  const leave = (): void => {
    if (!open) return
    open = false
    stream.removeEventListener('message', onMessage)
    // Sending can close a stream; its news must not overtake what is being sent.
    queueMicrotask(() => service.closed(client))
  }
  const send = (frame: Uint8Array): void => {
    if (!open || stream.writeStatus !== 'writable') return
    const waiting = stream.writeBufferLength
    if (waiting + frame.length > MAX_FRAME_QUEUE_BYTES) {
      cutOff(new RefusedError(`it reads too slowly, ${waiting} bytes wait`))
      return
    }
    try {
      stream.send(frameBytes(frame))
    } catch (error) {
      // Its connection ended under our hands, which is ordinary.
      stream.abort(new Error(reasonOf(error)))
    }
  }
  const onMessage = ({ data }: StreamMessageEvent): void => {
    try {
      for (const frame of reader.push(data.subarray())) {
        if (!rate.take(Date.now()))
          throw new RefusedError(`more than ${service.framesPerMinute} frames in a minute`)
        service.frame(client, frame)
        if (!open) return
      }
    } catch (error) {
      cutOff(error)
    }
  }

  // It may have closed while its protocol was being agreed on, and closing is told only once.
  if (stream.status !== 'open' || stream.remoteWriteStatus !== 'writable') {
    stream.abort(new Error('closed early'))
    return
  }
  const client: ClientStream = { peer, send }
  stream.addEventListener('message', onMessage)
  stream.addEventListener('close', leave)
  // A client that closes its half is done; ours is closed with it, so that nothing half open stays behind.
  stream.addEventListener('remoteCloseWrite', () => {
    leave()
    stream.close().catch((error: unknown) => stream.abort(new Error(reasonOf(error))))
  })
  try {
    open = true
    service.opened(client)
  } catch (error) {
    open = false
    cutOff(error)
  }
}
