/** The tab that leads notices what comes, for all tabs: it makes the sound, and has the service worker tell who wrote. */
import type { ConversationId } from '../domain/ids.ts'
import { onTablesChanged } from '../store/changes.ts'
import { readSettings } from '../store/identity.ts'
import type { GigiDatabase, Settings } from '../store/schema.ts'
import { beginTelling, readUnread, type UnreadThen, unreadSince } from '../store/unread.ts'
import type { Clock, Log, Timer } from '../sync/ports.ts'
import { type Arrival, tellSince, type TellWord } from './telling.ts'

/** The least time between two looks, milliseconds: what comes in a flood is told as one. */
const PAUSE_MS = 1_000
/** The least time between two sounds, milliseconds. */
const QUIET_MS = 3_000

export interface NoticingSurroundings {
  readonly clock: Clock
  readonly timer: Timer
  readonly log: Log
  /** The conversations that are before someone's eyes, in any tab. */
  readonly shown: () => ReadonlySet<ConversationId>
  /** Makes the sound of a message. Whether the browser lets us. */
  readonly play: () => Promise<boolean>
  /** Whether someone looks at this tab. */
  readonly isVisible: () => boolean
  /** Has the service worker show it, unless someone looks. */
  readonly tell: (word: TellWord) => Promise<void>
  /** Takes away what was shown of conversations that are not among these. */
  readonly close: (unread: ReadonlySet<ConversationId>) => Promise<void>
}

/**
 * Notices from now on what comes, and what an errand fetched before that could not tell it. Whoever calls it holds the lock.
 * Returns how to stop.
 */
export function noticeArrivals(db: GigiDatabase, surroundings: NoticingSurroundings): () => void {
  const { clock, timer, log, shown, play, isVisible, tell, close } = surroundings
  let stopped = false
  let wanted = false
  let looking = false
  let before: UnreadThen | undefined
  let lastSound = -Infinity
  let callOff = (): void => undefined

  async function begin(): Promise<void> {
    const told = await readUnread(db, clock.now())
    if (isVisible()) await close(idsOf(told))
    await tellSince(await beginTelling(db), db, announce)
    before = told
    // What came in between is looked for again.
    wanted = true
  }

  async function look(before: UnreadThen): Promise<UnreadThen> {
    const unread = await readUnread(db, clock.now())
    const arrivals = await unreadSince(db, before, unread)
    const now = idsOf(unread)
    if (before.some(({ conversation }) => !now.has(conversation))) await close(now)
    await announce(arrivals)
    return unread
  }

  async function announce(arrivals: readonly Arrival[]): Promise<void> {
    if (arrivals.length === 0) return
    const settings = await readSettings(db)
    const silent = await sound(arrivals, settings)
    if (settings.notificationsOpen) await tell({ type: 'TELL', arrivals, silent })
  }

  /** Whether a notification of it has to be silent: there is a sound, or there is to be none. */
  async function sound(arrivals: readonly Arrival[], { sound }: Settings): Promise<boolean> {
    const isDue = clock.now() - lastSound >= QUIET_MS || clock.now() < lastSound
    if (!sound || !isDue || !isToBeHeard(arrivals, shown())) return true
    const isHeard = await play()
    if (isHeard) lastSound = clock.now()
    return isHeard
  }

  async function goOn(): Promise<void> {
    if (before === undefined) await begin()
    else before = await look(before)
  }

  function run(): void {
    looking = true
    wanted = false
    goOn()
      .catch((error: unknown) => {
        log.warn('could not tell what has come', { reason: String(error) })
      })
      .finally(() => {
        if (stopped) return
        callOff = timer.after(PAUSE_MS, () => {
          looking = false
          if (wanted) run()
        })
      })
  }

  const stopWatching = onTablesChanged(db, (tables) => {
    if (!tables.has('conversations')) return
    if (looking) wanted = true
    else run()
  })
  run()
  return () => {
    stopped = true
    callOff()
    stopWatching()
  }
}

const idsOf = (unread: UnreadThen): ReadonlySet<ConversationId> =>
  new Set(unread.map(({ conversation }) => conversation))

/** Whether any of it is of a conversation that is not before one's eyes. */
const isToBeHeard = (arrivals: readonly Arrival[], shown: ReadonlySet<ConversationId>): boolean =>
  arrivals.some(({ conversation }) => !shown.has(conversation))
