/** The server of `/gigi/presence/1.0.0`: reads requests into the book, and sends what the book says. */
import {
  decodeRequest,
  encodePresence,
  encodeRival,
  PRESENCE_PROTOCOL,
  type PresenceRequest,
} from '../src/protocol/presence.ts'
import type { ClientStream, Service } from './frames.ts'
import { MAX_PRESENCE_FRAMES_PER_MINUTE } from './limits.ts'
import { PresenceBook, type PresenceNews } from './presence-book.ts'
import { StartBook } from './start-book.ts'

export function presenceService(): Service {
  const book = new PresenceBook<ClientStream>()
  const starts = new StartBook<ClientStream>()
  return {
    protocol: PRESENCE_PROTOCOL,
    framesPerMinute: MAX_PRESENCE_FRAMES_PER_MINUTE,
    opened: (client) => book.open(client, client.peer),
    frame: (client, frame) => {
      const request = decodeRequest(frame)
      // Kinds of later versions are skipped, as the protocol wants.
      if (request === null) return
      if (request.type !== 'start') deliver(answer(book, client, request))
      else
        for (const [told, newer] of starts.announce(client, client.peer, request.start))
          told.send(encodeRival(newer))
    },
    closed: (client) => {
      starts.close(client, client.peer)
      deliver(book.close(client))
    },
  }
}

function answer(
  book: PresenceBook<ClientStream>,
  client: ClientStream,
  request: Exclude<PresenceRequest, { type: 'start' }>,
): PresenceNews<ClientStream> {
  switch (request.type) {
    case 'watch':
      return book.watch(client, request.watches)
    case 'unwatch':
      return book.unwatch(client, request.peers)
    case 'tokens':
      return book.register(client, request.tokens)
  }
}

// A request names at most a frame's worth of peers, so what it changes for one client fits a frame.
function deliver(news: PresenceNews<ClientStream>): void {
  for (const [client, changes] of news) client.send(encodePresence(changes))
}
