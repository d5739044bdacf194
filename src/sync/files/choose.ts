/** Which files are fetched next, and from whom: pure, so that it can be tested whatever the network does. */
import type { MessageId, PeerId } from '../../domain/ids.ts'
import type { SessionPath } from '../ports.ts'
import {
  DIRECT_GRACE_MS,
  LARGE_BYTES,
  MAX_DOWNLOADS,
  MAX_LARGE_DOWNLOADS,
  MAX_RELAYED_BYTES,
} from './limits.ts'

export interface Candidate {
  readonly message: MessageId
  readonly size: number
  /** Bytes that are missing. */
  readonly missing: number
  /** Who may have it, the dearest first. */
  readonly members: readonly PeerId[]
}

/** What is known of a peer. */
export interface Reach {
  readonly path: SessionPath | 'none'
  /** Since when it is that one, milliseconds. */
  readonly since: number
}

export interface Choice {
  readonly message: MessageId
  readonly peer: PeerId
}

export interface World {
  readonly now: number
  readonly running: readonly { readonly message: MessageId; readonly size: number }[]
  reach(peer: PeerId): Reach
  /** From when on a peer may be asked for a file (again), milliseconds. */
  askableAt(message: MessageId, peer: PeerId): number
}

export interface Chosen {
  readonly begin: readonly Choice[]
  /** When there may be more to choose though nothing else happens; null: never. */
  readonly at: number | null
  /** With whom a session is wanted: someone who may have something that is wanted. */
  readonly sought: ReadonlySet<PeerId>
}

export const isLarge = (size: number): boolean => size > LARGE_BYTES

/** `wanted`: the first to come first. */
export function choose(wanted: readonly Candidate[], world: World): Chosen {
  const { now } = world
  const begin: Choice[] = []
  const sought = new Set<PeerId>()
  const running = [...world.running]
  let at: number | null = null
  for (const { message, size, missing, members } of wanted) {
    for (const peer of members) sought.add(peer)
    if (running.some((other) => other.message === message)) continue
    const large = running.filter((other) => isLarge(other.size)).length
    if (running.length >= MAX_DOWNLOADS || (isLarge(size) && large >= MAX_LARGE_DOWNLOADS)) continue
    const times = members.map((peer) => [peer, startableAt(peer, message, missing, world)] as const)
    const peer = times.find(([, time]) => time <= now)?.[0]
    if (peer === undefined) {
      const next = Math.min(...times.map(([, time]) => time))
      if (Number.isFinite(next)) at = Math.min(at ?? next, next)
      continue
    }
    begin.push({ message, peer })
    running.push({ message, size })
  }
  return { begin, at, sought }
}

/** From when on `peer` can be asked; never, as things stand, is Infinity. */
function startableAt(peer: PeerId, message: MessageId, missing: number, world: World): number {
  const { path, since } = world.reach(peer)
  if (path === 'none') return Infinity
  const askable = world.askableAt(message, peer)
  if (path === 'direct') return askable
  return missing > MAX_RELAYED_BYTES ? Infinity : Math.max(askable, since + DIRECT_GRACE_MS)
}
