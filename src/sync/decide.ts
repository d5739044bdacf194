/**
 * All policy of a session with one peer: (state, event, now) → (new state, effects), pure. The engine feeds it
 * events one at a time and runs the effects; what an effect finds out comes back as an event.
 *
 *   nothing ──dial/opened──▶ open ──hello──▶ current ──summary recorded──▶ flushing ⇄ waiting for acks
 *
 * A peer may have several sessions for a moment (both dialled, or a better path was found). The one that stays
 * is chosen when its hello comes, by a rule that both sides compute alike (`supersedes`).
 */
import type { MessageId, PeerId } from '../domain/ids.ts'
import { backoffMs } from '../domain/backoff.ts'
import type { Ack, Frame, Hello, LogProof, Push, Refusal } from '../protocol/frames.ts'
import { SYNC_VERSION } from '../protocol/frames.ts'
import { PUSH_WINDOW } from '../protocol/limits.ts'
import {
  DIAL_BACKOFF,
  HELLO_TIMEOUT_MS,
  IDLE_MS,
  LASTING_MS,
  MAX_SESSIONS_PER_PEER,
  MAX_WAITING_PUSHES,
} from './limits.ts'
import type { SessionPath } from './ports.ts'

export interface SessionState {
  readonly id: string
  readonly initiator: PeerId
  readonly path: SessionPath
  readonly openedAt: number
  /** When a frame last came or went, and when one last came. */
  readonly activeAt: number
  readonly heardAt: number
  /** Null until their hello came. */
  readonly hello: Pick<Hello, 'started' | 'ordinal'> | null
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
  | { readonly type: 'dialed'; readonly ok: boolean; readonly random: number }
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
  | { readonly type: 'recorded'; readonly session: string }
  | {
      readonly type: 'outbox'
      readonly session: string
      readonly envelopes: readonly Uint8Array[]
      readonly cursor: MessageId | null
      readonly more: boolean
    }
  | {
      readonly type: 'committed'
      readonly session: string
      readonly through: number
      readonly proofs: readonly LogProof[]
      readonly refused: readonly Refusal[]
    }
  | { readonly type: 'reads'; readonly proofs: readonly LogProof[] }
  | { readonly type: 'blocked' }

export type Effect =
  | { readonly type: 'dial' }
  | { readonly type: 'close'; readonly session: string; readonly reason: string }
  | { readonly type: 'send'; readonly session: string; readonly frame: Frame }
  /** Send our hello and our summary. */
  | { readonly type: 'greet'; readonly session: string; readonly ordinal: number; readonly alone: boolean }
  | { readonly type: 'know'; readonly hello: Hello }
  /** Read the next messages for this peer, sign and seal them; answered by `outbox`. */
  | { readonly type: 'read-outbox'; readonly session: string; readonly cursor: MessageId | null }
  /** Verify and commit; answered by `committed`. */
  | { readonly type: 'accept'; readonly session: string; readonly push: Push }
  /** Record what the peer proved and refused; answered by `recorded`. */
  | {
      readonly type: 'record'
      readonly session: string
      /** It is their summary: from here on we may tell them things. */
      readonly first: boolean
      readonly proofs: readonly LogProof[]
      readonly refused: readonly Refusal[]
    }
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
  sessions: [],
})

/** Whether nothing is known of this peer that is worth keeping in memory. */
export const isForgettable = (state: PeerState): boolean =>
  state.sessions.length === 0 && !state.dialing && !state.queued && !state.shown && state.online !== true

