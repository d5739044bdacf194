/** A relay whose mailbox does what a test says. For the rest it is the real one: clients make reservations at it. */
import { createServer } from 'node:http'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { startNode } from '../../relay/node.ts'
import { FrameReader, frameBytes } from '../protocol/framing.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../protocol/limits.ts'
import {
  decodeMailboxRequest,
  encodeMailboxNews,
  MAILBOX_PROTOCOL,
  type MailboxAnswer,
  type MailboxRequest,
} from '../protocol/mailbox.ts'

/** One request, and what a mailbox may do about it. */
export interface Asked {
  readonly request: MailboxRequest
  /** That it is done, unless it is said otherwise. */
  readonly answer: (answer?: Partial<Omit<MailboxAnswer, 'type'>>) => void
  readonly send: (frame: Uint8Array) => void
  readonly stream: Stream
}

export interface ScriptedMailbox {
  readonly address: string
  /** In the order in which they came. */
  readonly asked: Asked[]
  /** Mailbox streams that were opened, and those that still are. */
  readonly streams: { opened: number; open: number }
  /** Connections of clients. */
  readonly connections: () => number
  /** Every connection ends without a word. */
  readonly cut: () => void
  readonly stop: () => Promise<void>
}

/** Starts one on loopback; `serve` is called for each request. Whoever starts it stops it. */
export async function scriptedMailbox(
  serve: (asked: Asked) => void = ({ answer }) => answer(),
): Promise<ScriptedMailbox> {
  const asked: Asked[] = []
  const streams = { opened: 0, open: 0 }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  const node = await startNode({
    server,
    privateKey: await generateKeyPair('Ed25519'),
    announce: [],
    log: () => undefined,
    services: [
      (node) =>
        node.handle(MAILBOX_PROTOCOL, (stream) => {
          streams.opened += 1
          streams.open += 1
          stream.addEventListener('close', () => (streams.open -= 1))
          stream.addEventListener('remoteCloseWrite', () => void stream.close())
          const reader = new FrameReader(MAX_MAILBOX_FRAME_BYTES)
          const send = (frame: Uint8Array): void => void stream.send(frameBytes(frame))
          stream.addEventListener('message', ({ data }) => {
            for (const frame of reader.push(data.subarray())) {
              const request = decodeMailboxRequest(frame)
              if (request === null) throw new Error('a request of no kind')
              const one: Asked = {
                request,
                stream,
                send,
                answer: (answer = {}) =>
                  send(
                    encodeMailboxNews({
                      type: 'answer',
                      number: request.number,
                      code: 'done',
                      payload: null,
                      ...answer,
                    }),
                  ),
              }
              asked.push(one)
              serve(one)
            }
          })
        }),
    ],
  })
  return {
    address: `/ip4/127.0.0.1/tcp/${bound.port}/ws/p2p/${node.peerId.toString()}`,
    asked,
    streams,
    connections: () => node.getConnections().length,
    cut: () => {
      for (const connection of node.getConnections()) connection.abort(new Error('cut'))
    },
    stop: async () => {
      server.close()
      await node.stop()
      server.closeAllConnections()
    },
  }
}
