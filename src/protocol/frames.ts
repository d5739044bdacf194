/**
 * `/gigi/sync/1.0.0` (SPEC 4, 9): the frames of a session between two peers, on one stream. A frame is an array that
 * begins with its kind; later versions add kinds (skipped when unknown) and elements at the end (ignored).
 *
 * | Frame   | Fields                                                                                  |
 * |---------|-----------------------------------------------------------------------------------------|
 * | hello   | 0, version, [capability, …], nickname, installation id, started (ms), ordinal, alone, [relay address, …], signature |
 * | summary | 1, [[conversation, [[log, author's key, [accepted range, …], [read range, …], tail], …]], …] |
 * | push    | 2, number, [sealed envelope, …]                                                         |
 * | ack     | 3, through (push number), [[conversation, log, accepted, read], …], [[id, permanent, code], …] |
 * | pull    | 4, number, conversation, [[log, [wanted range, …]], …]                                  |
 * | page    | 5, number of the pull, [sealed envelope, …], [[log, [range that is gone, …]], …], [[log, [range that holds nothing, …]], …] |
 * | typing  | 6, conversation                                                                         |
 * | replaced | 7, installation id, started (ms), signature                                            |
 * | grant   | 8, sealed grant                                                                         |
 * | card    | 9, nickname, [relay address, …]                                                         |
 * | known   | 10, [[group, [[member's key, number of the last statement], …]], …]                     |
 * | statements | 11, [sealed statement, …]                                                            |
 *
 * A range is [first, last]. Read ranges are empty where receipts are off. A tail is the id of the message with the
 * highest number, or null. An ack with `through` gives back the window of all pushes up to that number: it is sent
 * after the commit, and is the only flow control.
 */
import type { ConversationId, InstallationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type { SequenceSet } from '../domain/sequence-set.ts'
import { encode } from './cbor.ts'
import { fromBase64url } from './identifiers.ts'
import { signedBytes } from './signing.ts'

export const SYNC_PROTOCOL = '/gigi/sync/1.0.0'
/** The version of the session that this code speaks. */
export const SYNC_VERSION = 1

export interface Hello {
  readonly type: 'hello'
  readonly version: number
  readonly nickname: string
  readonly installation: InstallationId
  /** When this installation's node started: milliseconds since the Unix epoch, by its clock. */
  readonly started: number
  /** Counts the sender's sessions with anyone since it started: which of two it saw opened first. */
  readonly ordinal: number
  /** The sender held no other session with the receiver then: what the receiver holds from before is dead. */
  readonly alone: boolean
  readonly relays: readonly string[]
  /** Of the identity over installation and start (`startSignedBytes`): for another installation of it to check. */
  readonly signature: Uint8Array
}

/** An installation of an identity, and when it started; the newest start wins. */
export type Start = Pick<Hello, 'installation' | 'started' | 'signature'>

/** What `Start.signature` is over. */
export const startSignedBytes = ({
  installation,
  started,
}: Pick<Start, 'installation' | 'started'>): Uint8Array<ArrayBuffer> =>
  signedBytes('gigi/start/1', encode([fromBase64url(installation), started]))

/** Whether `a` started after `b`; of two at one time the greater id is the newer. */
export const isNewerStart = (
  a: Pick<Start, 'installation' | 'started'>,
  b: Pick<Start, 'installation' | 'started'>,
): boolean => a.started > b.started || (a.started === b.started && a.installation > b.installation)

export interface LogSummary {
  readonly log: LogId
  readonly author: PeerId
  readonly accepted: SequenceSet
  readonly read: SequenceSet
  /** The message at the highest accepted number, where it is known: an author who has another there was rewound. */
  readonly tail: MessageId | null
}

export interface ConversationSummary {
  readonly conversation: ConversationId
  readonly logs: readonly LogSummary[]
}

export interface Summary {
  readonly type: 'summary'
  readonly conversations: readonly ConversationSummary[]
}

export interface Push {
  readonly type: 'push'
  /** 1, 2, 3, … within the session. */
  readonly number: number
  readonly envelopes: readonly Uint8Array[]
}

export interface LogProof {
  readonly conversation: ConversationId
  readonly log: LogId
  readonly accepted: SequenceSet
  readonly read: SequenceSet
}

/** Why a message was not accepted. Unknown codes are shown as `other`. */
export const REFUSALS = [
  'other',
  'malformed',
  'not-member',
  'requests-full',
  'storage-full',
  'conflict',
] as const
export type RefusalCode = (typeof REFUSALS)[number]

export interface Refusal {
  readonly id: MessageId
  /** Trying ends. A temporary refusal is tried again later. */
  readonly permanent: boolean
  readonly code: RefusalCode
}

export interface Ack {
  readonly type: 'ack'
  /** All pushes up to this number are dealt with; 0 before the first. */
  readonly through: number
  readonly proofs: readonly LogProof[]
  readonly refused: readonly Refusal[]
}

export interface LogNumbers {
  readonly log: LogId
  readonly numbers: SequenceSet
}

/** Asks for messages by their places; answered by one page. */
export interface Pull {
  readonly type: 'pull'
  /** 1, 2, 3, … within the session; one at a time is under way. */
  readonly number: number
  readonly conversation: ConversationId
  readonly wanted: readonly LogNumbers[]
}

export interface Page {
  readonly type: 'page'
  readonly number: number
  readonly envelopes: readonly Uint8Array[]
  /** What the sender does not have and will not send. What it says nothing of may be asked for again. */
  readonly gone: readonly LogNumbers[]
  /** Places of messages that stand at another place: nothing is missed there. */
  readonly empty: readonly LogNumbers[]
}

export interface Typing {
  readonly type: 'typing'
  readonly conversation: ConversationId
}

/** Another installation of the receiver's identity, which started later, is there. */
export interface Replaced extends Start {
  readonly type: 'replaced'
}

/** Lets the receiver deposit mail for the sender (SPEC 4.14, 18.4). */
export interface GrantFrame {
  readonly type: 'grant'
  /** Sealed, and not yet verified. */
  readonly grant: Uint8Array
}

/** What a hello says of its sender, for a letter, which has none (SPEC 19.5). */
export interface Card {
  readonly type: 'card'
  readonly nickname: string
  readonly relays: readonly string[]
}

/** The statements that the sender has of the members of groups (SPEC 21.17): the receiver sends later ones that it has. */
export interface Known {
  readonly type: 'known'
  readonly groups: readonly KnownStatements[]
}

export interface KnownStatements {
  readonly group: ConversationId
  readonly members: readonly { readonly member: PeerId; readonly number: number }[]
}

/** Statements of members, sealed and not yet verified. */
export interface Statements {
  readonly type: 'statements'
  readonly statements: readonly Uint8Array[]
}

export type Frame =
  Hello | Summary | Push | Ack | Pull | Page | Typing | Replaced | GrantFrame | Card | Known | Statements