export function decide(state: PeerState, event: PeerEvent, now: number): Decision {
  switch (event.type) {
    case 'network':
      // Back on a network, what failed before says nothing.
      return connect({ ...state, network: event.online, failures: 0, dialAt: 0 }, now, false)
    case 'presence':
      return connect({ ...state, online: event.online, presenceAt: now, failures: 0, dialAt: 0 }, now, false)
    case 'shown':
      return connect({ ...state, shown: event.shown }, now, event.shown && !state.shown)
    case 'queued':
      return onQueued(state, event.queued, now)
    case 'tick':
      return onTick(state, now)
    case 'attempt':
      return onAttempt(state, now)
    case 'wake':
      return onWake(state, now)
    case 'dialed':
      return onDialed(state, event.ok, event.random, now)
    case 'opened':
      return onOpened(state, event, now)
    case 'closed':
      return onClosed(state, event.session, event.random, now)
    case 'frame':
      return onFrame(state, event.session, event.frame, now)
    case 'recorded':
      return flush(update(state, event.session, { ready: true }), event.session)
    case 'outbox':
      return onOutbox(state, event, now)
    case 'committed':
      return onCommitted(state, event, now)
    case 'reads':
      return sendReads(state, event.proofs, now)
    case 'blocked':
      return [state, state.sessions.map(({ id }) => ({ type: 'close', session: id, reason: 'blocked' }))]
  }
}

/**
 * Whether the peer is there: presence says so, or a session does. When presence has said that the peer left, a
 * session counts again when something is heard on it: it may be dead, and take seconds to show it.
 */
export function isThere(state: PeerState): boolean {
  const session = currentSession(state)
  if (state.online === true || session === undefined) return state.online === true
  return state.online === null || session.heardAt > state.presenceAt
}

/** The session that is in use: their hello came, and no better one did. */
export const currentSession = (state: PeerState): SessionState | undefined =>
  state.sessions[0]?.hello === null ? undefined : state.sessions[0]

const isWanted = (state: PeerState): boolean => state.queued || state.shown

/**
 * Dials when there is something to say, or someone looks, and no session. Presence that says nothing is no
 * reason to dial but at a tick or when a conversation is opened (`evenIfSilent`).
 */
function connect(state: PeerState, now: number, evenIfSilent: boolean): Decision {
  const due = isWanted(state) && state.network && !state.dialing && state.sessions.length === 0
  if (!due || (state.online !== true && !evenIfSilent)) return [state, []]
  if (now < state.dialAt) return [state, [{ type: 'wake-at', at: state.dialAt }]]
  return [{ ...state, dialing: true }, [{ type: 'dial' }]]
}

function onDialed(state: PeerState, ok: boolean, random: number, now: number): Decision {
  // Whether it was worth it shows when the session lasts.
  if (ok) return [{ ...state, dialing: false }, []]
  const failures = state.failures + 1
  const dialAt = now + backoffMs(failures, DIAL_BACKOFF, random)
  return connect({ ...state, dialing: false, failures, dialAt }, now, false)
}

function onQueued(state: PeerState, queued: boolean, now: number): Decision {
  const session = currentSession(state)
  const changed = { ...state, queued }
  if (!queued || session === undefined) return connect(changed, now, queued && !state.queued)
  return flush(update(changed, session.id, { more: true }), session.id)
}

function onTick(state: PeerState, now: number): Decision {
  const silent = state.sessions.find((s) => s.hello === null && now - s.openedAt > HELLO_TIMEOUT_MS)
  if (silent !== undefined) return [state, [{ type: 'close', session: silent.id, reason: 'no hello came' }]]
  const session = currentSession(state)
  if (session === undefined) return connect(state, now, true)
  if (session.refusedForNow)
    return flush(update(state, session.id, { refusedForNow: false, cursor: null, more: true }), session.id)
  const idle = !isWanted(state) && session.initiator === state.self && now - session.activeAt > IDLE_MS
  return [state, idle ? [{ type: 'close', session: session.id, reason: 'idle' }] : []]
}

/** Pushes again what an open session left unconfirmed; without one, dials even where presence says nothing. */
function onAttempt(state: PeerState, now: number): Decision {
  const session = currentSession(state)
  if (session === undefined) return connect({ ...state, queued: true }, now, true)
  const settled = session.acknowledged === session.pushed
  return settled ? flush(update(state, session.id, { cursor: null, more: true }), session.id) : [state, []]
}

const onWake = (state: PeerState, now: number): Decision => connect(state, now, false)

