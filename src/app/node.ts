/** The node of this profile, composed: transport, engine and what they report. Loaded after the first screen. */
import type { PeerId } from '../domain/ids.ts'
import { Libp2pTransport } from '../net/transport.ts'
import { directConversationId } from '../protocol/identifiers.ts'
import { signingSeed } from '../protocol/identity.ts'
import { type RelayConfig, readRelayConfig } from '../protocol/relay-config.ts'
import { onTablesChanged } from '../store/changes.ts'
import {
  readIdentity,
  readRelayConfig as storedRelayConfig,
  readSettings,
  saveRelayConfig,
} from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import { SyncEngine } from '../sync/engine.ts'
import { beginStart } from '../sync/start.ts'
import { createCrypto } from './crypto.ts'
import { clock, log, random } from './ports.ts'
import { WorkerTimer } from '../worker/worker-timer.ts'
import type { StatusHub } from './status.ts'

/** Asking the relay for its configuration, milliseconds; the stored one serves after that. */
const CONFIG_TIMEOUT_MS = 5_000
/** Someone who said that they are typing is shown so for this long, milliseconds: they say it every three seconds. */
const TYPING_SHOWN_MS = 5_000

/** fenced: another tab leads. replaced: another browser uses this identity, and started later. */
export type NodeEnd = 'fenced' | 'replaced'

export interface NodeHandle {
  /** The network may have changed, or the device slept. */
  nudge(): void
  /** Resolves when the node must stop. */
  readonly ended: Promise<NodeEnd>
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>
}

/** Starts the node. Whoever calls it holds the lock. */
export async function startNode(
  db: GigiDatabase,
  identity: IdentityRow,
  hub: StatusHub,
): Promise<NodeHandle> {
  const ended = Promise.withResolvers<NodeEnd>()
  const seed = signingSeed(identity.entropy)
  const crypto = await createCrypto(seed)
  const timer = new WorkerTimer(
    () => new Worker(new URL('../worker/timer.worker.ts', import.meta.url), { type: 'module' }),
  )
  const transport = new Libp2pTransport({
    self: identity.peer_id,
    seed,
    webRtc: 'RTCPeerConnection' in globalThis ? {} : null,
    loadConfig: () => loadRelayConfig(db),
    clock,
    timer,
    random,
    crypto,
    log,
    onNearby: (nearby) => {
      hub.publish({ nearby })
    },
  })
  /** How to call off the end of each peer's typing. */
  const typing = new Map<PeerId, () => void>()
  const engine = new SyncEngine({
    db,
    epoch: await raiseEpoch(db),
    self: identity.peer_id,
    transport,
    clock,
    timer,
    random,
    crypto,
    log,
    start: await beginStart(db, crypto, clock.now()),
    relays: () => transport.relays(),
    listener: {
      network: (network) => {
        hub.publish({ network })
      },
      peer: (peer, report) => {
        hub.publishPeer(peer, report)
      },
      trouble: (trouble) => {
        hub.publish({ trouble })
      },
      typing: (peer) => {
        typing.get(peer)?.()
        hub.publishPeer(peer, { typing: true })
        typing.set(
          peer,
          timer.after(TYPING_SHOWN_MS, () => {
            hub.publishPeer(peer, { typing: false })
          }),
        )
      },
      replaced: () => {
        ended.resolve('replaced')
      },
      fenced: () => {
        ended.resolve('fenced')
      },
    },
  })
  hub.lead({
    shown: (peers) => {
      engine.show(peers)
    },
    composes: (peer) => {
      engine.compose(peer, directConversationId(identity.peer_id, peer))
    },
  })
  try {
    await engine.start()
  } catch (error) {
    // What had begun would go on beside the next attempt.
    await engine.stop()
    timer.stop()
    throw error
  }
  const stopShowing = showNearby(db, transport)
  return {
    nudge: () => {
      transport.nudge()
    },
    ended: ended.promise,
    async stop() {
      stopShowing()
      await engine.stop()
      timer.stop()
      hub.follow()
    },
  }
}

/** Keeps what others see of us nearby as the settings and the nickname say. */
function showNearby(db: GigiDatabase, transport: Libp2pTransport): () => void {
  const renew = async (): Promise<void> => {
    const identity = await readIdentity(db)
    const { nearby } = await readSettings(db)
    await transport.showNearby(nearby ? (identity?.nickname ?? null) : null)
  }
  const warn = (error: unknown): void => {
    log.warn('could not change what is seen nearby', { reason: String(error) })
  }
  renew().catch(warn)
  return onTablesChanged(db, (tables) => {
    if (tables.has('identity') || tables.has('meta')) renew().catch(warn)
  })
}

/** The relay's own word, or the last one that we had of it while it is down. */
async function loadRelayConfig(db: GigiDatabase): Promise<RelayConfig> {
  try {
    const response = await fetch('/config.json', {
      signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS),
      cache: 'no-store',
    })
    if (!response.ok) throw new Error(`the relay answered ${response.status}`)
    const config = readRelayConfig(await response.json())
    const before = await storedRelayConfig(db)
    if (JSON.stringify(before) !== JSON.stringify(config)) await saveRelayConfig(db, config)
    return config
  } catch (error) {
    const stored = await storedRelayConfig(db)
    if (stored === null) throw error
    log.info('the relay does not tell its configuration; the last one serves', { reason: String(error) })
    return stored
  }
}
