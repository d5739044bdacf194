/** The node of this profile in a tab: the engine, and what it reports. Loaded after the first screen. */
import type { ConversationId, PeerId } from '../domain/ids.ts'
import type { Libp2pTransport } from '../net/transport.ts'
import { onTablesChanged } from '../store/changes.ts'
import { readIdentity, readSettings } from '../store/identity.ts'
import type { GigiDatabase, IdentityRow } from '../store/schema.ts'
import { FileSync } from '../sync/files/files.ts'
import type { FileRoom } from '../sync/files/ports.ts'
import { Upkeep } from '../worker/upkeep.ts'
import { composeEngine } from './compose.ts'
import { noticeArrivals } from './noticing.ts'
import { clock, log, random, timer } from './ports.ts'
import { playSound } from './sound.ts'
import type { StatusHub } from './status.ts'
import { closeRead, tellByWorker } from './tray.ts'
import { TypingPeople } from './typing.ts'

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

/** Starts the node. Whoever calls it holds the lock. When it rejects nothing is left running. */
export async function startNode(
  db: GigiDatabase,
  identity: IdentityRow,
  hub: StatusHub,
  room: FileRoom,
): Promise<NodeHandle> {
  let slept = (): void => undefined
  const upkeep = new Upkeep({
    start: () => new Worker(new URL('../worker/upkeep.worker.ts', import.meta.url), { type: 'module' }),
    clock,
    watch: timer,
    slept: () => {
      slept()
    },
  })
  try {
    const node = await startWith(upkeep, db, identity, hub, room)
    slept = () => {
      node.nudge()
    }
    return {
      ...node,
      stop: () =>
        node.stop().finally(() => {
          upkeep.stop()
        }),
    }
  } catch (error) {
    upkeep.stop()
    throw error
  }
}

async function startWith(
  upkeep: Upkeep,
  db: GigiDatabase,
  identity: IdentityRow,
  hub: StatusHub,
  room: FileRoom,
): Promise<NodeHandle> {
  const ended = Promise.withResolvers<NodeEnd>()
  const typing = new TypingPeople(upkeep, hub)
  const { engine, transport, epoch } = await composeEngine(db, identity, {
    timer: upkeep,
    clean: (epoch, signal) => upkeep.clean(epoch, signal),
    onNearby: (nearby) => {
      hub.publish({ nearby })
    },
    listener: {
      network: (network) => {
        hub.publish({ network })
      },
      peer: (peer, report) => {
        if (!report.online) typing.over(peer)
        hub.publishPeer(peer, report)
        files.peer(peer, report.path)
      },
      trouble: (trouble) => {
        hub.publish({ trouble })
      },
      typing: (peer, conversation) => {
        typing.heard(peer, conversation)
      },
      wrote: (peer) => {
        typing.over(peer)
      },
      replaced: () => {
        ended.resolve('replaced')
      },
      fenced: () => {
        ended.resolve('fenced')
      },
    },
  })
  let shown: ReadonlySet<ConversationId> = new Set()
  /** Whose conversations, and which groups, are shown, and with whom a session is wanted for their files. */
  let peers: ReadonlySet<PeerId> = new Set()
  let groups: ReadonlySet<ConversationId> = new Set()
  let sought: ReadonlySet<PeerId> = new Set()
  const connect = (): void => {
    engine.show(new Set([...peers, ...sought]), groups)
  }
  const files = new FileSync({
    ...{ db, epoch, room, clock, timer: upkeep, random, log },
    links: transport.files,
    listener: {
      sought: (wanted) => {
        sought = wanted
        connect()
      },
      fenced: () => {
        ended.resolve('fenced')
      },
    },
  })
  hub.lead({
    shown: (all) => {
      shown = new Set(all.map(({ conversation }) => conversation))
      peers = new Set(all.flatMap(({ peer }) => peer ?? []))
      groups = new Set(all.filter(({ peer }) => peer === null).map(({ conversation }) => conversation))
      connect()
    },
    composes: ({ conversation, peer }) => {
      if (peer === null) engine.composeInGroup(conversation)
      else engine.compose(peer, conversation)
    },
  })
  const stopNoticing = noticeArrivals(db, {
    clock,
    timer: upkeep,
    log,
    shown: () => shown,
    play: playSound,
    isVisible: () => document.visibilityState === 'visible',
    tell: tellByWorker,
    close: closeRead,
  })
  try {
    await engine.start()
    await files.start()
  } catch (error) {
    stopNoticing()
    // What had begun would go on beside the next attempt.
    await files.stop()
    await engine.stop()
    throw error
  }
  const stopShowing = showNearby(db, transport)
  return {
    nudge: () => {
      transport.nudge()
      engine.resumed()
    },
    ended: ended.promise,
    async stop() {
      // From here on it answers nobody: if it never comes to its end, another tab takes the lock.
      hub.follow()
      stopShowing()
      stopNoticing()
      await files.stop()
      await engine.stop()
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
