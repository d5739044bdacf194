/** The timer worker. It only wakes: browsers throttle the timers of hidden tabs, and not those of their workers. */
/// <reference lib="webworker" />
import type { TimerReply, TimerRequest } from './messages.ts'

declare const self: DedicatedWorkerGlobalScope

const handles = new Map<number, ReturnType<typeof setTimeout>>()

self.addEventListener('message', ({ data }: MessageEvent<TimerRequest>) => {
  if (data.type === 'cancel') {
    clearTimeout(handles.get(data.id))
    handles.delete(data.id)
    return
  }
  const { id, delayMs } = data
  const wake = (): void => {
    handles.delete(id)
    self.postMessage({ id } satisfies TimerReply)
  }
  handles.set(id, setTimeout(wake, delayMs))
})
