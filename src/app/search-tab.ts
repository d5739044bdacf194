/** Search in a tab: what it needs of the browser, and when it begins. */
import { liveQuery } from 'dexie'
import { readIdentity } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { CHANNEL } from '../worker/search/messages.ts'
import { type Search, UserError } from './api.ts'
import { log, random, timer } from './ports.ts'
import { SearchClient, SearchFailedError } from './search.ts'

/** The index is opened unasked this long after there is an identity, milliseconds: when the first screen is long there. */
const BEGIN_MS = 5_000

export function createSearch(db: GigiDatabase): Search {
  const client = new SearchClient({
    startWorker: () =>
      new Worker(new URL('../worker/search/search.worker.ts', import.meta.url), { type: 'module' }),
    openChannel: () => new BroadcastChannel(CHANNEL),
    timer,
    log,
    tabId: String(random.fraction()),
    isVisible: () => document.visibilityState === 'visible',
  })
  const subscription = liveQuery(() => readIdentity(db)).subscribe((identity) => {
    if (identity === undefined) return
    queueMicrotask(() => {
      subscription.unsubscribe()
    })
    timer.after(BEGIN_MS, () => {
      client.begin()
    })
  })
  return {
    async search(typed, filter, limit, after = null) {
      try {
        return await client.search({ typed, filter, limit, after })
      } catch (error) {
        if (error instanceof SearchFailedError) throw new UserError('search-failed', { cause: error })
        throw error
      }
    },
    subscribe: (listener) => client.subscribe(listener),
  }
}
