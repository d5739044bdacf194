/**
 * Every bound of the protocol (SPEC 17), with its unit and its reason (D11). Over a limit means refused, never half
 * done. Bounds of a store table or of the engine stand beside what they bound and cite this page's figures.
 */

/** Bytes of one frame on a sync stream: a full push (PUSH_BYTES) with room for what is around it. */
export const MAX_SYNC_FRAME_BYTES = 512 * 1024
/** Bytes of one frame between a client and its relay: a thousand watched peers at 60 bytes. */
export const MAX_RELAY_FRAME_BYTES = 64 * 1024
/** Levels of nesting in any frame: the deepest of ours has 6; more is an attack on the decoder's stack. */
export const MAX_CBOR_DEPTH = 12

/** UTF-8 bytes of a text message: about 30 pages; longer texts are files. */
export const MAX_TEXT_BYTES = 64 * 1024
/** Bytes of one envelope's content: a text with room for a reply's or file's surroundings. */
export const MAX_CONTENT_BYTES = 80 * 1024
/** Bytes of one signed envelope: the content and at most 400 bytes around it. */
export const MAX_ENVELOPE_BYTES = MAX_CONTENT_BYTES + 400
/** UTF-8 bytes of a nickname: 40 characters of four bytes. */
export const MAX_NICKNAME_BYTES = 160
/** UTF-8 bytes of a group or file name: what file systems take. */
export const MAX_NAME_BYTES = 255

/** Messages in one push or page, whatever the configuration says: one transaction stays well under a second. */
export const MAX_MESSAGES_PER_FRAME = 1000
/** Bytes of messages in one push: keeps a frame under its limit and a commit short. */
export const PUSH_BYTES = 256 * 1024
/** Pushes on their way to one peer without an acknowledgement: memory of a session is this times PUSH_BYTES. */
export const PUSH_WINDOW = 16

/** Messages asked for in one pull: what a page and one commit hold. */
export const MAX_PULL_NUMBERS = 1000

/** Logs of one conversation in one summary: an author has one for each device and each rewind. */
export const MAX_LOGS_PER_SUMMARY = 256
/** Logs of others in one conversation: leaves room for our own in a summary. */
export const MAX_FOREIGN_LOGS = 200
/** Our own logs in one conversation: one for each installation that we had, and each rewind. */
export const MAX_OWN_LOGS = 56
/** Ranges of one sequence set on the wire: gaps are rare, and 1,000 of them are 10 KB. */
export const MAX_RANGES = 1000

/** How far a new message's sequence number may lie past what was accepted of its log: a hole this wide is forged. */
export const MAX_SEQUENCE_AHEAD = 1_000_000

/** Messages that a stranger may leave before we accepted: enough to say who they are. */
export const MAX_REQUEST_MESSAGES = 20
/** Bytes of envelopes that a stranger may leave before we accepted. */
export const MAX_REQUEST_BYTES = 64 * 1024
/** Open message requests: beyond it strangers are refused for now. */
export const MAX_REQUESTS = 100

/** Peers that one client may have watched by its relay: a full contact list. */
export const MAX_WATCHED_PEERS = 2000
/** Peers in one watch or presence frame. */
export const MAX_PEERS_PER_FRAME = 500
/** Invite tokens that one client may have registered at its relay: the current link, and room for several. */
export const MAX_INVITE_TOKENS = 16

/** Bytes of a signed nearby record: nickname and signature with room. */
export const MAX_NEARBY_RECORD_BYTES = 512
/** Life of a nearby record in milliseconds: announced anew at half of it, gone soon after a crash. */
export const NEARBY_LIFE_MS = 10 * 60_000
/** People that one relay shows to one client: more is not a list one reads. */
export const MAX_NEARBY_PEERS = 200

/** Life of an invite link in milliseconds: 30 days. */
export const INVITE_LIFE_MS = 30 * 24 * 3_600_000
/** Characters of an invite link's fragment. */
export const MAX_INVITE_LENGTH = 2000
/** Relay addresses that a link, a contact or a hello names. */
export const MAX_RELAYS = 4
/** UTF-8 bytes of one relay address. */
export const MAX_ADDRESS_LENGTH = 300

/** Bytes of one mailbox item: a letter with a full push (PUSH_BYTES), padded, with room. */
export const MAX_ITEM_BYTES = 1024 * 1024
/** Bytes of one frame between a client and a mailbox: an item and what is around it. */
export const MAX_MAILBOX_FRAME_BYTES = MAX_ITEM_BYTES + 64 * 1024
/** Bytes of items in one answer to fetch, unless it is one item: what is in memory while it is committed. */
export const FETCH_BYTES = 256 * 1024
/** Items in one answer to fetch: small letters, committed one by one. */
export const MAX_ITEMS_PER_FETCH = 100
/** Ids in one confirm, status or revoke: 16 KB of them. */
export const MAX_IDS_PER_REQUEST = 1000
/** How long a mailbox keeps an item, milliseconds: 30 days, longer than a holiday. */
export const MAIL_LIFE_MS = 30 * 24 * 3_600_000
/** How long a mailbox keeps the rest of an owner who does not come, milliseconds: 400 days, so that once a year is enough. */
export const OWNER_AWAY_MS = 400 * 24 * 3_600_000
/** How long a contact's grant holds, milliseconds: 180 days; it is renewed at half of it whenever the two meet or write. */
export const GRANT_LIFE_MS = 180 * 24 * 3_600_000
/** Bytes of a sealed grant: 160, with room. */
export const MAX_GRANT_BYTES = 256
/** When a prekey is replaced, milliseconds: 7 days. */
export const PREKEY_LIFE_MS = 7 * 24 * 3_600_000
/** How long a replaced prekey still opens mail, milliseconds: as long as a mailbox keeps it. */
export const PREKEY_KEPT_MS = MAIL_LIFE_MS
/** Bytes of a sealed prekey: 150, with room. */
export const MAX_PREKEY_BYTES = 256
/** Frames of one letter: a card, a grant, a summary and a push, with room for later kinds. */
export const MAX_FRAMES_PER_LETTER = 16
/** Sizes that letters are padded to, bytes, ascending: a text is in one of the first two, a full push in one of the last. */
export const LETTER_SIZES = [1, 4, 16, 64, 256, 512].map((kib) => kib * 1024)
/** Bytes of a letter with its padding. */
export const MAX_PADDED_LETTER_BYTES = 512 * 1024

/** UTF-8 bytes of an endpoint of a push service: the longest in use are of 1,024 characters. */
export const MAX_ENDPOINT_BYTES = 1024

/** Contacts in the own backup: a list that a reader can hold at once. */
export const MAX_KEPT_CONTACTS = 1000
/** Grants given to one contact before the last: two at most hold at a time, and each restored installation may add some. */
export const MAX_GRANTS_BEFORE = 16
/** Revocations in the own backup, and told to a mailbox: as many as one holds. */
export const MAX_KEPT_REVOCATIONS = 2000
/** Bytes of a backup with its padding: sealed it is 36 longer, and under MAX_ITEM_BYTES. */
export const MAX_PADDED_BACKUP_BYTES = 1023 * 1024
/** Sizes that backups are padded to, bytes, ascending: some ten contacts in the second, a hundred in the fourth. */
export const BACKUP_SIZES = [...LETTER_SIZES, MAX_PADDED_BACKUP_BYTES]
