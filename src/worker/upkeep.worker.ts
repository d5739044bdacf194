/**
 * The upkeep worker: timers that are not throttled in hidden tabs, and the cleanup, which would hold up the thread that
 * the user waits for. It only wakes and cleans: what is due says the store (D7).
 */
/// <reference lib="webworker" />
import { GigiDatabase } from '../store/schema.ts'
import { cleanUp } from '../sync/clean-up.ts'
import { BEAT_MS, SLEPT_MS, type UpkeepReply, type UpkeepRequest } from './messages.ts'

declare const self: DedicatedWorkerGlobalScope

const handles = new Map<number, ReturnType<typeof setTimeout>>()

self.addEventListener('message', ({ data }: MessageEvent<UpkeepRequest>) => {
  switch (data.type) {
    case 'after': {
      const { id, delayMs } = data
      const wake = (): void => {
        handles.delete(id)
        say({ type: 'due', id })
      }
      handles.set(id, setTimeout(wake, delayMs))
      return
    }
    case 'cancel':
      clearTimeout(handles.get(data.id))
      handles.delete(data.id)
      return
    case 'clean':
      void clean(data)
  }
})

async function clean({ id, epoch, now }: Extract<UpkeepRequest, { type: 'clean' }>): Promise<void> {
  const db = new GigiDatabase()
  let thrown: [string, string] | null = null
  try {
    // Whoever calls it off ends this worker.
    await cleanUp(db, epoch, { now: () => now }, new AbortController().signal)
  } catch (error) {
    thrown = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
  } finally {
    db.close()
  }
  say({ type: 'cleaned', id, thrown })
}

let last = Date.now()
setInterval(() => {
  const now = Date.now()
  say(Math.abs(now - last - BEAT_MS) > SLEPT_MS ? { type: 'slept' } : { type: 'beat' })
  last = now
}, BEAT_MS)

function say(reply: UpkeepReply): void {
  self.postMessage(reply)
}
