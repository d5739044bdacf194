/**
 * Which path is asked for (SPEC 4.13): a direct one wherever it may be had, and not again and again where it cannot be
 * had or does not hold, so that a session never goes back and forth between the two.
 */
import { backoffMs } from '../domain/backoff.ts'
import { DIRECT_BACKOFF, STEADY_MS } from './limits.ts'
import { currentSession, type Decision, type PeerState, type SessionState } from './state.ts'

/** Dials, which the caller found to be due. */
export const dial = (state: PeerState, now: number): Decision => [
  { ...state, dialing: true },
  [{ type: 'dial', path: now < state.directAt ? 'relayed' : 'best' }],
]

/** Looks for a direct path beside the relayed one that is in use, if it is ours to do and due. */
export function upgrade(state: PeerState, now: number): Decision {
  const session = currentSession(state)
  const due =
    session?.ready === true &&
    session.path === 'relayed' &&
    session.initiator === state.self &&
    state.network &&
    !state.dialing &&
    now >= state.directAt
  return due ? [{ ...state, dialing: true }, [{ type: 'dial', path: 'direct' }]] : [state, []]
}

/** No direct path was found, or one was lost soon. */
export function withoutDirect(state: PeerState, random: number, now: number): PeerState {
  const directFailures = state.directFailures + 1
  return { ...state, directFailures, directAt: now + backoffMs(directFailures, DIRECT_BACKOFF, random) }
}

/** What the end of a session says of direct paths: one that held for long says that they can be had. */
export function afterSession(
  state: PeerState,
  session: SessionState,
  random: number,
  now: number,
): PeerState {
  if (session.path !== 'direct') return state
  if (now - session.openedAt >= STEADY_MS) return { ...state, directFailures: 0, directAt: 0 }
  return withoutDirect(state, random, now)
}
