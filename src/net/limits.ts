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
/** Connecting to the relay and reserving there, milliseconds. */
export const RESERVE_MS = 10_000
/** Coming back to a relay that was lost: first and longest wait, milliseconds. Short: it is what makes us reachable. */
export const RELAY_BACKOFF = { firstMs: 500, maxMs: 8_000 }
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
/** Sync streams on one connection: one, and one that may replace it. */
export const MAX_SYNC_STREAMS = 4
/** A nearby record is announced anew this long before it ends, milliseconds. */
export const NEARBY_RENEW_BEFORE_MS = 5 * 60_000
