/** Bounds and periods of the network room, with unit and reason (D11). */

/**
 * The tries of one search for a direct path, signalling and ICE included, milliseconds: 180 ms is usual, slow relays take
 * seconds; the first is short, for the case that the handshake hangs.
 */
export const DIRECT_TRIES_MS = [2_500, 5_000, 5_000]
/**
 * How long a direct path may be looked for before a session begins on the relayed one, milliseconds: longer than it
 * usually takes, and short enough to wait for. The search goes on beside that session.
 */
export const HEAD_START_MS = 1_500
/** A connection without a session is dead when it is older than this, milliseconds: a stream opens within it. */
export const FRESH_MS = 3_000
/** Dialling a peer through the relay, milliseconds. */
export const RELAYED_DIAL_MS = 8_000
/**
 * The first sign of a relay that is dialled, an open WebSocket, milliseconds: four round trips (TCP, TLS and the
 * WebSocket) on a mobile network of 600 ms and some slack. Where packets vanish and flow again without any event, it
 * takes this, the first wait of RELAY_BACKOFF and a new attempt until we are back: under 5 s.
 */
export const RELAY_OPEN_MS = 3_000
/**
 * A relay that has answered may take this long for the handshake, and again for the reservation, milliseconds: three
 * round trips of 600 ms and slack. It doubles, up to the longest, with each attempt in a row that a relay answered and
 * did not finish: when a thousand clients come back at once, giving up early would only make more of that work.
 */
export const RELAY_STEP = { firstMs: 3_000, maxMs: 24_000 }
/**
 * Coming back to a relay that was lost: milliseconds from the beginning of the first attempt, and of the later ones, to
 * the next. So whether attempts hang or are refused, we are back in time when it is (RELAY_OPEN_MS). Short: it is what
 * makes us reachable, and a relay that is down has no work with it.
 */
export const RELAY_BACKOFF = { firstMs: 500, maxMs: 3_000 }
/** Waits after a relay has answered but given no reservation, milliseconds: it is busy, or full. */
export const BUSY_RELAY_BACKOFF = { firstMs: 500, maxMs: 8_000 }
/** An attempt older than this is given up for a new one when the network may have changed, milliseconds. */
export const STALE_ATTEMPT_MS = 1_000
/** A ping of a reservation that the network may have ended, milliseconds: two round trips of 600 ms, one of them lost. */
export const NUDGE_PING_MS = 3_000
/** A connection that has answered is not asked again before this, milliseconds: signs of a new network come in bunches. */
export const NUDGE_PAUSE_MS = 1_000
/** Parting from the relay politely, milliseconds. */
export const HANG_UP_MS = 1_000
/** Bytes that may wait in one WebSocket before streams are told to pause: the push window and the frames around it. */
export const MAX_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
/** How often a full WebSocket is looked at again, milliseconds: it never says itself that it has room. */
export const BUFFER_POLL_MS = 10
/** How often a connection is pinged, milliseconds. */
export const PING_INTERVAL_MS = 5_000
/** A ping that takes longer means a dead connection, milliseconds: noticed within 13 s, the interval included. */
export const MAX_PING_MS = 8_000
/** Pings under way on one connection: those of the interval, and of whoever asks in between. One too many ends it. */
export const MAX_PINGS = 4
/** Connections at a time: open conversations and strangers, not the whole contact list. */
export const MAX_CONNECTIONS = 300
/** Bytes that may wait in one stream to be sent: the push window and the frames around it. */
export const MAX_STREAM_BUFFER_BYTES = 4 * 1024 * 1024
/** A stream that does not close politely within this is aborted, milliseconds: whoever takes its place waits for its end. */
export const CLOSE_MS = 1_000
/** Sync streams on one connection: one, and one that may replace it. */
export const MAX_SYNC_STREAMS = 4
/** File streams on one connection, each way: as many as are fetched at a time, and some that are just ending. */
export const MAX_FILE_STREAMS = 16
/** Bytes of a file that may wait in a stream of ours while libp2p takes no more: a chunk. */
export const FILE_BUFFER_BYTES = 256 * 1024
/** A nearby record is announced anew this long before it ends, milliseconds. */
export const NEARBY_RENEW_BEFORE_MS = 5 * 60_000
/** Dialling a relay for its mailbox, or opening a stream to it, milliseconds: six round trips of 600 ms, and as much again. */
export const MAILBOX_OPEN_MS = 8_000
/** The longest wait for an answer of a mailbox, milliseconds: the largest letter, either way, at 75 kbit/s. */
export const MAILBOX_ANSWER_MS = 60_000
/** Requests of one mailbox stream under way: a round trip of 600 ms is not waited for by each alone. */
export const MAX_MAILBOX_REQUESTS = 8
/** Bytes of requests under way on one mailbox stream, unless it is one: what goes out within MAILBOX_ANSWER_MS on slow lines. */
export const MAILBOX_WINDOW_BYTES = 256 * 1024
/** Requests of one mailbox stream that wait to be sent: one for each of many contacts, most of them of a few kilobytes. */
export const MAX_WAITING_MAILBOX_REQUESTS = 64
/** Waits before a mailbox stream that ended alone is opened anew, milliseconds: the relay had a reason, or is busy. */
export const MAILBOX_BACKOFF = { firstMs: 2_000, maxMs: 60_000 }
/** Mailboxes at other relays than ours that are connected at a time: of contacts who were written to within a minute. */
export const MAX_OTHER_MAILBOXES = 8
/** How long the connection to another relay is kept without a request, milliseconds: a letter takes several. */
export const OTHER_MAILBOX_IDLE_MS = 30_000
/** How long another relay is taken to have no mailbox, milliseconds: it may get one. */
export const NO_MAILBOX_MS = 10 * 60_000