function onOpened(
  state: PeerState,
  event: { session: string; initiator: PeerId; path: SessionPath; ordinal: number },
  now: number,
): Decision {
  if (state.sessions.length >= MAX_SESSIONS_PER_PEER)
    return [state, [{ type: 'close', session: event.session, reason: 'too many sessions' }]]
  const session: SessionState = {
    id: event.session,
    initiator: event.initiator,
    path: event.path,
    openedAt: now,
    activeAt: now,
    heardAt: 0,
    hello: null,
    ready: false,
    pushed: 0,
    acknowledged: 0,
    reading: false,
    cursor: null,
    more: true,
    refusedForNow: false,
    received: 0,
    committing: 0,
  }
  const greet: Effect = {
    type: 'greet',
    session: session.id,
    ordinal: event.ordinal,
    alone: state.sessions.length === 0,
  }
  return [{ ...state, sessions: [...state.sessions, session] }, [greet]]
}

function onClosed(state: PeerState, id: string, random: number, now: number): Decision {
  const session = state.sessions.find((s) => s.id === id)
  // A session that ends as soon as it began is a failed dial: it would be made again and again.
  const failures = session === undefined || now - session.openedAt > LASTING_MS ? 0 : state.failures + 1
  const dialAt = failures === 0 ? 0 : now + backoffMs(failures, DIAL_BACKOFF, random)
  const rest = { ...state, failures, dialAt, sessions: state.sessions.filter((s) => s.id !== id) }
  const [next, effects] = connect(rest, now, false)
  return [next, [{ type: 'release', session: id }, ...effects]]
}

function onFrame(state: PeerState, id: string, frame: Frame, now: number): Decision {
  const session = state.sessions.find((s) => s.id === id)
  // The session was closed while the frame was on its way.
  if (session === undefined) return [state, []]
  if (frame.type === 'hello') return onHello(state, session, frame, now)
  if (session.hello === null) return refuse(state, id, `${frame.type} before hello`)
  const active = update(state, id, { activeAt: now, heardAt: now })
  switch (frame.type) {
    case 'summary': {
      const proofs = frame.conversations.flatMap(({ conversation, logs }) =>
        logs.map(({ log, accepted, read }) => ({ conversation, log, accepted, read })),
      )
      return [active, [{ type: 'record', session: id, first: true, proofs, refused: [] }]]
    }
    case 'push':
      return onPush(active, session, frame)
    case 'ack':
      return onAck(active, session, frame)
  }
}

function onHello(state: PeerState, session: SessionState, hello: Hello, now: number): Decision {
  if (session.hello !== null) return refuse(state, session.id, 'a second hello')
  if (hello.version !== SYNC_VERSION)
    return refuse(state, session.id, `version ${hello.version} is not spoken here`)
  const said: SessionState = { ...session, hello, activeAt: now, heardAt: now }
  const rival = currentSession(state)
  const wins = rival === undefined || supersedes(said, hello, rival)
  const loser = wins ? rival : said
  const others = state.sessions.filter((s) => s.id !== said.id && s.id !== loser?.id)
  const sessions = wins ? [said, ...others] : state.sessions.filter((s) => s.id !== said.id)
  const effects: Effect[] = [{ type: 'know', hello }]
  if (loser !== undefined)
    effects.push({ type: 'close', session: loser.id, reason: 'another session is used' })
  return [{ ...state, sessions }, effects]
}

/**
 * Whether `fresh`, whose hello has just come, takes the place of the session that is in use. A peer that has
 * restarted, or that had lost every earlier session when it said hello, leaves no choice. Otherwise a direct
 * path beats a relayed one, then what the lesser peer id opened, then the newer.
 */
function supersedes(fresh: SessionState, hello: Hello, used: SessionState): boolean {
  const usedHello = used.hello
  if (usedHello === null || hello.started > usedHello.started) return true
  if (hello.alone && hello.ordinal > usedHello.ordinal) return true
  if (fresh.path !== used.path) return fresh.path === 'direct'
  return fresh.initiator <= used.initiator
}

