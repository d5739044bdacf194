/**
 * Every bound of the relay, with its unit and its reason (D11). Bounds of the protocols that it serves are in
 * `src/protocol/limits.ts`. Over a limit means refused or closed, with a logged reason.
 */

import type { BackoffLimits } from '../src/domain/backoff.ts'
import { MAX_MAILBOX_FRAME_BYTES } from '../src/protocol/limits.ts'

/** Clients connected at once: a quarter of a megabyte each, so the process stays under one gigabyte. */
export const MAX_CONNECTIONS = 3000
/** Connections that one address may open in one second: behind a proxy or tunnel all clients have one address. */
export const MAX_CONNECTIONS_PER_SECOND = MAX_CONNECTIONS
/** Connections in the middle of their handshake: all clients come back at once when a relay restarts. */
export const MAX_PENDING_CONNECTIONS = MAX_CONNECTIONS
/** Milliseconds for a handshake: a thousand at once are eight seconds of one core's work. */
export const HANDSHAKE_MS = 20_000
/**
 * Connections that wait to be accepted: all clients may come within one turn of a busy event loop. Beyond it the kernel
 * drops the first packet, and sends it again a second later; it may set a lower limit itself.
 */
export const LISTEN_BACKLOG = MAX_CONNECTIONS
/** Sockets at once, WebSockets included: the clients, and as much again for pages being loaded. */
export const MAX_SOCKETS = 2 * MAX_CONNECTIONS

/** Bytes of one WebSocket message: the largest of ours is one Noise message of 64 KiB. */
export const MAX_WEBSOCKET_MESSAGE_BYTES = 128 * 1024
/** Bytes that wait in one client's socket before its streams are told to pause. */
export const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024

/**
 * Milliseconds between two pings of one client. These are Yamux pings, one frame each way: libp2p's own
 * connection monitor opens a stream for each, which for 1,000 idle clients took a quarter of a core.
 */
export const KEEPALIVE_MS = 20_000
/** Milliseconds without a byte from a client, pings unanswered, after which it is gone: two pings and slack. */
export const SILENCE_MS = 50_000
/** Milliseconds between two looks for silent clients. */
export const SILENCE_SWEEP_MS = 5_000
/** Milliseconds that an older connection has to answer when its peer opens another: dead ones go at once. */
export const PROBE_MS = 5_000

/** Streams of one connection: relayed connections both ways, and a few for the protocols of the relay. */
export const MAX_STREAMS_PER_CONNECTION = 600
/** Relayed connections of one client, each way: contacts in talk at once that WebRTC cannot reach. */
export const MAX_RELAYED_PER_CLIENT = 256
/** Bytes that one stream may have on its way: half of this each round trip is plenty for messages. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** Bytes that one stream may have waiting, in or out, in the relay's memory. */
export const MAX_STREAM_BUFFER_BYTES = 1024 * 1024

/** Reservations at once: one for each client, freed when the client leaves. */
export const MAX_RESERVATIONS = MAX_CONNECTIONS
/** Milliseconds that a reservation lasts: clients renew it well before. */
export const RESERVATION_MS = 2 * 3_600_000
/** Bytes of one relayed connection, both ways together: thousands of messages, no films. */
export const MAX_RELAYED_BYTES = 8 * 1024 * 1024
/** Milliseconds of one relayed connection: a long talk; peers then simply connect again. */
export const MAX_RELAYED_MS = 60 * 60_000

/** Presence, nearby or mailbox streams of one connection: one, and its successor while the first is closing. */
export const MAX_SERVICE_STREAMS = 2
/** Bytes of frames that wait for one reader of presence or nearby: beyond it the reader is not reading. */
export const MAX_FRAME_QUEUE_BYTES = 256 * 1024
/** Presence frames of one connection in one minute: a full list is 4, and each new contact or block is 1. */
export const MAX_PRESENCE_FRAMES_PER_MINUTE = 120
/** Nearby frames of one connection in one minute: a record is announced anew every 5 minutes. */
export const MAX_NEARBY_FRAMES_PER_MINUTE = 10
/** Presence streams of one peer: its page, those of connections that are dying, and its service worker. */
export const MAX_PRESENCE_STREAMS_PER_PEER = 16
/** Watched peers of all clients together: 200 bytes each, so 100 MB at most. */
export const MAX_WATCHES = 500_000
/** Nearby records in one frame: 515 bytes each, so a frame stays under MAX_RELAY_FRAME_BYTES. */
export const MAX_NEARBY_RECORDS_PER_FRAME = 100
/** Milliseconds between two looks for nearby records that ran out. */
export const NEARBY_SWEEP_MS = 60_000

