/**
 * Whom to meet for the sake of groups. Members compare what they have when they come, a few with each, so that whoever was away
 * gets what was written from whoever is there; and no browser keeps sessions with all members of a large group.
 */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import { joinedGroups } from '../store/fellows.ts'
import type { Core } from './core.ts'
import { COMPARE_AFTER_MS, COMPARED_MEMBERS, GROUP_SESSIONS } from './limits.ts'
import { Coalesced } from './serial.ts'
import type { PeerState } from './state.ts'

export class Gossip {
  readonly #core: Core
  readonly #looking = new Coalesced(() => this.#core.guard('meet members of groups', () => this.#meet()))
  /** Groups whose conversation is open in a visible tab. */
  #shown: ReadonlySet<ConversationId> = new Set()
  /** Members that have come since they were last looked at. */
  readonly #arrived = new Set<PeerId>()
  /** When there was last a session with a member, by group. */
  readonly #met = new Map<ConversationId, number>()
  /** Counts those of the silent ones who have had their turn: at each tick others do. */
  #turn = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#looking.idle()
  }

  /** Someone is there now, who may be in a group with us. */
  arrived(peer: PeerId): void {
    this.#arrived.add(peer)
    this.#looking.request()
  }

  show(groups: ReadonlySet<ConversationId>): void {
    this.#shown = groups
    this.#looking.request()
  }

  /** Looks after groups in which nothing was compared for long, and makes room where there are many sessions. */
  tick(): void {
    this.#turn += GROUP_SESSIONS
    this.makeRoom()
    this.#looking.request()
  }

  /** Which of those for whom something waits are to be met now: with whom there is a session, and as many more as there is room for. */
  chosen(queued: readonly PeerId[]): ReadonlySet<PeerId> {
    const { peers } = this.#core
    const stateOf = (peer: PeerId): PeerState | undefined => peers.get(peer)
    const isOpen = (peer: PeerId): boolean => {
      const state = stateOf(peer)
      return state !== undefined && (state.sessions.length > 0 || state.dialing || state.shown)
    }
    const open = queued.filter(isOpen)
    const others = queued.filter((peer) => !isOpen(peer))
    // Who is there first; those of whom nothing is known, or who are away, in turns.
    const there = others.filter((peer) => stateOf(peer)?.online === true)
    const silent = others.filter((peer) => stateOf(peer)?.online !== true)
    const turn = silent.length <= GROUP_SESSIONS ? 0 : this.#turn % silent.length
    const inTurn = [...silent.slice(turn), ...silent.slice(0, turn)]
    const room = Math.max(0, GROUP_SESSIONS - open.length)
    return new Set([...open, ...there.slice(0, room), ...inTurn.slice(0, GROUP_SESSIONS)])
  }

  /** Ends sessions in which nothing is to be said, as many as there are too many. */
  makeRoom(): void {
    const { peers, feed } = this.#core
    const open = [...peers].filter(([, state]) => state.sessions.length > 0)
    for (const [peer] of open.slice(0, Math.max(0, open.length - GROUP_SESSIONS)))
      feed(peer, { type: 'yield' })
  }

  async #meet(): Promise<void> {
    const { options, peers, network } = this.#core
    const arrived = new Set(this.#arrived)
    this.#arrived.clear()
    if (network() !== 'online') return
    const now = options.clock.now()
    for (const { id, fellows } of await joinedGroups(options.db)) {
      const open = fellows.filter((peer) => this.#isOpen(peer))
      if (open.length > 0) this.#met.set(id, now)
      const wanted = fellows.filter((peer) => peers.get(peer)?.online === true && !this.#isOpen(peer))
      const isOverdue = Math.abs(now - (this.#met.get(id) ?? 0)) >= COMPARE_AFTER_MS
      const isLooked = this.#shown.has(id) || isOverdue
      const found = isLooked ? wanted : wanted.filter((peer) => arrived.has(peer))
      const missing = Math.min(COMPARED_MEMBERS - open.length, this.#room())
      for (const peer of this.#some(found, missing)) this.#core.feed(peer, { type: 'seek' })
    }
  }

  #isOpen(peer: PeerId): boolean {
    const state = this.#core.peers.get(peer)
    return state !== undefined && (state.sessions.length > 0 || state.dialing)
  }

  #room(): number {
    const open = [...this.#core.peers.values()].filter((state) => state.sessions.length > 0 || state.dialing)
    return GROUP_SESSIONS - open.length
  }

  /** At most so many of them, by chance, so that all are met by some. */
  #some(peers: readonly PeerId[], limit: number): PeerId[] {
    const left = [...peers]
    const some: PeerId[] = []
    while (some.length < limit && left.length > 0)
      some.push(...left.splice(Math.floor(this.#core.options.random.fraction() * left.length), 1))
    return some
  }
}