function onPush(state: PeerState, session: SessionState, push: Push): Decision {
  if (push.number !== session.received + 1) return refuse(state, session.id, 'push out of turn')
  if (session.committing >= MAX_WAITING_PUSHES)
    return refuse(state, session.id, 'more pushes than the window')
  return [
    update(state, session.id, { received: push.number, committing: session.committing + 1 }),
    [{ type: 'accept', session: session.id, push }],
  ]
}

function onAck(state: PeerState, session: SessionState, ack: Ack): Decision {
  if (ack.through > session.pushed)
    return refuse(state, session.id, 'an acknowledgement of what was never pushed')
  const acknowledged = Math.max(session.acknowledged, ack.through)
  const refusedForNow = session.refusedForNow || ack.refused.some((r) => !r.permanent)
  const { proofs, refused } = ack
  // All is confirmed: what is left in the queue, or comes back into it under an old id, is read from the start.
  const cursor = acknowledged === session.pushed && !refusedForNow ? null : session.cursor
  const record: Effect = { type: 'record', session: session.id, first: false, proofs, refused }
  const [next, effects] = flush(
    update(state, session.id, { acknowledged, refusedForNow, cursor }),
    session.id,
  )
  return [next, [record, ...effects]]
}

/** Reads on in the outbox while the window has room. */
function flush(state: PeerState, id: string): Decision {
  const session = currentSession(state)
  if (session?.id !== id || !session.ready || session.reading || !session.more) return [state, []]
  if (session.pushed - session.acknowledged >= PUSH_WINDOW) return [state, []]
  return [
    update(state, id, { reading: true, more: false }),
    [{ type: 'read-outbox', session: id, cursor: session.cursor }],
  ]
}

function onOutbox(
  state: PeerState,
  event: { session: string; envelopes: readonly Uint8Array[]; cursor: MessageId | null; more: boolean },
  now: number,
): Decision {
  const session = state.sessions.find((s) => s.id === event.session)
  if (session === undefined) return [state, []]
  const send = event.envelopes.length > 0
  const pushed = send ? session.pushed + 1 : session.pushed
  const next = update(state, session.id, {
    reading: false,
    pushed,
    cursor: event.cursor ?? session.cursor,
    // While it was being read, more may have been queued.
    more: session.more || event.more,
    activeAt: send ? now : session.activeAt,
  })
  const push: Frame = { type: 'push', number: pushed, envelopes: event.envelopes }
  const [last, effects] = flush(next, session.id)
  return [last, send ? [{ type: 'send', session: session.id, frame: push }, ...effects] : effects]
}

function onCommitted(
  state: PeerState,
  event: { session: string; through: number; proofs: readonly LogProof[]; refused: readonly Refusal[] },
  now: number,
): Decision {
  const session = state.sessions.find((s) => s.id === event.session)
  if (session === undefined) return [state, []]
  const next = update(state, session.id, { committing: session.committing - 1, activeAt: now })
  const ack: Ack = { type: 'ack', through: event.through, proofs: event.proofs, refused: event.refused }
  return [next, [{ type: 'send', session: session.id, frame: ack }]]
}

function sendReads(state: PeerState, proofs: readonly LogProof[], now: number): Decision {
  const session = currentSession(state)
  if (session === undefined || proofs.length === 0) return [state, []]
  // `through` gives no window back here: pushes that still wait for their commit are not dealt with.
  const ack: Ack = { type: 'ack', through: session.received - session.committing, proofs, refused: [] }
  return [update(state, session.id, { activeAt: now }), [{ type: 'send', session: session.id, frame: ack }]]
}

const refuse = (state: PeerState, session: string, reason: string): Decision => [
  state,
  [{ type: 'close', session, reason }],
]

function update(state: PeerState, id: string, change: Partial<SessionState>): PeerState {
  return { ...state, sessions: state.sessions.map((s) => (s.id === id ? { ...s, ...change } : s)) }
}
