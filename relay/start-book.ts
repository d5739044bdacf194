/** Which installations of each peer are there. Pure: a stream is any key that stands for one open presence stream. */
import type { PeerId } from '../src/domain/ids.ts'
import { isNewerStart, type Start } from '../src/protocol/frames.ts'

export class StartBook<Stream> {
  readonly #starts = new Map<PeerId, Map<Stream, Start>>()

  /**
   * A stream says which installation of its peer it is. Returns which streams of the same peer are to be told of which
   * newer installation: those that are older, or this one. The bound is that on streams of one peer.
   */
  announce(stream: Stream, peer: PeerId, start: Start): ReadonlyMap<Stream, Start> {
    const starts = this.#starts.get(peer) ?? new Map<Stream, Start>()
    this.#starts.set(peer, starts.set(stream, start))
    const newest = [...starts.values()].reduce((a, b) => (isNewerStart(b, a) ? b : a))
    const told = new Map<Stream, Start>()
    for (const [other, own] of starts) if (isNewerStart(newest, own)) told.set(other, newest)
    return told
  }

  close(stream: Stream, peer: PeerId): void {
    const starts = this.#starts.get(peer)
    if (starts?.delete(stream) === true && starts.size === 0) this.#starts.delete(peer)
  }
}
