/** Bounds and periods of the sync manager, with unit and reason (D11). */

import { MAIL_LIFE_MS } from '../protocol/limits.ts'

/** A failed dial of a peer that is there: first wait and longest wait, milliseconds. */
export const DIAL_BACKOFF = { firstMs: 1_000, maxMs: 30_000 }
/** A direct path that could not be had, or did not hold, is looked for again: first and longest wait, milliseconds. */
export const DIRECT_BACKOFF = { firstMs: 30_000, maxMs: 15 * 60_000 }
/** A direct session that ends sooner than this did not hold, milliseconds. */
export const STEADY_MS = 60_000
/** A session that ends sooner than this counts as a failed dial, milliseconds. */
export const LASTING_MS = 5_000
/** A session with nothing to say and nobody looking is closed after this long, milliseconds. */
export const IDLE_MS = 10 * 60_000
/** A session that has not said hello by then is dead, milliseconds. */
export const HELLO_TIMEOUT_MS = 15_000
/** Sessions with one peer at a time: the current one and one that may replace it, with one to spare. */
export const MAX_SESSIONS_PER_PEER = 3
/** Peers in memory: contacts and strangers that are connected. */
export const MAX_PEERS = 5_000
/** Pushes of one session that wait to be committed: the window, and one that breaks it. */
export const MAX_WAITING_PUSHES = 17
/** Pushes that waited for the last commit and are committed together: 200 messages, a quarter of the window, so that the rest is on its way. */
export const PUSHES_PER_COMMIT = 4
/** Rows settled in one transaction: short enough that sending never waits. */
export const SETTLE_ROWS = 200
/** Rows follow what was proven at the latest after this long, milliseconds; where they keep falling behind, so many pieces of them. */
export const SETTLE_AFTER_MS = 5_000
export const SETTLE_PIECES = 10
/** Vacated numbers filled at one meeting; the rest at the next. */
export const FILLED_NUMBERS = 200
/** Rows whose timed attempt is begun, or whose time is up, in one transaction. */
export const DUE_ROWS = 200
/** Acknowledgements, messages or conversations looked at in one transaction of the cleanup. */
export const CLEANUP_ROWS = 500
/** Peers for whom something is queued that are looked up at a time. */
export const MAX_QUEUED_PEERS = 2_000
/** Contacts of whom nothing is heard that are dialled at a tick: a hundred of them within minutes, at little cost. */
export const SOUGHT_CONTACTS = 4
/** While so many acknowledgements of a session wait to be recorded nothing more is pushed in it: a quarter of the window. */
export const RECORDS_TO_CATCH_UP = 4
/** Summaries and acknowledgements of one session that wait to be recorded: one for each push of two windows, and what was read. */
export const MAX_WAITING_RECORDS = 64
/** Word that someone writes is heard at most so often, milliseconds: it is sent every three seconds. */
export const TYPING_INTERVAL_MS = 1_000
/** What the store failed to do for the schedule is tried again after this long, milliseconds. */
export const AFTER_FAULT_MS = 10_000
/** Word that a peer is there, or that we are, is followed by a session within this time, milliseconds; then mail is left. */
export const DEPOSIT_AFTER_MS = 3_000
/** For someone who is away mail is left after this long, milliseconds: what is written at once goes into one letter. */
export const DEPOSIT_SOON_MS = 100
/** What concerns many peers is looked at after changes once in so long, milliseconds: one message makes several. */
export const LOOK_MS = 50
/** What a session does not confirm goes by mail after this long without a word in it, milliseconds. */
export const DEPOSIT_STUCK_MS = 6_000
/** A letter that could not be left is tried again: first and longest wait, milliseconds. */
export const DEPOSIT_BACKOFF = { firstMs: 5_000, maxMs: 15 * 60_000 }
/** How often mailboxes are asked what they still hold, milliseconds. */
export const DEPOSIT_CHECK_MS = 10 * 60_000
/** A mailbox keeps nothing for longer than this, milliseconds: its time, and a day for clocks that are wrong. */
export const DEPOSIT_LIFE_MS = MAIL_LIFE_MS + 24 * 3_600_000
/** What waits in our mailbox for a later version of this app, bytes: it is fetched each time that we come. */
export const MAX_LATER_BYTES = 4 * 1024 * 1024
/** An errand waits so long for the mailbox of another, milliseconds: one that never answers would have it cut off each time. */
export const OTHERS_PATIENCE_MS = 10_000
/** Mailboxes of others that letters are left at, or that are asked what they hold, at a time. */
export const MAILBOXES_AT_ONCE = 8
/** What was told in a session that lasted this long since was heard, milliseconds: a dead one is noticed before. */
export const HEARD_MS = 40_000
/** What changes in the own backup goes out after this long, milliseconds: several changes are one. */
export const BACKUP_AFTER_MS = 2_000
/** Sessions that are opened for the sake of groups, and that stay open while others wait: some each, whatever the groups' size. */
export const GROUP_SESSIONS = 12
/** A session in which nothing was said for so long makes room for others, milliseconds. */
export const QUIET_MS = 1_500
/** Members of one group with whom what we have is compared when they or we come: what one lacks, another has. */
export const COMPARED_MEMBERS = 3
/** A group in which we compared with nobody for so long is looked after at a tick, milliseconds. */
export const COMPARE_AFTER_MS = 5 * 60_000
/** Members that are told that someone writes in a group. */
export const TOLD_OF_TYPING = 32
