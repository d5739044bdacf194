/** What the parts of the engine share. */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import type { Clean } from './clean-up.ts'
import type { EffectContext } from './effects.ts'
import type { MailPorts } from './letters.ts'
import type { Log, NetworkState, Session, SessionPath, Timer, Transport } from './ports.ts'
import type { PeerEvent, PeerState } from './state.ts'

export interface PeerReport {
  readonly online: boolean
  readonly path: SessionPath | 'none'
}

export interface EngineListener {
  network(state: NetworkState): void
  /** What is known of a peer has changed. */
  peer(peer: PeerId, report: PeerReport): void
  /** Storage refuses what must be kept, or (null) takes it again. */
  trouble(trouble: 'storage-full' | 'storage-failed' | null): void
  /** A contact is writing to us, or a member in a group. */
  typing(peer: PeerId, conversation: ConversationId): void
  /** What someone has sent has been stored. */
  wrote(peer: PeerId): void
  /** A newer installation of this identity is at work: this one must stop and say so. */
  replaced(): void
  /** Another leader has taken over: the engine has committed nothing since and must be stopped. */
  fenced(): void
}

export interface EngineOptions extends EffectContext {
  readonly transport: Transport
  readonly timer: Timer
  readonly clean: Clean
  /** Absent where nothing can be sealed: all else works. */
  readonly mail?: MailPorts
  readonly log: Log
  readonly listener: EngineListener
}

/** The engine as its parts see it. */
export interface Core {
  readonly options: EngineOptions
  readonly peers: ReadonlyMap<PeerId, PeerState>
  readonly sessions: ReadonlyMap<string, Session>
  readonly network: () => NetworkState
  readonly feed: (peer: PeerId, event: PeerEvent) => void
  /** Runs a task and reports what it throws, saying what could not be done. */
  readonly guard: (what: string, task: () => Promise<void>) => Promise<void>
}
