/** What a relay sees of its clients: the bytes of each stream, decrypted, as the relay's muxer gets and sends them. */
import type { MessageStream } from '@libp2p/interface'
import { FrameReader } from '../protocol/framing.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../protocol/limits.ts'

const HEADER_BYTES = 12
const DATA_FRAME = 0

/** One way of one stream. */
class Way {
  readonly #chunks: Uint8Array[] = []

  take(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }
}

/** Listens in on connections of a relay, below its muxer, which must be Yamux. */
export class RelayTap {
  readonly #ways = new Map<string, Way>()
  #connections = 0

  /** Before the muxer has it. */
  listen(connection: MessageStream): void {
    const name = `connection ${++this.#connections}`
    const [came, went] = ['from', 'to'].map((way) => this.#reader(`${way} ${name}`))
    const send = connection.send.bind(connection)
    connection.addEventListener('message', ({ data }) => came?.(data.subarray()))
    connection.send = (data) => {
      went?.(data.subarray())
      return send(data)
    }
  }

  /** All that passed, by connection, direction and stream. */
  get places(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#ways].map(([name, way]) => [name, way.bytes]))
  }

  /** What clients said in streams of that protocol, frame by frame. */
  framesOf(protocol: string): readonly Uint8Array[] {
    return [...this.places].flatMap(([name, bytes]) => {
      if (!name.startsWith('from') || !Buffer.from(bytes.subarray(0, 100)).includes(`${protocol}\n`))
        return []
      // How the protocol was agreed on is framed in the same way.
      return [...new FrameReader(MAX_MAILBOX_FRAME_BYTES).push(bytes)].slice(2)
    })
  }

  /** Takes Yamux apart: version, type, flags (2), stream (4), length (4), and with data so many bytes. */
  #reader(name: string): (chunk: Uint8Array) => void {
    const header = Buffer.alloc(HEADER_BYTES)
    let filled = 0
    let left = 0
    return (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (left > 0) {
          const part = chunk.slice(at, at + left)
          this.#way(`${name}, stream ${header.readUInt32BE(4)}`).take(part)
          left -= part.length
          at += part.length
          continue
        }
        const part = chunk.subarray(at, at + HEADER_BYTES - filled)
        header.set(part, filled)
        filled += part.length
        at += part.length
        if (filled < HEADER_BYTES) return
        filled = 0
        if (header[1] === DATA_FRAME) left = header.readUInt32BE(8)
      }
    }
  }

  #way(name: string): Way {
    const way = this.#ways.get(name) ?? new Way()
    this.#ways.set(name, way)
    return way
  }
}
