/** Looks, when tables change and at the ticks, for what concerns many peers: what waits, what was read, whom to watch. */
import type { PeerId } from '../domain/ids.ts'
import { fromBase64url } from '../protocol/identifiers.ts'
import { MAX_WATCHED_PEERS } from '../protocol/limits.ts'
import { inviteToken } from '../protocol/presence.ts'
import { contactsAfter, contactsInState, isUnmet, readContact } from '../store/contacts.ts'
import { readInviteSecret } from '../store/identity.ts'
import { queuedPeers } from '../store/outbox.ts'
import type { Core } from './core.ts'
import { readReads } from './effects.ts'
import { MAX_QUEUED_PEERS, SOUGHT_CONTACTS } from './limits.ts'
import { Coalesced } from './serial.ts'
import { currentSession } from './state.ts'

export class Lookout {
  readonly #core: Core
  /** For whom something waits. */
  readonly queue = new Coalesced(() => this.#guard('look for queued messages', () => this.#findQueued()))
  /** What was read and not told. */
  readonly reads = new Coalesced(() => this.#guard('tell what was read', () => this.#tellReads()))
  /** Whose presence we want, and who is blocked. */
  readonly watches = new Coalesced(() => this.#guard('renew the watches', () => this.#renewWatches()))
  /** Contacts of whom nothing is heard. */
  readonly silent = new Coalesced(() => this.#guard('look for silent contacts', () => this.#seek()))
  /** Contacts who are there and of whom nothing is kept here: they may have what this profile lost. */
  readonly unmet = new Coalesced(() => this.#guard('meet contacts', () => this.#meet()))
  readonly #met = new Set<PeerId>()
  /** What was last told of our reading, by session. */
  readonly #readsTold = new Map<string, string>()
  /** Who of the contacts was looked for last. */
  #sought: PeerId | undefined

  constructor(core: Core) {
    this.#core = core
  }

  /** A session is over. */
  forget(session: string): void {
    this.#readsTold.delete(session)
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(
      [this.queue, this.reads, this.watches, this.silent, this.unmet].map((task) => task.idle()),
    )
  }

  #guard(what: string, task: () => Promise<void>): Promise<void> {
    return this.#core.guard(what, task)
  }

  async #findQueued(): Promise<void> {
    const { options, peers, feed } = this.#core
    const queued = new Set(await queuedPeers(options.db, MAX_QUEUED_PEERS))
    for (const [peer, state] of [...peers])
      if (state.queued && !queued.has(peer)) feed(peer, { type: 'queued', queued: false })
    for (const peer of queued) feed(peer, { type: 'queued', queued: true })
  }

  async #tellReads(): Promise<void> {
    const { options, peers, feed } = this.#core
    for (const [peer, state] of [...peers]) {
      const session = currentSession(state)
      if (session?.ready !== true) continue
      const proofs = await readReads(options, peer)
      // Another session took its place meanwhile: that one is told when its greetings are exchanged.
      const now = peers.get(peer)
      if (now === undefined || currentSession(now)?.id !== session.id) continue
      const told = JSON.stringify(proofs.map(({ log, read }) => [log, read]))
      if (proofs.length === 0 || told === this.#readsTold.get(session.id)) continue
      this.#readsTold.set(session.id, told)
      feed(peer, { type: 'reads', proofs })
    }
  }

  async #renewWatches(): Promise<void> {
    const { options, peers, feed } = this.#core
    const { db, clock, transport } = options
    const contacts = await contactsInState(db, 'accepted', MAX_WATCHED_PEERS)
    const invite = await readInviteSecret(db, clock.now())
    transport.watch(
      contacts.map(({ peer_id: peer, invite_secret: secret }) =>
        secret === undefined ? { peer } : { peer, token: inviteToken(fromBase64url(secret)) },
      ),
      invite === null ? [] : [inviteToken(fromBase64url(invite.secret))],
    )
    for (const [peer, state] of [...peers])
      if (state.sessions.length > 0 && (await readContact(db, peer))?.state === 'blocked')
        feed(peer, { type: 'blocked' })
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