/** Items that wait for one owner: a month of a busy group of contacts. */
export const MAX_ITEMS_PER_OWNER = 10_000
/** Bytes of items that wait for one owner: 10,000 short letters, or 64 full pushes. */
export const MAX_BYTES_PER_OWNER = 64 * 1024 * 1024
/** Items that wait under one grant: one contact cannot fill the box of all. */
export const MAX_ITEMS_PER_GRANT = 2_000
/** Bytes of items that wait under one grant: a quarter of the owner's. */
export const MAX_BYTES_PER_GRANT = 16 * 1024 * 1024
/** Items that wait under a grant without a holder: an invite link may be public, and each stranger leaves one or two. */
export const MAX_ITEMS_PER_OPEN_GRANT = 100
/** Bytes of items that wait under a grant without a holder: 100 introductions of 10 KB. */
export const MAX_BYTES_PER_OPEN_GRANT = 1024 * 1024
/** Revocations of one owner that still count: links made void, and everyone it blocked in half a year. */
export const MAX_REVOCATIONS_PER_OWNER = 2_000
/** Endpoints that one owner is woken at: a browser or two, and those that they were before. */
export const MAX_SUBSCRIPTIONS_PER_OWNER = 4
/** Bytes that a row of the mailbox counts for, besides its content: keys, indexes and what is kept of usage. */
export const MAILBOX_ROW_BYTES = 256
/** Of the room for all, one part in so many is for prekeys, revocations and subscriptions: of 10 GiB enough for half a million owners. */
export const MAILBOX_RESERVED_PART = 32
/** Milliseconds by which it may be wrong when an owner was last there: one write each day. */
export const OWNER_SEEN_MS = 24 * 3_600_000
/** Milliseconds between two looks for items and revocations that had their time. */
export const MAILBOX_SWEEP_MS = 10 * 60_000
/**
 * A clock that is this much later or earlier than when it was read last was put wrong, or right, milliseconds: it is read at
 * each look, and few relays that come back were off for longer.
 */
export const CLOCK_JUMP_MS = 3 * 24 * 3_600_000
/** Items, or others, that are deleted in one transaction of such a look: 20 MiB at most, a fraction of a second. */
export const MAILBOX_SWEEP_ITEMS = 20
/** Bytes that come into the mailbox in one transaction, unless by one request: the relay does nothing else meanwhile. */
export const MAX_COMMIT_BYTES = 8 * 1024 * 1024
/** Grants whose signature is known to be good, least recently used first out: half a kilobyte each. */
export const MAX_VERIFIED_GRANTS = 10_000
/** Mailbox requests of one connection in one minute: a client that comes back to 10,000 items needs 200. Beyond it: busy. */
export const MAX_MAILBOX_REQUESTS_PER_MINUTE = 600
/** Mailbox frames of one connection in one minute: whoever goes on so far past `busy` is cut off. */
export const MAX_MAILBOX_FRAMES_PER_MINUTE = 5 * MAX_MAILBOX_REQUESTS_PER_MINUTE
/**
 * Deposits under one grant in one minute, over all connections: as many as one connection can make, which asks for the
 * prekey before each. 10,000 messages are 200 letters of 50. Beyond it: busy.
 */
export const MAX_DEPOSITS_PER_GRANT_PER_MINUTE = MAX_MAILBOX_REQUESTS_PER_MINUTE / 2
/** Deposits under a grant without a holder in one minute: its room is full in five, and a room full of people has opened the link. */
export const MAX_DEPOSITS_PER_OPEN_GRANT_PER_MINUTE = 20
/**
 * Grants whose deposits are counted, least recently used first out: a quarter of a kilobyte each. To have one forgotten takes
 * as many deposits under others, and buys a minute's.
 */
export const MAX_DEPOSIT_RATES = 20_000
/** Mailbox streams of one peer: its page, those of connections that are dying, and its service worker. */
export const MAX_MAILBOX_STREAMS_PER_PEER = 16
/** Mailbox requests of one stream that are not answered yet: enough to share a commit. Beyond it the stream is not read. */
export const MAX_MAILBOX_REQUESTS_UNDER_WAY = 32
/** Bytes of a mailbox frame that waits for none of another stream: a letter of 16 KiB and what is around it. */
export const SMALL_MAILBOX_FRAME_BYTES = 24 * 1024
/** Bytes of items or of a blob in such a frame: what is left beside the ids of MAX_ITEMS_PER_FETCH. */
export const SMALL_ANSWER_BYTES = SMALL_MAILBOX_FRAME_BYTES - 4 * 1024
/** Bytes of small requests and answers of one mailbox stream in memory: two. Beyond it the stream is not read. All streams together: 300 MB. */
export const MAX_SMALL_BYTES_PER_STREAM = 2 * SMALL_MAILBOX_FRAME_BYTES
/** Bytes of larger requests of one peer in memory: the two largest. Beyond it that stream of the peer is not read. */
export const MAX_LARGE_REQUEST_BYTES_PER_PEER = 2 * MAX_MAILBOX_FRAME_BYTES
/** Bytes of larger requests of all peers in memory: beyond it they wait for each other. */
export const MAX_LARGE_REQUEST_BYTES = 128 * 1024 * 1024
/** Bytes of larger answers to one peer in memory: the largest, so that it has one after the other. */
export const MAX_LARGE_ANSWER_BYTES_PER_PEER = MAX_MAILBOX_FRAME_BYTES
/** Bytes of larger answers to all peers in memory: beyond it they wait for each other. */
export const MAX_LARGE_ANSWER_BYTES = 128 * 1024 * 1024
/** Bytes of a frame that the slowest mailbox client sends or takes in a millisecond: 64 KiB in 5 seconds. Slower ones are cut off. */
export const SLOWEST_MAILBOX_BYTES_PER_MS = (64 * 1024) / 5000
/** Milliseconds that a mailbox client may be behind that: what a stream has on its way, STREAM_WINDOW_BYTES, takes as long. */
export const MAILBOX_SLACK_MS = 20_000
/** Bytes of a mailbox frame that are given to a stream at once: the rest waits until it has taken them. */
export const MAILBOX_CHUNK_BYTES = 64 * 1024

