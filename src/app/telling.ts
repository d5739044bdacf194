/** What came and is to be told: the same to the service worker as to the tab that leads. */
import { endTelling, readUnread, type Unread, type UnreadThen, unreadSince } from '../store/unread.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { clock } from './ports.ts'

/** Someone who wrote, and how much of it is not read. */
export type Arrival = Unread

/** Tells what came. Resolves when that is done, or nobody is to be told: it is not told again then. */
export type Tell = (arrivals: readonly Arrival[]) => Promise<void>

/** What has come since so much was unread, and is to be told. */
export const arrivalsSince = async (before: UnreadThen, db: GigiDatabase): Promise<Arrival[]> =>
  unreadSince(db, before, await readUnread(db, clock.now()))

/** Tells what has come since `beginTelling`. Where that fails it is left to whoever begins next. */
export async function tellSince(before: UnreadThen, db: GigiDatabase, tell: Tell): Promise<Arrival[]> {
  const arrivals = await arrivalsSince(before, db)
  await tell(arrivals)
  await endTelling(db)
  return arrivals
}

/** What a tab asks of the service worker, which shows all that is shown: who wrote. */
export interface TellWord {
  readonly type: 'TELL'
  readonly arrivals: readonly Arrival[]
  /** The notification makes no sound of its own. */
  readonly silent: boolean
}

export const isTellWord = (word: unknown): word is TellWord =>
  typeof word === 'object' && word !== null && 'type' in word && word.type === 'TELL'
