/** The file room as a tab has it: a worker, started when it is first needed, and begun anew when it dies. */
import type { SequenceSet } from '../../domain/sequence-set.ts'
import {
  type BlobShape,
  type FileRoom,
  GoneError,
  NoRoomError,
  type ProvenChunk,
} from '../../sync/files/ports.ts'
import type { Attached, FilesCall, FilesReply, FilesRequest } from '../../worker/files/messages.ts'

interface Call {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly progress: ((bytes: number) => void) | undefined
}

export type FilesWorker = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

export class WorkerRoom implements FileRoom {
  readonly #start: () => FilesWorker
  readonly #calls = new Map<number, Call>()
  #worker: FilesWorker | undefined
  #last = 0

  constructor(start: () => FilesWorker) {
    this.#start = start
  }

  async begin(blob: string, shape: BlobShape, held: SequenceSet): Promise<void> {
    await this.#call({ type: 'begin', blob, shape, held })
  }

  async put(blob: string, n: number, proven: ProvenChunk): Promise<'kept' | 'wrong'> {
    // Of the frame that it came in nothing else is needed.
    const given = proven.chunk.byteLength === proven.chunk.buffer.byteLength ? [proven.chunk.buffer] : []
    return (await this.#call({ type: 'put', blob, n, proven }, given)) as 'kept' | 'wrong'
  }

  async flush(blob: string): Promise<void> {
    await this.#call({ type: 'flush', blob })
  }

  async end(blob: string): Promise<void> {
    await this.#call({ type: 'end', blob })
  }

  async read(blob: string, shape: BlobShape, n: number): Promise<ProvenChunk> {
    return (await this.#call({ type: 'read', blob, shape, n })) as ProvenChunk
  }

  async remove(blob: string): Promise<void> {
    await this.#call({ type: 'remove', blob })
  }

  async list(): Promise<string[]> {
    return (await this.#call({ type: 'list' })) as string[]
  }

  /**
   * Takes a file in under a name, and tells how many bytes it has come. Throws NoRoomError, an AbortError when `signal` says so, or
   * what the browser says when the file cannot be read (any more); nothing is left then.
   */
  async attach(
    blob: string,
    file: Blob,
    signal: AbortSignal,
    progress: (bytes: number) => void,
  ): Promise<Attached> {
    signal.throwIfAborted()
    const callOff = (): void => {
      void this.#call({ type: 'call-off', blob })
    }
    signal.addEventListener('abort', callOff)
    try {
      return (await this.#call({ type: 'attach', blob, file }, [], progress)) as Attached
    } finally {
      signal.removeEventListener('abort', callOff)
    }
  }

  #call(call: FilesCall, given: ArrayBufferLike[] = [], progress?: Call['progress']): Promise<unknown> {
    const worker = (this.#worker ??= this.#begin())
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, progress })
      worker.postMessage({ id, call } satisfies FilesRequest, given as Transferable[])
    })
  }

  #begin(): FilesWorker {
    const worker = this.#start()
    worker.onmessage = ({ data }: MessageEvent<FilesReply>) => {
      const call = this.#calls.get(data.id)
      if (data.type === 'progress') {
        call?.progress?.(data.bytes)
        return
      }
      this.#calls.delete(data.id)
      if (data.type === 'done') call?.resolve(data.value)
      else call?.reject(errorOf(data.name, data.message))
    }
    worker.onerror = () => {
      worker.terminate()
      if (this.#worker === worker) this.#worker = undefined
      const calls = [...this.#calls.values()]
      this.#calls.clear()
      for (const { reject } of calls) reject(new Error('the files worker has died'))
    }
    return worker
  }
}

function errorOf(name: string, message: string): Error {
  if (name === 'NoRoomError') return new NoRoomError(message)
  if (name === 'GoneError') return new GoneError(message)
  const error = new Error(message)
  error.name = name
  return error
}
