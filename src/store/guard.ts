/**
 * Watches what becomes of the database under a running app: its handle may be closed by the browser, and the
 * database deleted, or changed by a newer version of the app, in another tab.
 */
import { Dexie, RangeSet } from 'dexie'
import { backoffMs } from '../domain/backoff.ts'
import type { PeerId } from '../domain/ids.ts'
import { GigiDatabase } from './schema.ts'

/**
 * deleted: what was in it is gone. changed: another tab has changed the tables, or is about to, for a newer version of
 * the app. newer: that had happened before this tab opened it.
 */
export type Fate = 'deleted' | 'changed' | 'newer'

/** A database that cannot be opened is tried again, milliseconds: while the browser deletes it, it cannot. */
const REOPEN = { firstMs: 500, maxMs: 30_000 }

export interface GuardOptions {
  /** Called once at the most: the handle is closed for good, blocks nobody, and whatever is asked is refused. */
  readonly onFate: (fate: Fate) => void
  /** The database cannot be opened, and why; or (null) it can. It is tried until it can. */
  readonly onStuck: (why: string | null) => void
  readonly after: (delayMs: number, wake: () => void) => unknown
}

export interface GuardedDatabase {
  readonly db: GigiDatabase
  /** From now on a database without this identity is not ours any more: nothing is written to it. */
  readonly expect: (self: PeerId) => void
}

/** The database of a tab, which is being opened. */
export function openGuarded({ onFate, onStuck, after }: GuardOptions): GuardedDatabase {
  let expected: PeerId | null = null
  let opened = false
  let stuck = false
  let failures = 0
  let over = false

  // Asked anew each time: what happens in between changes it.
  const isOver = (): boolean => over

  const end = (fate: Fate): void => {
    if (over) return
    over = true
    db.close()
    onFate(fate)
  }

  const db = new GigiDatabase('gigi', () => {
    end(opened ? 'changed' : 'newer')
  })

  db.on(
    'ready',
    async () => {
      if (expected !== null && (await db.identity.get('self'))?.peer_id !== expected) end('deleted')
      // Fails the opening, and with it whatever waits for it.
      if (over) throw new Error('this database is not for this tab any more')
      opened = true
      // Dexie opens another handle for whoever asks next. But nobody may ask, and what was being read is not read again.
      db.backendDB().addEventListener('close', () => {
        void keepOpen()
      })
    },
    true,
  )
  // Behind Dexie's own listener, which closes the handle and would open another.
  db.on('versionchange', ({ newVersion }) => {
    // Whether the other tab's change comes off shows when the database is opened again.
    if (newVersion !== null) void keepOpen()
    else if (expected !== null) end('deleted')
  })

  /** Once it failed to open a database, Dexie refuses whatever is asked until it is told to try again. */
  const keepOpen = async (): Promise<void> => {
    if (over) return
    try {
      await db.open()
      if (stuck) onStuck(null)
      stuck = false
      failures = 0
      Dexie.on.storagemutated.fire({ all: new RangeSet(Dexie.minKey, [[]]) })
    } catch (error) {
      if (isOver()) return
      stuck = true
      onStuck(String(error))
      after(backoffMs(++failures, REOPEN, 0), () => void keepOpen())
    }
  }
  void keepOpen()

  return {
    db,
    expect: (self) => {
      expected = self
    },
  }
}
