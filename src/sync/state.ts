/** What is known of a peer and its sessions, what may happen, and what may follow from it: data alone. */
import type { ConversationId, LogId, MessageId, PeerId } from '../domain/ids.ts'
import type {
  Frame,
  Hello,
  KnownStatements,
  LogNumbers,
  LogProof,
  Page,
  Pull,
  Push,
  Refusal,
  Start,
  Summary,
} from '../protocol/frames.ts'
import type { DialPath, SessionPath } from './ports.ts'

export interface SessionState {
  readonly id: string
  readonly initiator: PeerId
  readonly path: SessionPath
  readonly openedAt: number
  /** When a frame last came or went, and when one last came. */
  readonly activeAt: number
  readonly heardAt: number
  /** Null until their hello came. */
  readonly hello: Hello | null
  /** Their first summary is recorded: we know what they have, and may push the rest. */
  readonly ready: boolean
  /** Number of our last push, and how far they have acknowledged them. */
  readonly pushed: number
  readonly acknowledged: number
  /** The outbox is being read for this session. */
  readonly reading: boolean
  /** The queue row up to which the outbox was read; null: from the start. */
  readonly cursor: MessageId | null
  /** There may be rows after the cursor. */
  readonly more: boolean
  /** Something was refused for now: it is read again at the next tick. */
  readonly refusedForNow: boolean
  /** Number of their last push, and how many of them wait for a commit. */
  readonly received: number
  readonly committing: number
  /** Their last summary. */
  readonly summary: Summary | null
  /** What they have and we lack, besides what is asked for at the moment (null: nothing is). */
  readonly wanted: readonly LogNumbers[]
  readonly asked: readonly LogNumbers[] | null
  /** A page has brought something since what we lack was last looked up. */
  readonly brought: boolean
  /** Number of our last pull, and of theirs, and whether theirs is being answered. */
  readonly pulls: number
  readonly served: number
  readonly serving: boolean
  /** Their page is being committed. */
  readonly taking: boolean
  /** Summaries and acknowledgements of theirs that wait to be recorded. */
  readonly recording: number
  /** When they last said that they write, and whether they said that we are replaced: said again it changes nothing. */
  readonly typedAt: number
  readonly replacing: boolean
  /** Whether they have sent their grant: once is enough. */
  readonly granted: boolean
}

export interface PeerState {
  readonly self: PeerId
  readonly peer: PeerId
  /** What presence says; null: it says nothing. */
  readonly online: boolean | null
  /** When it said so. */
  readonly presenceAt: number
  /** We hold a reservation, so a dial is worth its while. */
  readonly network: boolean
  /** Something waits for this peer. */
  readonly queued: boolean
  /** Their conversation is open in a visible tab. */
  readonly shown: boolean
  readonly dialing: boolean
  /** Failed dials in a row, and when the next may begin. */
  readonly failures: number
  readonly dialAt: number
  /** Direct paths that could not be had or did not hold, one after another. */
  readonly directFailures: number
  /** No direct path is looked for before this time. */
  readonly directAt: number
  /** A timed attempt waits for `dialAt`. */
  readonly attemptDue: boolean
  /** The session in use is first; others have not been decided upon. */
  readonly sessions: readonly SessionState[]
}

export type PeerEvent =
  | { readonly type: 'network'; readonly online: boolean }
  | { readonly type: 'presence'; readonly online: boolean | null }
  | { readonly type: 'shown'; readonly shown: boolean }
  | { readonly type: 'queued'; readonly queued: boolean }
  | { readonly type: 'tick' }
  /** A timed attempt is due, and counted. */
  | { readonly type: 'attempt' }
  | { readonly type: 'wake' }
  /** Nothing is known of where the peer is: look for it. */
  | { readonly type: 'seek' }
  /** There are many sessions: this one ends if nothing is to be said in it. */
  | { readonly type: 'yield' }
  /** Our user writes to them. */
  | { readonly type: 'typing'; readonly conversation: ConversationId }
  | { readonly type: 'dialed'; readonly path: DialPath; readonly ok: boolean; readonly random: number }
  | {
      readonly type: 'opened'
      readonly session: string
      readonly initiator: PeerId
      readonly path: SessionPath
      /** Counts our sessions with anyone. */
      readonly ordinal: number
    }
  | { readonly type: 'closed'; readonly session: string; readonly random: number }
  | { readonly type: 'frame'; readonly session: string; readonly frame: Frame }
  /** So many records are dealt with. `wanted` is what they have and we lack, by their summary; null after acknowledgements. */
  | {
      readonly type: 'recorded'
      readonly session: string
      readonly records: number
      readonly wanted: readonly LogNumbers[] | null
    }
  /** A page is committed; `rest` is what it left open and may be asked for again. */
  | {
      readonly type: 'taken'
      readonly session: string
      readonly brought: boolean
      /** It brought something, or said what is gone: asking on may help. */
      readonly useful: boolean
      readonly rest: readonly LogNumbers[]
    }
  | { readonly type: 'paged'; readonly session: string; readonly page: Page }
  /** Another installation of the peer is known to have started later. */
  | { readonly type: 'outdated'; readonly session: string; readonly newer: Start }
  | {
      readonly type: 'outbox'
      readonly session: string
      /** Of as many pushes as there was room for, at most. */
      readonly pushes: readonly (readonly Uint8Array[])[]
      readonly cursor: MessageId | null
      readonly more: boolean
    }
  | {
      readonly type: 'committed'
      readonly session: string
      /** All pushes up to that number are. */
      readonly through: number
      readonly proofs: readonly LogProof[]
      readonly refused: readonly Refusal[]
    }
  | { readonly type: 'reads'; readonly proofs: readonly LogProof[] }
  | { readonly type: 'blocked' }

