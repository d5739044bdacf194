/** The server of `/gigi/mailbox/1.0.0`: streams, rates and news around a mailbox. Its log names no client. */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { isPeerId, type PeerId } from '../../src/domain/ids.ts'
import { MalformedError } from '../../src/protocol/cbor.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import {
  decodeMailboxRequest,
  encodeMailboxNews,
  MAILBOX_PROTOCOL,
  type MailboxRequest,
} from '../../src/protocol/mailbox.ts'
import { cutOffReason } from '../frames.ts'
import {
  MAX_MAILBOX_FRAMES_PER_MINUTE,
  MAX_MAILBOX_REQUESTS_PER_MINUTE,
  MAX_MAILBOX_STREAMS_PER_PEER,
  MAX_SERVICE_STREAMS,
  SMALL_ANSWER_BYTES,
  SMALL_MAILBOX_FRAME_BYTES,
} from '../limits.ts'
import type { Log } from '../log.ts'
import { RateLimit } from '../rate.ts'
import { RefusedError } from '../refused.ts'
import { Channel, type Room } from './channel.ts'
import { Mailbox, type MailboxInit, type News, type Outcome } from './mailbox.ts'
import { type LargeRoom, largeRoomOfAll, largeRoomOfPeer, StreamMemory } from './memory.ts'

/** Who left something: a contact, or anyone who may have a grant without a holder. */
export type NewsFrom = Exclude<News, 'nobody'>

/** Wakes owners who do not listen. */
export interface Push {
  readonly accepts: (endpoint: string) => boolean
  /** There is news for an owner who does not listen. */
  readonly wake: (owner: PeerId, from: NewsFrom) => void
  /** The owner listens, and hears of whatever there is. Returns what it was still to be woken for; null: nothing. */
  readonly callOff: (owner: PeerId) => NewsFrom | null
}

export interface MailboxServiceInit extends Omit<MailboxInit, 'deposited' | 'accepts'> {
  readonly log: Log
  /** Absent: nobody is woken. */
  readonly push?: Push | undefined
}

/** One client's open stream. */
interface Seat {
  readonly channel: Channel
  readonly peer: PeerId
  readonly rates: Rates
  /** Number of its last request. */
  last: number
  /** It was told of mail, and has not fetched since. */
  told: boolean
  /** What it fetched last was the last. */
  hasLast: boolean
}

/** One peer's open streams. */
interface Party {
  readonly seats: Set<Seat>
  readonly room: LargeRoom
}

interface Rates {
  readonly requests: RateLimit
  readonly frames: RateLimit
}

export class MailboxService {
  readonly mailbox: Mailbox
  readonly #now: () => number
  readonly #log: Log
  readonly #room = largeRoomOfAll()
  readonly #parties = new Map<PeerId, Party>()
  readonly #push: Push | undefined
  /** Who is there and has not taken what there was news of: their streams may be dead, which shows later. */
  readonly #unheard = new Map<PeerId, NewsFrom>()
  // By connection, not by stream: opening another stream must not buy more requests.
  readonly #rates = new WeakMap<Connection, Rates>()

  constructor({ log, push, ...init }: MailboxServiceInit) {
    this.#log = log
    this.#now = init.now
    this.#push = push
    this.mailbox = new Mailbox({
      ...init,
      ...(push === undefined ? {} : { accepts: push.accepts }),
      deposited: (owner, news) => this.#deposited(owner, news),
    })
  }

  /** Serves all who connect to `node` directly. */
  async serve(node: Libp2p): Promise<void> {
    await node.handle(
      MAILBOX_PROTOCOL,
      (stream, connection) => {
        const peer = connection.remotePeer.toString()
        // It may have closed while its protocol was being agreed on, and closing is told only once.
        if (!isPeerId(peer) || stream.status !== 'open' || stream.remoteWriteStatus !== 'writable')
          stream.abort(new Error('closed early, or not an Ed25519 peer id'))
        else this.#open(stream, peer, this.#ratesOf(connection))
      },
      { maxInboundStreams: MAX_SERVICE_STREAMS },
    )
  }

