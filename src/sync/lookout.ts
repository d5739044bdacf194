/** Looks, when tables change and at the ticks, for what concerns many peers: what waits, what was read, whom to watch. */
import type { PeerId } from '../domain/ids.ts'
import { fromBase64url } from '../protocol/identifiers.ts'
import { MAX_WATCHED_PEERS } from '../protocol/limits.ts'
import { inviteToken } from '../protocol/presence.ts'
import { contactsAfter, contactsInState, isUnmet, readContacts } from '../store/contacts.ts'
import { fellows } from '../store/fellows.ts'
import { readInviteSecret } from '../store/identity.ts'
import { queuedPeers } from '../store/outbox.ts'
import { readOwed } from '../store/owed.ts'
import type { Core } from './core.ts'
import { readReads } from './effects.ts'
import type { Gossip } from './gossip.ts'
import { LOOK_MS, MAX_QUEUED_PEERS, SOUGHT_CONTACTS } from './limits.ts'
import { Coalesced, Throttled } from './serial.ts'
import { currentSession } from './state.ts'

export class Lookout {
  readonly #core: Core
  readonly #gossip: Gossip
  /** For whom something waits. */
  readonly queue = new Coalesced(() => this.#guard('look for queued messages', () => this.#findQueued()))
  /** What was read and not told. */
  readonly reads = new Coalesced(() => this.#guard('tell what was read', () => this.#tellReads()))
  /** Whose presence we want, and who is blocked. */
  readonly watches: Throttled
  readonly #watching = new Coalesced(() => this.#guard('renew the watches', () => this.#renewWatches()))
  /** Contacts of whom nothing is heard. */
  readonly silent = new Coalesced(() => this.#guard('look for silent contacts', () => this.#seek()))
  /** Contacts who are there and of whom nothing is kept here: they may have what this profile lost. */
  readonly unmet = new Coalesced(() => this.#guard('meet contacts', () => this.#meet()))
  readonly #met = new Set<PeerId>()
  /** Up to when it was told what was read, by session. */
  readonly #readsTold = new Map<string, number>()
  /** Who of the contacts was looked for last. */
  #sought: PeerId | undefined

  constructor(core: Core, gossip: Gossip) {
    this.#core = core
    this.#gossip = gossip
    // When many appear at once, each changes what is kept of a contact.
    this.watches = new Throttled(core.options.timer, LOOK_MS, () => {
      this.#watching.request()
    })
  }

  stop(): void {
    this.watches.cancel()
  }

  /** A session is over. */
  forget(session: string): void {
    this.#readsTold.delete(session)
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(
      [this.queue, this.reads, this.#watching, this.silent, this.unmet].map((task) => task.idle()),
    )
  }

  #guard(what: string, task: () => Promise<void>): Promise<void> {
    return this.#core.guard(what, task)
  }

  async #findQueued(): Promise<void> {
    const { options, peers, feed } = this.#core
    const queued = this.#gossip.chosen(await queuedPeers(options.db, MAX_QUEUED_PEERS))
    for (const [peer, state] of [...peers])
      if (state.queued && !queued.has(peer)) feed(peer, { type: 'queued', queued: false })
    for (const peer of queued) feed(peer, { type: 'queued', queued: true })
    this.#gossip.makeRoom()
  }

  async #tellReads(): Promise<void> {
    const { options, peers, feed } = this.#core
    // Whoever is to hear of what was read is owed it.
    for (const { peer_id: peer, at } of await readOwed(options.db, MAX_QUEUED_PEERS)) {
      const state = peers.get(peer)
      const session = state === undefined ? undefined : currentSession(state)
      if (session?.ready !== true || this.#readsTold.get(session.id) === at) continue
      const proofs = await readReads(options, peer)
      // Another session took its place meanwhile: that one is told when its greetings are exchanged.
      const now = peers.get(peer)
      if (now === undefined || currentSession(now)?.id !== session.id || proofs.length === 0) continue
      this.#readsTold.set(session.id, at)
      feed(peer, { type: 'reads', proofs })
    }
  }

  async #renewWatches(): Promise<void> {
    const { options, peers, feed } = this.#core
    const { db, clock, transport } = options
    const contacts = await contactsInState(db, 'accepted', MAX_WATCHED_PEERS)
    const isContact = new Set(contacts.map(({ peer_id: peer }) => peer))
    // Of those who are in a group with us too: they watch us likewise.
    const others = (await fellows(db, MAX_WATCHED_PEERS)).filter((peer) => !isContact.has(peer))
    const blocked = new Set(
      (await readContacts(db, others)).filter(({ state }) => state === 'blocked').map((row) => row.peer_id),
    )
    const invite = await readInviteSecret(db, clock.now())
    transport.watch(
      [
        ...contacts.map(({ peer_id: peer, invite_secret: secret }) =>
          secret === undefined ? { peer } : { peer, token: inviteToken(fromBase64url(secret)) },
        ),
        ...others.filter((peer) => !blocked.has(peer)).map((peer) => ({ peer })),
      ].slice(0, MAX_WATCHED_PEERS),
      invite === null ? [] : [inviteToken(fromBase64url(invite.secret))],
    )
    const connected = [...peers].filter(([, state]) => state.sessions.length > 0).map(([peer]) => peer)
    for (const contact of await readContacts(db, connected))
      if (contact.state === 'blocked') feed(contact.peer_id, { type: 'blocked' })
  }

  /** Dials, once, contacts of whom nothing is known but who they are: so it is when the own backup brought them back. */
  async #meet(): Promise<void> {
    const { options, peers, feed } = this.#core
    for (const [peer, state] of [...peers]) {
      if (state.online !== true || state.sessions.length > 0 || this.#met.has(peer)) continue
      this.#met.add(peer)
      if (await isUnmet(options.db, options.self, peer)) feed(peer, { type: 'seek' })
    }
  }

  /** Dials some of the contacts of whom nothing is heard, the others at the next ticks: one may have been restored. */
  async #seek(): Promise<void> {
    const { options, peers, feed, network } = this.#core
    if (network() !== 'online') return
    const contacts = await contactsAfter(options.db, this.#sought, SOUGHT_CONTACTS)
    this.#sought = contacts.length < SOUGHT_CONTACTS ? undefined : contacts.at(-1)?.peer_id
    for (const { peer_id: peer, state } of contacts)
      if (state === 'accepted' && peers.get(peer)?.online !== true) feed(peer, { type: 'seek' })
  }
}