export type Effect =
  | { readonly type: 'dial'; readonly path: DialPath }
  | { readonly type: 'close'; readonly session: string; readonly reason: string }
  | { readonly type: 'send'; readonly session: string; readonly frame: Frame }
  /** Send our hello and our summary. */
  | { readonly type: 'greet'; readonly session: string; readonly ordinal: number; readonly alone: boolean }
  /** Keep what the peer says of itself; answered by `outdated` when another installation of it is newer. */
  | { readonly type: 'know'; readonly session: string; readonly hello: Hello }
  /** Send our summary again if it has changed. */
  | { readonly type: 'compare'; readonly session: string }
  /** Read the next messages for this peer, for so many pushes, sign and seal them; answered by `outbox`. */
  | {
      readonly type: 'read-outbox'
      readonly session: string
      readonly cursor: MessageId | null
      readonly room: number
    }
  /** Verify and commit; answered by `committed`, for several at once if they wait together. */
  | { readonly type: 'accept'; readonly session: string; readonly push: Push }
  /** Record what the peer proved and refused; answered by `recorded`, for several at once if they wait together. */
  | {
      readonly type: 'record'
      readonly session: string
      /** Their summary, where it is one: what they have and we lack is found by it. */
      readonly summary: Summary | null
      readonly proofs: readonly LogProof[]
      readonly refused: readonly Refusal[]
    }
  /** Verify and commit what we asked for; answered by `taken`. */
  | {
      readonly type: 'take'
      readonly session: string
      readonly page: Page
      readonly asked: readonly LogNumbers[]
      /** The group that it is of; null: the direct conversation. */
      readonly group: ConversationId | null
      /** Of the logs that were asked for. */
      readonly authors: ReadonlyMap<LogId, PeerId>
    }
  /** Read what they asked for; answered by `paged`. */
  | { readonly type: 'serve'; readonly session: string; readonly pull: Pull }
  | { readonly type: 'hear-typing'; readonly conversation: ConversationId }
  /** Give them the statements of members that they do not know; answered by `recorded`. */
  | {
      readonly type: 'give-statements'
      readonly session: string
      readonly groups: readonly KnownStatements[]
    }
  /** Verify and keep statements of members; answered by `recorded`. */
  | {
      readonly type: 'take-statements'
      readonly session: string
      readonly statements: readonly Uint8Array[]
    }
  /** Keep their leave to leave them mail. */
  | { readonly type: 'take-grant'; readonly grant: Uint8Array }
  /** Tell them that another installation of theirs is newer, and close the session. */
  | { readonly type: 'replace'; readonly session: string; readonly newer: Start }
  /** Close it when our greetings are out: until then the other side knows no session that could take its place. */
  | { readonly type: 'retire'; readonly session: string }
  /** They say that we are not the newest installation of ours. */
  | { readonly type: 'check-start'; readonly start: Start }
  /** Give back the lease that the session may hold on the peer. */
  | { readonly type: 'release'; readonly session: string }
  /** Feed `wake` at this time, milliseconds since the epoch. */
  | { readonly type: 'wake-at'; readonly at: number }

export type Decision = readonly [PeerState, readonly Effect[]]

export const unknownPeer = (self: PeerId, peer: PeerId, network: boolean): PeerState => ({
  self,
  peer,
  online: null,
  presenceAt: 0,
  network,
  queued: false,
  shown: false,
  dialing: false,
  failures: 0,
  dialAt: 0,
  directFailures: 0,
  directAt: 0,
  attemptDue: false,
  sessions: [],
})

/** Whether nothing is known of this peer that is worth keeping in memory. */
export const isForgettable = (state: PeerState): boolean =>
  state.sessions.length === 0 && !state.dialing && !state.queued && !state.shown && state.online !== true

/** The session that is in use: their hello came, and no better one did. */
export const currentSession = (state: PeerState): SessionState | undefined =>
  state.sessions[0]?.hello === null ? undefined : state.sessions[0]

/** The state with one session changed. */
export function updateSession(state: PeerState, id: string, change: Partial<SessionState>): PeerState {
  return { ...state, sessions: state.sessions.map((s) => (s.id === id ? { ...s, ...change } : s)) }
}