/** Milliseconds between two rounds of pushes for one owner: of a talk by mail a sleeping browser need not be told word by word. */
export const PUSH_PAUSE_MS = 30_000
/** Milliseconds between two wakings of one owner for what anyone with a link may have left: a flood of it costs a phone 24 a day. */
export const OPEN_WAKE_PAUSE_MS = 3_600_000
/** Milliseconds for one push, from its beginning to its answer: push services take less than one second. */
export const PUSH_ANSWER_MS = 10_000
/** Milliseconds for one answer of a name server to a push, and how often it is asked. */
export const PUSH_LOOKUP = { timeout: 2_000, tries: 2 }
/** Addresses of one endpoint that are tried. */
export const MAX_PUSH_ADDRESSES = 8
/** Pushes on their way at once, 100 KB each: those that hang hold up the others for PUSH_ANSWER_MS, so it takes many. */
export const MAX_PUSHES_UNDER_WAY = 256
/** Milliseconds in which a push is answered by a host that keeps nobody waiting. */
export const PUSH_QUICK_MS = 2_000
/** Quick pushes by which a host is trusted, each slow one taking back as many, and how many are counted: ten slow ones are forgiven. */
export const PUSH_TRUST = { needed: 10, most: 100, slow: 10 }
/** Of MAX_PUSHES_UNDER_WAY, those to hosts that are not trusted: names cost nothing, and each may hang. */
export const MAX_UNKNOWN_PUSHES_UNDER_WAY = 128
/** Hosts whose quickness is remembered: push services are few. */
export const MAX_HOSTS_TRUSTED = 1_000
/** Pushes on their way to one host: of a push service that answers in a tenth of a second, 160 in a second. */
export const MAX_PUSHES_PER_HOST_UNDER_WAY = 16
/** Pushes to one host in one minute: push services are few, and most owners are woken by the same; thirty in a second hurt no site. */
export const MAX_PUSHES_PER_HOST_PER_MINUTE = 1_800
/** Owners who are being woken, or will be when they may be; and whose pauses are remembered: half a kilobyte each. Beyond it the one that waits longest is given up. */
export const MAX_OWNERS_TO_WAKE = 20_000
/** Milliseconds until a push that was not taken is tried again: first and longest wait. */
export const PUSH_BACKOFF: BackoffLimits = { firstMs: 60_000, maxMs: 6 * 3_600_000 }
/** Pushes in a row that were not taken after which an endpoint is forgotten: three days of them. */
export const MAX_PUSH_FAILURES = 20
/** Seconds that a push service keeps a push for a browser that is off: the longest that they do, and nearly as long as mail. */
export const PUSH_LIFE_S = 28 * 24 * 3600

/** Bytes of the built app, which is served from memory: ten times what it is. */
export const MAX_APP_BYTES = 64 * 1024 * 1024
/** Milliseconds for the headers of an HTTP request, from the opening of the socket: real browsers need one second. */
export const HTTP_HEADERS_MS = 10_000
/** Milliseconds for a whole HTTP request: ours have no bodies. */
export const HTTP_REQUEST_MS = 15_000
/** Milliseconds that an idle HTTP connection is kept for the next request. */
export const HTTP_KEEPALIVE_MS = 10_000
/** Milliseconds between two looks for HTTP requests that take too long. */
export const HTTP_SWEEP_MS = 2_000
/** Bytes of HTTP headers. */
export const MAX_HTTP_HEADER_BYTES = 16 * 1024

/** Milliseconds from the signal to the end of the process: connections are closed politely until then. */
export const SHUTDOWN_MS = 1_500
/** Log lines in one minute: whoever misbehaves cannot fill the disk. */
export const MAX_LOG_LINES_PER_MINUTE = 200
/** Log lines about one thing that may go wrong with every request: a full disk must not hide all else. */
export const MAX_LINES_OF_A_KIND_PER_MINUTE = 5
