/** Transport and engine of one profile, composed: the same in a tab and in a service worker. */
import { Libp2pTransport, type Libp2pTransportOptions } from '../net/transport.ts'
import { signingSeed } from '../protocol/identity.ts'
import { type RelayConfig, readRelayConfig } from '../protocol/relay-config.ts'
import { readRelayConfig as storedRelayConfig, saveRelayConfig } from '../store/identity.ts'
import { raiseEpoch } from '../store/leadership.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import { type Clean, cleanUp } from '../sync/clean-up.ts'
import type { EngineListener } from '../sync/core.ts'
import { SyncEngine } from '../sync/engine.ts'
import { beginStart, sameStart } from '../sync/start.ts'
import type { Timer } from '../sync/ports.ts'
import { createCrypto } from './crypto.ts'
import { clock, log, random } from './ports.ts'
import { createSealer } from './sealing.ts'

/**
 * Asking the relay for its configuration, milliseconds; the stored one serves after that. As long as the relay itself
 * has to answer (RELAY_OPEN_MS), for the same reason.
 */
const CONFIG_TIMEOUT_MS = 3_000

export interface EngineSurroundings {
  readonly timer: Timer
  /** Where it is not given, the cleanup runs on this thread. */
  readonly clean?: Clean
  readonly listener: EngineListener
  readonly onNearby: Libp2pTransportOptions['onNearby']
  /** No user has opened this: another installation of the identity goes before it, however old it is. */
  readonly errand?: boolean
}

export interface ComposedEngine {
  readonly engine: SyncEngine
  readonly transport: Libp2pTransport
  /** Under which all is committed. */
  readonly epoch: number
}

/**
 * An engine that has not been started, under a new epoch: engines of before can commit nothing any more. Whoever
 * calls it holds the lock. Where there is no RTCPeerConnection it uses WebSockets alone.
 */
export async function composeEngine(
  db: GigiDatabase,
  identity: IdentityRow,
  { timer, listener, onNearby, clean, errand = false }: EngineSurroundings,
): Promise<ComposedEngine> {
  const seed = signingSeed(identity.entropy)
  const crypto = await createCrypto(seed)
  const sealer = await createSealer(identity.entropy, identity.peer_id)
  const shared = { self: identity.peer_id, clock, timer, random, crypto, log }
  const transport = new Libp2pTransport({
    ...shared,
    seed,
    webRtc: 'RTCPeerConnection' in globalThis ? {} : null,
    loadConfig: () => loadRelayConfig(db),
    onNearby,
  })
  const epoch = await raiseEpoch(db)
  const started = errand ? await sameStart(db, crypto) : null
  const start = started ?? (await beginStart(db, epoch, crypto, clock.now()))
  const engine = new SyncEngine({
    ...shared,
    db,
    epoch,
    transport,
    start,
    relays: () => transport.relays(),
    listener,
    ...(sealer === null ? {} : { mail: { mailbox: transport.mailbox, sealer, errand } }),
    clean: clean ?? ((epoch, signal) => cleanUp(db, epoch, clock, signal)),
  })
  return { engine, transport, epoch }
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
