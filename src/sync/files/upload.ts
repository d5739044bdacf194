/**
 * Serves one file, or a part of it, to one peer, on the stream that it opened. Who may have what is asked again whenever that may
 * have changed; what is read is checked before it is sent.
 */
import { chunkLength, heldBytes, missingChunks } from '../../domain/files/chunks.ts'
import { Rate } from '../../domain/files/rate.ts'
import { count, difference, intersection, type SequenceSet } from '../../domain/sequence-set.ts'
import { MalformedError } from '../../protocol/cbor.ts'
import {
  decodeFileRequest,
  encodeFileAnswer,
  type FileRefusal,
  type FileRequest,
  type Want,
} from '../../protocol/file-frames.ts'
import { fromBase64url } from '../../protocol/identifiers.ts'
import { MAX_FILE_WINDOW } from '../../protocol/limits.ts'
import { dropTransfer, failFile, noteHadBy, noteTransfer, readShared } from '../../store/files.ts'
import type { FileRow } from '../../store/schema.ts'
import { Coalesced, Delayed } from '../serial.ts'
import type { FileContext } from './context.ts'
import { RECORD_MS, SILENCE_MS } from './limits.ts'
import { type FileStream, type FileStreamListener, GoneError, type ProvenChunk } from './ports.ts'

/** Chunks that are read before it is their turn, so that the line never waits for the disk. */
const READ_AHEAD = 3

export class Upload implements FileStreamListener {
  readonly stream: FileStream
  readonly #context: FileContext
  readonly #onEnd: (fault: unknown) => void
  readonly #rate = new Rate()
  readonly #work = new Coalesced(() => this.#guarded(() => this.#pump()))
  readonly #authorising = new Coalesced(() => this.#guarded(() => this.#authorise()))
  readonly #recording: Delayed
  #want: Want | undefined
  #row: FileRow | undefined
  /** What is wanted and not read yet. */
  #left: SequenceSet = []
  readonly #ahead: { readonly n: number; readonly read: Promise<ProvenChunk> }[] = []
  #credit = 0
  /** Lengths of the chunks that are on their way. */
  #underWay: number[] = []
  /** Bytes that the other has. */
  #bytes = 0
  #heldUp = false
  #had = false
  #isOver = false
  #cancelSilence: () => void = () => undefined

  /** `onEnd` is called once, with what the store threw, if it did. */
  constructor(context: FileContext, stream: FileStream, onEnd: (fault: unknown) => void) {
    this.#context = context
    this.stream = stream
    this.#onEnd = onEnd
    this.#recording = new Delayed(context.timer, RECORD_MS, () => void this.#guarded(() => this.#record()))
    this.#listenOn()
  }

