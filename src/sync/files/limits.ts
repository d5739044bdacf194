/** Bounds and periods of the transfer of files, with unit and reason (D11). */

/** Chunks under way to us on a direct path: 2 MiB, a round trip of 100 ms at 160 Mbit/s. */
export const DIRECT_WINDOW = 8
/** Chunks under way to us through a relay, which buffers little for one stream. */
export const RELAYED_WINDOW = 2
/** Files that are fetched at a time: more would only share the same line. */
export const MAX_DOWNLOADS = 4
/** Of these, large ones: a picture does not wait for a film. */
export const MAX_LARGE_DOWNLOADS = 2
/** What is large, bytes. */
export const LARGE_BYTES = 20_000_000
/** Files that are served to one peer at a time: as many as it fetches, and some that are just ending. */
export const MAX_UPLOADS_PER_PEER = 6
/** Files that are served at a time: of each a few chunks are in memory. */
export const MAX_UPLOADS = 32
/** Files that are looked at in one go. */
export const MAX_LOOKED_AT = 200
/** The largest file that goes through a relay, bytes: it is there for words, and a file as large takes four of its connections. */
export const MAX_RELAYED_BYTES = 32 * 1024 * 1024
/** A direct path is waited for so long before a file comes through the relay, milliseconds: it is there within seconds, if at all. */
export const DIRECT_GRACE_MS = 8_000
/** How far a transfer has come is written down so often, milliseconds: what a crash costs, and what watchers see. */
export const RECORD_MS = 1_000
/** A stream on which nothing comes for so long is given up, milliseconds: libp2p notices dead connections sooner. */
export const SILENCE_MS = 30_000
/** A fetch that failed is begun again: first and longest wait, milliseconds. */
export const FETCH_BACKOFF = { firstMs: 1_000, maxMs: 5 * 60_000 }
/** Someone who does not have a file, or is busy, is asked again: first and longest wait, milliseconds. */
export const ASK_BACKOFF = { firstMs: 5_000, maxMs: 15 * 60_000 }
/** Bytes of deleted messages go after this long, milliseconds: longer than one can take the deletion back. */
export const DOOMED_MS = 15_000
/** Bytes that nothing speaks of are removed when they are older than this, milliseconds: a file that is being attached has no message yet. */
export const ORPHAN_MS = 3_600_000
/** How often these are looked for, milliseconds. */
export const SWEEP_MS = 3_600_000
/** Names that are looked up in one go. */
export const SWEEP_NAMES = 200
/** Word that a file is noted to have arrived is waited for so long, milliseconds; then it is told again at the next meeting. */
export const NOTED_MS = 10_000
