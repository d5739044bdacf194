/**
 * What the sync manager needs of the world. Below `app/` nothing else is used (D12), so that a thousand peers
 * and a year of failures run in a unit test and replay from a seed.
 */
import type { PeerId } from '../domain/ids.ts'
import type { Start } from '../protocol/frames.ts'
import type { HeldItem, ItemId, Revocation } from '../protocol/mailbox.ts'
import type { Watch } from '../protocol/presence.ts'

export interface Clock {
  /** Whole milliseconds since the Unix epoch. May jump. */
  now(): number
}

export interface Timer {
  /** Calls `wake` once, not before `delayMs` milliseconds, perhaps much later (D7). Returns how to call it off. */
  after(delayMs: number, wake: () => void): () => void
}

export interface Random {
  readonly bytes: (count: number) => Uint8Array<ArrayBuffer>
  /** From 0 up to, not including, 1. */
  readonly fraction: () => number
}

export interface Crypto {
  /** Our Ed25519 signature, 64 bytes: the same each time for the same bytes. */
  readonly sign: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>
  /** Whether `signature` is that of the 32-byte public key over `bytes`. Never throws for bad keys or signatures. */
  readonly verify: (
    key: Uint8Array,
    signature: Uint8Array,
    bytes: Uint8Array<ArrayBuffer>,
  ) => Promise<boolean>
}

export interface Log {
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  warn(message: string, details?: Readonly<Record<string, unknown>>): void
}

/** online: holds a reservation at a relay, so that others can reach us. */
export type NetworkState = 'online' | 'connecting' | 'offline'
export type SessionPath = 'direct' | 'relayed'
/** best: a direct path, or the relayed one until a direct one is found. */
export type DialPath = SessionPath | 'best'

/** One open stream of the sync protocol. Whole frames go in and come out, in order; loss ends the session. */
export interface Session {
  /** Unique within this transport. */
  readonly id: string
  /** Proven by the connection. */
  readonly peer: PeerId
  /** Which of the two opened the stream. */
  readonly initiator: PeerId
  readonly path: SessionPath
  /** Queues one frame; what cannot be sent ends the session. The caller bounds what is under way. */
  send(frame: Uint8Array): void
  /** Ends it on both sides. `closed` is still reported, once. */
  close(reason: string): void
}

/** All calls come one after another, none before `start`, none after `stop` has resolved. */
export interface TransportListener {
  network(state: NetworkState): void
  /** Whether a watched peer is there; null: nobody can tell any more. */
  presence(peer: PeerId, online: boolean | null): void
  /** Someone says that a newer installation of ours is there; its signature is for the listener to check. */
  rival(start: Start): void
  opened(session: Session): void
  frame(session: Session, frame: Uint8Array): void
  closed(session: Session, reason: string): void
}

export interface Transport {
  /** Resolves at once or soon: having no network is a state that is reported, not an error. */
  start(listener: TransportListener): Promise<void>
  /** Closes every session, and frees what was taken. */
  stop(): Promise<void>
  /** Replaces the peers whose presence we want, and the tokens under which ours is told to whoever brings one. */
  watch(watches: readonly Watch[], tokens: readonly string[]): void
  /** Tells whoever may know of another installation of ours which one this is. */
  announce(start: Start): void
  /**
   * Opens a session by the path that is asked for; `opened` reports it before this resolves, and a second one when a
   * better path is found later. `relays` are addresses where the peer may be found besides our own relay. Rejects when
   * it cannot be reached so.
   */
  dial(peer: PeerId, relays: readonly string[], path: DialPath): Promise<void>
}

/** An X25519 key pair, 32 bytes each. */
export interface PrekeyPair {
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** What HPKE makes of a plaintext: the encapsulated key, 32 bytes, and the ciphertext, 16 bytes longer than it. */
export interface Sealed {
  readonly enc: Uint8Array
  readonly ciphertext: Uint8Array
}

/** Seals letters to prekeys (SPEC 19.3), and backups for ourselves (SPEC 20.1). */
export interface Sealer {
  newPrekey(): Promise<PrekeyPair>
  /** For whoever has the private key to this public one. Rejects with MalformedError when nothing can be sealed to it. */
  seal(prekey: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed>
  /** Null when it does not open: another key, another `aad`, or changed bytes. */
  open(pair: PrekeyPair, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array | null>
  /** A blob that only our identity opens, never the same twice. */
  sealBackup(plaintext: Uint8Array): Promise<Uint8Array>
  /** Null when it is no backup, or not ours. Rejects with LaterVersionError when a later version of this app made it. */
  openBackup(blob: Uint8Array): Promise<Uint8Array | null>
}

/** Where someone can be left mail: their relays, and their grant. */
export interface MailAddress {
  /** None: ours is theirs. */
  readonly relays: readonly string[]
  /** Sealed. */
  readonly grant: Uint8Array
}

export interface MailItem {
  readonly id: ItemId
  readonly item: Uint8Array
  /** Nothing in it is news to a person: nobody is woken for it. */
  readonly quiet?: true
}

/** A relay that can be reached has no mailbox. */
export class NoMailboxError extends Error {
  override readonly name = 'NoMailboxError'
}

export interface MailboxListener {
  /** Our own mailbox can be reached, again. */
  ready(): void
  /** Our relay is there, and has none. */
  none(): void
  /** Something came for us. */
  arrived(): void
  /** It cannot be reached any more, or whether there is one is not known any more. */
  gone(): void
}

/**
 * Sealed mail at relays (SPEC 18). Every call rejects when the mailbox cannot be reached, cannot do it now, or answers too
 * late: it may have been done then, and may be asked for again. Where there is none it rejects with NoMailboxError.
 */
export interface Mailbox {
  /** Replaces the listener; one who comes late is told at once that it is ready, or that there is none. */
  listen(listener: MailboxListener): void
  /** Leaves it at the first of the owner's relays that can be reached. denied: the grant does not hold. later: try again. */
  deposit(at: MailAddress, item: MailItem): Promise<'done' | 'denied' | 'full' | 'later'>
  /** Which of these items are still held; null where the grant does not hold. */
  held(at: MailAddress, ids: readonly ItemId[]): Promise<ReadonlySet<ItemId> | null>
  /** The owner's prekey as it was published, not verified; null where there is none or the grant does not hold. */
  prekey(at: MailAddress): Promise<Uint8Array | null>
  /** Of our own: what lies behind a position (0: all), oldest first. */
  fetch(after: number): Promise<{ readonly items: readonly HeldItem[]; readonly more: boolean }>
  confirm(ids: readonly ItemId[]): Promise<void>
  publish(prekey: Uint8Array): Promise<void>
  revoke(grants: readonly Revocation[]): Promise<void>
  keep(blob: Uint8Array): Promise<void>
  recall(): Promise<Uint8Array | null>
  /**
   * Has our relay wake us at this endpoint of a push service. refused: it goes there for nobody. To be called, like
   * `unsubscribe`, only where the relay has a key for it (SPEC 18.15): others leave it unanswered.
   */
  subscribe(endpoint: string): Promise<'done' | 'refused'>
  unsubscribe(endpoint: string): Promise<void>
}