  /** Resolves when nothing of it is under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#work.idle(), this.#authorising.idle()])
  }

  /** Whether it is served may have changed. */
  look(): void {
    if (this.#want !== undefined) this.#authorising.request()
  }

  frame(frame: Uint8Array): void {
    if (this.#isOver) return
    let request
    try {
      request = decodeFileRequest(frame)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.#abort(`malformed: ${error.message}`)
      return
    }
    if (request !== null) this.#hear(request)
    this.#listenOn()
  }

  drained(): void {
    this.#work.request()
  }

  closed(reason: string): void {
    this.#context.log.info('a file is not served any more', { peer: this.stream.peer, reason })
    this.#end(undefined)
  }

  #hear(request: FileRequest): void {
    if (request.type === 'want') {
      if (this.#want !== undefined) {
        this.#abort('wants twice')
        return
      }
      this.#want = request
      this.#credit = request.credit
      this.#authorising.request()
      return
    }
    if (this.#want === undefined) {
      this.#abort(`${request.type} before want`)
      return
    }
    if (request.type === 'have') {
      this.#had = true
      this.#authorising.request()
      return
    }
    this.#credit += request.chunks
    for (const length of this.#underWay.splice(0, request.chunks)) this.#bytes += length
    if (this.#credit + this.#underWay.length > MAX_FILE_WINDOW) {
      this.#abort('more credit than the window')
      return
    }
    this.#rate.note(this.#bytes, this.#context.clock.now())
    this.#recording.request()
    this.#work.request()
  }

  async #authorise(): Promise<void> {
    const { db, epoch, clock } = this.#context
    const want = this.#want
    if (want === undefined) return
    const { peer } = this.stream
    const found = await readShared(db, epoch, peer, want.message, want.code)
    if (typeof found === 'string') {
      if (!this.#isOver) this.#refuse(found)
      return
    }
    // Told as the last word: it counts though the stream has ended since.
    if (this.#had || want.chunks.length === 0) {
      await noteHadBy(db, epoch, peer, want.message)
      if (!this.#hasEnded()) this.stream.send(encodeFileAnswer({ type: 'noted' }))
      return
    }
    if (this.#isOver) return
    if (this.#row === undefined) {
      this.#row = found
      this.#left = intersection(want.chunks, missingChunks(found.size, []))
      if (count(this.#left) < count(want.chunks)) {
        this.#abort('wants chunks that there are not')
        return
      }
      this.#bytes = found.size - heldBytes(found.size, this.#left)
      this.#rate.note(this.#bytes, clock.now())
      await this.#record()
    }
    const heldUp = found.sharing === 'paused'
    if (heldUp !== this.#heldUp) {
      this.#heldUp = heldUp
      this.stream.send(encodeFileAnswer({ type: 'hold', hold: heldUp }))
      this.#rate.rest()
      this.#listenOn()
      await this.#record()
    }
    this.#work.request()
  }

  async #pump(): Promise<void> {
    for (;;) {
      const row = this.#row
      if (row === undefined || this.#rests() || this.#credit === 0) return
      this.#readAhead(row)
      const next = this.#ahead[0]
      if (next === undefined || !this.stream.hasRoom) return
      let proven: ProvenChunk
      try {
        proven = await next.read
      } catch (error) {
        if (!(error instanceof GoneError)) throw error
        this.#context.log.warn('a shared file is not here any more', { reason: error.message })
        await failFile(this.#context.db, this.#context.epoch, row.message_id, 'lost')
        this.#refuse('gone')
        return
      }
      if (this.#rests()) return
      this.#ahead.shift()
      this.#credit -= 1
      this.#underWay.push(chunkLength(row.size, next.n))
      this.stream.send(encodeFileAnswer({ type: 'chunk', number: next.n, ...proven }))
    }
  }

  #readAhead({ blob, size, root }: FileRow): void {
    while (this.#ahead.length < Math.min(READ_AHEAD, this.#credit)) {
      const n = this.#left[0]?.[0]
      if (n === undefined) return
      this.#left = difference(this.#left, [[n, n]])
      const read = this.#context.room.read(blob, { size, root: fromBase64url(root) }, n)
      // It is looked at when it is its turn.
      read.catch(() => undefined)
      this.#ahead.push({ n, read })
    }
  }

  async #record(): Promise<void> {
    const { db, epoch } = this.#context
    if (this.#isOver || this.#row === undefined) return
    await noteTransfer(db, epoch, {
      message_id: this.#row.message_id,
      peer_id: this.stream.peer,
      direction: 'out',
      bytes: this.#bytes,
      rate: this.#rate.bytesPerSecond,
      held_up: 0,
    })
    if (this.#hasEnded()) await this.#drop()
  }

  async #drop(): Promise<void> {
    const { db, epoch } = this.#context
    if (this.#row === undefined) return
    await dropTransfer(db, epoch, { message_id: this.#row.message_id, peer_id: this.stream.peer })
  }

  #rests(): boolean {
    return this.#isOver || this.#heldUp
  }

  #hasEnded(): boolean {
    return this.#isOver
  }

  #refuse(code: FileRefusal): void {
    this.stream.send(encodeFileAnswer({ type: 'refused', code }))
    this.stream.close(code)
  }

  #abort(reason: string): void {
    this.stream.abort(reason)
  }

  /** Whoever neither takes nor asks for anything is not there any more; whoever waits for us may be as long as that takes. */
  #listenOn(): void {
    this.#cancelSilence()
    if (this.#isOver || this.#heldUp) return
    this.#cancelSilence = this.#context.timer.after(SILENCE_MS, () => {
      this.#abort('nothing was heard')
    })
  }

  async #guarded(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.stream.abort('it could not be served')
      this.#end(error)
    }
  }

  #end(fault: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelSilence()
    this.#recording.cancel()
    void this.#drop().then(
      () => {
        this.#onEnd(fault)
      },
      (error: unknown) => {
        this.#onEnd(fault ?? error)
      },
    )
  }
}
