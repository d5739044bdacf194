/**
 * A service worker that sends what waits, and nothing else: the engine without a window. It runs one flush for
 * each `sync` event, and says on the channel `gigi-flush` how it went.
 */
/// <reference lib="webworker" />
import { composeEngine } from '../../src/app/compose.ts'
import { timer } from '../../src/app/ports.ts'
import { onTablesChanged } from '../../src/store/changes.ts'
import { requireIdentity } from '../../src/store/identity.ts'
import { queuedPeers } from '../../src/store/outbox.ts'
import { GigiDatabase } from '../../src/store/schema.ts'
import type { FlushReport } from './flush-report.ts'

declare const self: ServiceWorkerGlobalScope

// TypeScript's library knows no `sync` event.
self.addEventListener('sync', (event) => {
  ;(event as ExtendableEvent).waitUntil(
    navigator.locks.request('gigi-node', flush).then(
      (report) => {
        say(report)
      },
      (error: unknown) => {
        say({ failed: String(error) })
      },
    ),
  )
})

/** Whatever is thrown past the engine, a missing `window` above all, is part of the report. */
const thrown: string[] = []
self.addEventListener('error', ({ message }) => thrown.push(message))
self.addEventListener('unhandledrejection', ({ reason }) => thrown.push(String(reason)))

function say(report: FlushReport): void {
  const channel = new BroadcastChannel('gigi-flush')
  channel.postMessage(report)
  channel.close()
}

/** Runs a node until nothing waits for anyone any more. */
async function flush(): Promise<FlushReport> {
  const db = new GigiDatabase()
  const paths = new Set<string>()
  const troubles: string[] = []
  const { engine } = await composeEngine(db, await requireIdentity(db), {
    timer,
    onNearby: () => undefined,
    listener: {
      network: () => undefined,
      peer: (_peer, { path }) => {
        if (path !== 'none') paths.add(path)
      },
      trouble: (trouble) => {
        if (trouble !== null) troubles.push(trouble)
      },
      typing: () => undefined,
      replaced: () => undefined,
      fenced: () => troubles.push('fenced'),
    },
  })
  await engine.start()
  await emptied(db)
  await engine.stop()
  db.close()
  return {
    window: 'window' in self,
    webRtc: 'RTCPeerConnection' in self,
    paths: [...paths],
    troubles: [...troubles, ...thrown],
  }
}

async function emptied(db: GigiDatabase): Promise<void> {
  const changed = Promise.withResolvers<void>()
  const stop = onTablesChanged(db, (tables) => {
    if (tables.has('offline_queue')) look()
  })
  const look = (): void => {
    queuedPeers(db, 1).then((peers) => {
      if (peers.length === 0) changed.resolve()
    }, changed.reject)
  }
  look()
  await changed.promise
  stop()
}
