/** The server of `/gigi/nearby/1.0.0`: reads announcements into the book, and sends what the book says. */
import type { PeerId } from '../src/domain/ids.ts'
import { decodeNearbyRequest, encodeNearbyNews, NEARBY_PROTOCOL } from '../src/protocol/nearby.ts'
import type { ClientStream, Service } from './frames.ts'
import { MAX_NEARBY_FRAMES_PER_MINUTE, MAX_NEARBY_RECORDS_PER_FRAME, NEARBY_SWEEP_MS } from './limits.ts'
import { NearbyBook, type NearbyChanges } from './nearby-book.ts'

/** `relay` is the relay's own peer id. The sweep for records that ran out ends when `stopping` aborts. */
export function nearbyService(relay: PeerId, stopping: AbortSignal): Service {
  const book = new NearbyBook<ClientStream>(relay)
  const sweep = setInterval(() => book.expire(Date.now()).forEach(deliver), NEARBY_SWEEP_MS)
  stopping.addEventListener('abort', () => clearInterval(sweep))
  return {
    protocol: NEARBY_PROTOCOL,
    framesPerMinute: MAX_NEARBY_FRAMES_PER_MINUTE,
    opened: (client) => deliver(book.open(client, client.peer)),
    frame: (client, frame) => {
      const request = decodeNearbyRequest(frame)
      if (request?.type === 'announce') deliver(book.announce(client, request.record, Date.now()))
      if (request?.type === 'withdraw') deliver(book.withdraw(client))
    },
    closed: (client) => deliver(book.close(client)),
  }
}

function deliver(changes: NearbyChanges<ClientStream>): void {
  for (const [client, { appeared, left }] of changes) {
    for (let i = 0; i < appeared.length; i += MAX_NEARBY_RECORDS_PER_FRAME)
      client.send(
        encodeNearbyNews({ type: 'appeared', records: appeared.slice(i, i + MAX_NEARBY_RECORDS_PER_FRAME) }),
      )
    if (left.length > 0) client.send(encodeNearbyNews({ type: 'left', peers: left }))
  }
}
