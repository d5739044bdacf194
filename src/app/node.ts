/** The node of this profile in a tab: the engine, and what it reports. Loaded after the first screen. */
import type { PeerId } from '../domain/ids.ts'
import type { Libp2pTransport } from '../net/transport.ts'
import { onTablesChanged } from '../store/changes.ts'
import { readIdentity, readSettings } from '../store/identity.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import { WorkerTimer } from '../worker/worker-timer.ts'
import { composeEngine } from './compose.ts'
import { log } from './ports.ts'
import type { StatusHub } from './status.ts'

export interface NodeHandle {
  /** The network may have changed, or the device slept. */
  nudge(): void
  /** Resolves when the node must stop: another tab leads. */
  readonly fenced: Promise<void>
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>
}

/** Starts the node. Whoever calls it holds the lock. */
export async function startNode(
  db: GigiDatabase,
  identity: IdentityRow,
  hub: StatusHub,
): Promise<NodeHandle> {
  const fenced = Promise.withResolvers<void>()
  const timer = new WorkerTimer(
    () => new Worker(new URL('../worker/timer.worker.ts', import.meta.url), { type: 'module' }),
  )
  const { engine, transport } = await composeEngine(db, identity, {
    timer,
    onNearby: (nearby) => {
      hub.publish({ nearby })
    },
    listener: {
      network: (network) => {
        hub.publish({ network })
      },
      peer: (peer, report) => {
        hub.publish({ peers: { ...hub.status.peers, [peer]: report } })
      },
      trouble: (trouble) => {
        hub.publish({ trouble })
      },
      fenced: () => {
        fenced.resolve()
      },
    },
  })
  hub.lead((peers: ReadonlySet<PeerId>) => {
    engine.show(peers)
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
    fenced: fenced.promise,
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
