/**
 * The search worker. Every tab that searches has one; the one that holds the lock has the index, keeps it in step with the
 * store, and answers all tabs. The others wait for the lock, and have nothing loaded.
 */
/// <reference lib="webworker" />
import { CHANNEL, type SearchWord, type WorkerEnd, type WorkerOrder, type WorkerWord } from './messages.ts'
import type { Where } from './open.ts'

declare const self: DedicatedWorkerGlobalScope

const LOCK = 'gigi-search'

/** What is tried after so many failures in a row; after these, memory. */
const WHERE: readonly Where[] = ['disk', 'disk', 'fresh']

let failures = 0
let holding = false

self.addEventListener('message', ({ data }: MessageEvent<WorkerOrder>) => {
  if (data.type === 'start') failures = data.failures
  void hold(data.type === 'seize')
})

/** Resolves only where this worker holds the index already. */
async function hold(steal: boolean): Promise<void> {
  if (holding) return
  try {
    // Without locks each tab has an index of its own.
    if (!('locks' in navigator)) await serve('memory')
    else await navigator.locks.request(LOCK, { steal }, () => serve(WHERE[failures] ?? 'memory'))
  } catch (error) {
    tell({ type: 'over', why: endOf(error), reason: String(error) })
    self.close()
  }
}

function endOf(error: unknown): WorkerEnd {
  // This worker did not answer, and another one took the lock.
  if (error instanceof DOMException && error.name === 'AbortError') return 'taken'
  return error instanceof Error && error.name === 'SQLite3Error' ? 'index' : 'other'
}

async function serve(where: Where): Promise<void> {
  if (holding) return
  holding = true
  const channel = new BroadcastChannel(CHANNEL)
  const early: SearchWord[] = []
  const say = (word: SearchWord): void => {
    channel.postMessage(word)
  }
  let answer = (word: SearchWord): void => {
    if (word.type !== 'search') return
    early.push(word)
    say({ type: 'wait', id: word.id })
  }
  channel.onmessage = ({ data }: MessageEvent<SearchWord>) => {
    answer(data)
  }
  say({ type: 'here' })
  const { keepIndex } = await import('./keeper.ts')
  await keepIndex({
    where,
    say,
    settled: () => {
      tell({ type: 'settled' })
    },
    ready: (given) => {
      answer = given
      for (const word of early) given(word)
    },
  })
}

function tell(word: WorkerWord): void {
  self.postMessage(word)
}
