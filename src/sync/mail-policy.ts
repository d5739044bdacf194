/** When something goes out by letter: what cannot be delivered live within a few seconds (SPEC 19.8). Pure. */
import { DEPOSIT_AFTER_MS, DEPOSIT_SOON_MS, DEPOSIT_STUCK_MS } from './limits.ts'
import { currentSession, type PeerState } from './state.ts'

export interface Waiting {
  /** When the oldest message was queued that is in no letter yet; null: there is none. */
  readonly unpostedSince: number | null
  /** Since when they are to hear what was accepted and read; null: they know. */
  readonly owedSince: number | null
  /** Not before this time: the last letter could not be left. */
  readonly notBefore: number
}

/**
 * From when on, milliseconds since the epoch, what waits for a peer goes by letter; null while nothing does, or while only
 * something that happens can tell. `onlineSince` is since when we are reachable ourselves.
 */
export function letterAt(
  state: PeerState,
  { unpostedSince, owedSince, notBefore }: Waiting,
  onlineSince: number,
): number | null {
  if (unpostedSince === null && owedSince === null) return null
  const session = currentSession(state)
  if (session?.ready === true) {
    // It is being said. A push that is not answered, or was refused for now, may wait for long.
    if (unpostedSince === null) return null
    return Math.max(notBefore, Math.max(unpostedSince, session.heardAt) + DEPOSIT_STUCK_MS)
  }
  const since = Math.min((unpostedSince ?? Infinity) + DEPOSIT_SOON_MS, owedSince ?? Infinity)
  if (state.online === false) return Math.max(notBefore, since)
  // Nothing is said of them. Who has read may close the tab at any moment, and who wrote by mail is likely not there.
  if (state.online === null && owedSince !== null) return Math.max(notBefore, since)
  const known = Math.max(onlineSince, state.presenceAt) + DEPOSIT_AFTER_MS
  // Who is there is dialled, and given the time that this takes.
  if (state.online === true)
    return Math.max(
      notBefore,
      known,
      Math.min(unpostedSince ?? Infinity, owedSince ?? Infinity) + DEPOSIT_AFTER_MS,
    )
  // Of whom nothing was said soon after we came is away: the relay says who is there.
  return Math.max(notBefore, since, known)
}
