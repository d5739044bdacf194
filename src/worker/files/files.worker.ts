/** The files worker: writes, reads and checks the bytes of files, so that neither holds up the thread that the user waits for. */
/// <reference lib="webworker" />
import { lookAt } from './look.ts'
import type { Attached, FilesCall, FilesReply, FilesRequest } from './messages.ts'
import { OpfsRoom } from './opfs-room.ts'

declare const self: DedicatedWorkerGlobalScope

/** How far the taking in of a file has come is told so often, milliseconds. */
const PROGRESS_MS = 100

const room = new OpfsRoom()
const attaching = new Map<string, AbortController>()

self.addEventListener('message', ({ data }: MessageEvent<FilesRequest>) => {
  void answer(data)
})

async function answer({ id, call }: FilesRequest): Promise<void> {
  try {
    const value = await perform(id, call)
    const reply: FilesReply = { type: 'done', id, value }
    // A chunk is handed over, not copied.
    const given = call.type === 'read' ? [(value as { chunk: Uint8Array<ArrayBuffer> }).chunk.buffer] : []
    self.postMessage(reply, given)
  } catch (error) {
    const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
    tell({ type: 'failed', id, name, message })
  }
}

function perform(id: number, call: FilesCall): Promise<unknown> {
  switch (call.type) {
    case 'begin':
      return room.begin(call.blob, call.shape, call.held)
    case 'put':
      return room.put(call.blob, call.n, call.proven)
    case 'flush':
      return room.flush(call.blob)
    case 'end':
      return room.end(call.blob)
    case 'read':
      return room.read(call.blob, call.shape, call.n)
    case 'remove':
      return room.remove(call.blob)
    case 'list':
      return room.list()
    case 'attach':
      return attach(id, call.blob, call.file)
    case 'call-off':
      attaching.get(call.blob)?.abort()
      return Promise.resolve()
  }
}

async function attach(id: number, blob: string, file: Blob): Promise<Attached> {
  const controller = new AbortController()
  attaching.set(blob, controller)
  let told = 0
  try {
    const root = await room.attach(blob, file, controller.signal, (bytes) => {
      if (performance.now() - told < PROGRESS_MS) return
      told = performance.now()
      tell({ type: 'progress', id, bytes })
    })
    return { size: file.size, root, look: await lookAt(file) }
  } finally {
    attaching.delete(blob)
  }
}

function tell(reply: FilesReply): void {
  self.postMessage(reply)
}
