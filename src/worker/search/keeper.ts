/** Keeps the one index of this profile: opens it, keeps it in step with the store, and answers from it. */
import type { MessageId } from '../../domain/ids.ts'
import { onMessagesDeleted, onTablesChanged } from '../../store/changes.ts'
import { openGuarded } from '../../store/guard.ts'
import { readIdentity } from '../../store/identity.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import { Indexer } from './indexer.ts'
import type { MessageIndex } from './message-index.ts'
import type { SearchPage, SearchWord } from './messages.ts'
import { openIndex, type Where } from './open.ts'
import { search } from './searcher.ts'

/** Most messages of an index that is in memory: some 50 MB. */
const MEMORY_ROOM = 100_000
/** What comes in within this time is taken in together, milliseconds. */
const GATHER_MS = 250
/** After a query nothing is taken in for this long, milliseconds: whoever types gets the thread. */
const TYPING_MS = 300
/** How often tabs are told at the most that there is more to find, milliseconds. */
const TELL_MS = 1000

export interface KeeperSurroundings {
  readonly where: Where
  readonly say: (word: SearchWord) => void
  /** Hands over what answers the tabs from now on. */
  readonly ready: (answer: (word: SearchWord) => void) => void
  /** The index is in step with the store. */
  readonly settled: () => void
}

/** Rejects when index or store fail, or are not this worker's any more; everything in it has to be started anew then. */
export async function keepIndex({ where, say, ready, settled }: KeeperSurroundings): Promise<never> {
  const failing = Promise.withResolvers<never>()
  const { db, expect } = openGuarded({
    onFate: (fate) => {
      failing.reject(new Error(`the database is ${fate}`))
    },
    // It is tried again until it opens; what asks it waits or fails.
    onStuck: () => undefined,
    after: (delayMs, wake) => setTimeout(wake, delayMs),
  })
  // A database that was deleted and made anew is none to go on with.
  const recognise = async (): Promise<void> => {
    const identity = await readIdentity(db)
    if (identity !== undefined) expect(identity.peer_id)
  }
  await recognise()
  const { index, lasts } = await openIndex(where)
  const indexer = new Indexer({ db, index, now: () => Date.now(), room: lasts ? Infinity : MEMORY_ROOM })
  const keeper = new Keeper(db, index, indexer, say)
  onTablesChanged(db, (tables) => {
    if (tables.has('logs') || tables.has('installation')) keeper.changed()
    if (tables.has('identity')) recognise().catch(failing.reject)
  })
  onMessagesDeleted(db, (ids) => {
    keeper.suspect(ids)
  })
  ready((word) => {
    keeper.answer(word).catch(failing.reject)
  })
  return Promise.race([failing.promise, keeper.run(settled)])
}

class Keeper {
  readonly #db: GigiDatabase
  readonly #index: MessageIndex
  readonly #indexer: Indexer
  readonly #say: (word: SearchWord) => void
  #lastQuery = -Infinity
  #wake = (): void => undefined
  #woken = false

  constructor(db: GigiDatabase, index: MessageIndex, indexer: Indexer, say: (word: SearchWord) => void) {
    this.#db = db
    this.#index = index
    this.#indexer = indexer
    this.#say = say
  }

  changed(): void {
    this.#indexer.changed()
    this.#rouse()
  }

  suspect(ids: readonly MessageId[]): void {
    this.#indexer.suspect(ids)
    this.#rouse()
  }

  async answer(word: SearchWord): Promise<void> {
    if (word.type !== 'search') return
    this.#lastQuery = performance.now()
    const page: SearchPage = { ...(await search(this.#db, this.#index, word.request)), reach: this.#reach() }
    this.#say({ type: 'found', id: word.id, page })
  }

  async run(settled: () => void): Promise<never> {
    let toldAt = -Infinity
    let untold = false
    for (;;) {
      while (await this.#stepWhenQuiet()) {
        untold = true
        if (performance.now() - toldAt < TELL_MS) continue
        toldAt = performance.now()
        this.#say({ type: 'changed' })
        untold = false
      }
      if (untold) this.#say({ type: 'changed' })
      untold = false
      settled()
      await this.#roused()
      await pause(GATHER_MS)
    }
  }

  async #stepWhenQuiet(): Promise<boolean> {
    for (;;) {
      const quietIn = this.#lastQuery + TYPING_MS - performance.now()
      if (quietIn <= 0) return this.#indexer.step()
      await pause(quietIn)
    }
  }

  #reach(): SearchPage['reach'] {
    if (!this.#indexer.complete) return 'growing'
    return this.#indexer.full ? 'newest' : 'all'
  }

  #rouse(): void {
    this.#woken = true
    this.#wake()
  }

  async #roused(): Promise<void> {
    if (!this.#woken) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#woken = false
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