  #open(stream: Stream, peer: PeerId, rates: Rates): void {
    const party = this.#parties.get(peer) ?? { seats: new Set(), room: largeRoomOfPeer() }
    const { seats } = party
    const channel = new Channel({
      stream,
      memory: new StreamMemory(party.room, this.#room),
      frame: (frame, room) => this.#frame(seat, frame, room),
      closed: (error) => {
        if (error !== undefined) this.#log(`${MAILBOX_PROTOCOL}: cut off a client: ${cutOffReason(error)}`)
        seats.delete(seat)
        if (seats.size === 0 && this.#parties.get(peer) === party) this.#left(peer)
      },
    })
    const seat: Seat = { channel, peer, rates, last: 0, told: false, hasLast: false }
    seats.add(seat)
    this.#parties.set(peer, party)
    const missed = this.#push?.callOff(peer) ?? null
    if (missed !== null) this.#unhear(peer, missed)
    if (seats.size > MAX_MAILBOX_STREAMS_PER_PEER)
      channel.cutOff(new RefusedError(`it has more than ${MAX_MAILBOX_STREAMS_PER_PEER} streams open`))
  }

  async #frame(seat: Seat, frame: Uint8Array, room: Room): Promise<void> {
    if (!seat.rates.frames.take(this.#now()))
      throw new RefusedError(`more than ${MAX_MAILBOX_FRAMES_PER_MINUTE} frames in a minute`)
    const request = decodeMailboxRequest(frame)
    // Kinds of later versions are skipped, as the protocol wants.
    if (request === null) return
    if (request.number <= seat.last) throw new MalformedError(`request ${request.number} after ${seat.last}`)
    seat.last = request.number
    if (seat.rates.requests.take(this.#now())) await this.#answer(seat, request, room)
    else
      await seat.channel.send(
        encodeMailboxNews({ type: 'answer', number: request.number, code: 'busy', payload: null }),
      )
  }

  async #answer(seat: Seat, request: MailboxRequest, room: Room): Promise<void> {
    const { channel, peer } = seat
    const brings = request.type === 'fetch' || request.type === 'recall'
    const outcome = brings
      ? await this.#brought(seat, request, room)
      : await this.mailbox.answer(peer, request)
    if (outcome === null) return
    const { code, payload, fetched } = outcome
    if (request.type === 'fetch') seat.hasLast = fetched !== undefined
    const hasTaken = request.type === 'confirm' ? seat.hasLast && code === 'done' : fetched === 'nothing'
    // Of what came meanwhile it was told, and has yet to fetch it.
    if (!seat.told) this.#hear(peer, hasTaken, request.type === 'fetch' && seat.hasLast)
    const frame = encodeMailboxNews({ type: 'answer', number: request.number, code, payload })
    if (brings) room.shrink(frame.length)
    await channel.send(frame)
  }

  /** An answer with mail or a blob in it, whose room is taken before it is read: little, if that does. Null: the stream ended. */
  async #brought(seat: Seat, request: MailboxRequest, room: Room): Promise<Outcome | null> {
    for (const [bytes, within] of [
      [SMALL_MAILBOX_FRAME_BYTES, SMALL_ANSWER_BYTES],
      [MAX_MAILBOX_FRAME_BYTES, undefined],
    ] as const) {
      if (!(await room.become(bytes))) return null
      // Before the store is asked: of what comes while it reads the client is told again.
      if (request.type === 'fetch') seat.told = false
      const outcome = await this.mailbox.answer(seat.peer, request, within)
      if (outcome !== 'large') return outcome
    }
    return null
  }

  #deposited(owner: PeerId, news: News): void {
    const party = this.#parties.get(owner)
    for (const seat of party?.seats ?? []) this.#tell(seat)
    if (news === 'nobody') return
    if (party === undefined) this.#push?.wake(owner, news)
    else this.#unhear(owner, news)
  }

  #unhear(owner: PeerId, from: NewsFrom): void {
    if (this.#unheard.get(owner) !== 'contact') this.#unheard.set(owner, from)
  }

  #hear(peer: PeerId, hasTaken: boolean, hasSeen: boolean): void {
    if (hasTaken) this.#unheard.delete(peer)
    // It may be what they cannot take, for which they are not to be woken again and again.
    else if (hasSeen && this.#unheard.has(peer)) this.#unheard.set(peer, 'anyone')
  }

  /** The last stream of a peer has ended. */
  #left(peer: PeerId): void {
    this.#parties.delete(peer)
    const missed = this.#unheard.get(peer)
    this.#unheard.delete(peer)
    if (missed !== undefined) this.#push?.wake(peer, missed)
  }

  #tell(seat: Seat): void {
    if (seat.told) return
    seat.told = true
    void seat.channel.send(encodeMailboxNews({ type: 'mail' }))
  }

  #ratesOf(connection: Connection): Rates {
    let rates = this.#rates.get(connection)
    if (rates === undefined) {
      rates = {
        requests: new RateLimit(MAX_MAILBOX_REQUESTS_PER_MINUTE),
        frames: new RateLimit(MAX_MAILBOX_FRAMES_PER_MINUTE),
      }
      this.#rates.set(connection, rates)
    }
    return rates
  }
}
