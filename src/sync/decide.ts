/**
 * All policy of a session with one peer: (state, event, now) → (new state, effects), pure. The engine feeds it
 * events one at a time and runs the effects; what an effect finds out comes back as an event.
 *
 *   nothing ──dial/opened──▶ open ──hello──▶ current ──summary recorded──▶ flushing ⇄ waiting for acks
 *
 * A peer may have several sessions for a moment (both dialled, or a better path was found). The one that stays
 * is chosen when its hello comes, by a rule that both sides compute alike (`supersedes`).
 */
import { backoffMs } from '../domain/backoff.ts'
import type { ConversationId, PeerId } from '../domain/ids.ts'
import {
  DIAL_BACKOFF,
  HELLO_TIMEOUT_MS,
  IDLE_MS,
  LASTING_MS,
  MAX_SESSIONS_PER_PEER,
  QUIET_MS,
} from './limits.ts'
import { afterSession, dial, upgrade, withoutDirect } from './paths.ts'
import type { DialPath, SessionPath } from './ports.ts'
import { flush, onCommitted, onFrame, onOutbox, onRecorded, onTaken, sendReads } from './session.ts'
import {
  currentSession,
  type Decision,
  type Effect,
  type PeerEvent,
  type PeerState,
  type SessionState,
  updateSession,
} from './state.ts'

export function decide(state: PeerState, event: PeerEvent, now: number): Decision {
  switch (event.type) {
    case 'network':
      // Back on a network, what failed before says nothing.
      return connect(
        { ...state, network: event.online, failures: 0, dialAt: 0, directFailures: 0, directAt: 0 },
        now,
        false,
      )
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
      return onDialed(state, event, now)
    case 'opened':
      return onOpened(state, event, now)
    case 'closed':
      return onClosed(state, event.session, event.random, now)
    case 'frame':
      return onFrame(state, event.session, event.frame, now)
    case 'recorded':
      return onRecorded(state, event)
    case 'taken':
      return onTaken(state, event)
    case 'paged':
      return [
        updateSession(state, event.session, { serving: false }),
        [{ type: 'send', session: event.session, frame: event.page }],
      ]
    case 'outdated':
      return [state, [{ type: 'replace', session: event.session, newer: event.newer }]]
    case 'seek':
      return state.sessions.length === 0 && !state.dialing && state.network && now >= state.dialAt
        ? dial(state, now)
        : [state, []]
    case 'yield':
      return onYield(state, now)
    case 'typing':
      return onTyping(state, event.conversation)
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

/** Whether something was pushed that is not answered yet. */
export function isUnderWay(state: PeerState): boolean {
  const session = currentSession(state)
  return session !== undefined && session.acknowledged < session.pushed
}

const isWanted = (state: PeerState): boolean => state.queued || state.shown

/**
 * Dials when there is something to say, or someone looks, and no session. Presence that says nothing is no
 * reason to dial but at a tick or when a conversation is opened (`evenIfSilent`).
 */
function connect(state: PeerState, now: number, evenIfSilent: boolean): Decision {
  const due = isWanted(state) && state.network && !state.dialing && state.sessions.length === 0
  if (!due || (state.online !== true && !evenIfSilent)) return [state, []]
  if (now < state.dialAt) return [state, [{ type: 'wake-at', at: state.dialAt }]]
  return dial(state, now)
}

function onDialed(
  before: PeerState,
  { path, ok, random }: { path: DialPath; ok: boolean; random: number },
  now: number,
): Decision {
  const state = { ...before, dialing: false }
  const isDirect = state.sessions.some((session) => session.path === 'direct')
  const sought = path !== 'relayed' && !isDirect
  // Whether it was worth it shows when the session lasts.
  if (ok) return [sought ? withoutDirect(state, random, now) : state, []]
  if (path === 'direct') return connect(withoutDirect(state, random, now), now, false)
  const failures = state.failures + 1
  const dialAt = now + backoffMs(failures, DIAL_BACKOFF, random)
  return connect({ ...state, failures, dialAt }, now, false)
}

function onQueued(state: PeerState, queued: boolean, now: number): Decision {
  const session = currentSession(state)
  const changed = { ...state, queued }
  if (!queued || session === undefined) return connect(changed, now, queued && !state.queued)
  return flush(updateSession(changed, session.id, { more: true }), session.id)
}

function onTick(state: PeerState, now: number): Decision {
  const silent = state.sessions.find((s) => !s.ready && now - s.openedAt > HELLO_TIMEOUT_MS)
  if (silent !== undefined)
    return [state, [{ type: 'close', session: silent.id, reason: 'no hello or no summary came' }]]
  const session = currentSession(state)
  if (session === undefined) return connect(state, now, true)
  if (session.refusedForNow)
    return flush(
      updateSession(state, session.id, { refusedForNow: false, cursor: null, more: true }),
      session.id,
    )
  const idle = !isWanted(state) && session.initiator === state.self && now - session.activeAt > IDLE_MS
  if (idle) return [state, [{ type: 'close', session: session.id, reason: 'idle' }]]
  const [next, effects] = upgrade(state, now)
  return [next, session.ready ? [{ type: 'compare', session: session.id }, ...effects] : effects]
}

function onTyping(state: PeerState, conversation: ConversationId): Decision {
  const session = currentSession(state)
  if (session?.ready !== true) return [state, []]
  return [state, [{ type: 'send', session: session.id, frame: { type: 'typing', conversation } }]]
}

/** Ends a session in which nothing was said for a while and nothing waits to be. */
function onYield(state: PeerState, now: number): Decision {
  const session = currentSession(state)
  const isBusy =
    session?.ready !== true ||
    isWanted(state) ||
    isUnderWay(state) ||
    now - session.activeAt < QUIET_MS ||
    session.asked !== null ||
    session.serving ||
    session.committing + session.recording > 0
  return isBusy ? [state, []] : [state, [{ type: 'close', session: session.id, reason: 'room for others' }]]
}

/** Pushes again what an open session left unconfirmed; without one, dials even where presence says nothing. */
function onAttempt(state: PeerState, now: number): Decision {
  const session = currentSession(state)
  if (session === undefined) {
    const [next, effects] = connect({ ...state, queued: true, attemptDue: true }, now, true)
    return [{ ...next, attemptDue: !next.dialing }, effects]
  }
  return isUnderWay(state)
    ? [state, []]
    : flush(updateSession(state, session.id, { cursor: null, more: true }), session.id)
}

const onWake = (state: PeerState, now: number): Decision =>
  connect({ ...state, attemptDue: false }, now, state.attemptDue)

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
    summary: null,
    wanted: [],
    asked: null,
    brought: false,
    pulls: 0,
    served: 0,
    serving: false,
    taking: false,
    recording: 0,
    typedAt: 0,
    replacing: false,
    granted: false,
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
  const left = session === undefined ? state : afterSession(state, session, random, now)
  const rest = { ...left, failures, dialAt, sessions: state.sessions.filter((s) => s.id !== id) }
  const [next, effects] = connect(rest, now, false)
  return [next, [{ type: 'release', session: id }, ...effects]]
}
