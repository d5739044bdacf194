/**
 * Fetches what is missing of one file from one peer. Each chunk is checked and written before credit for another is given; how
 * far it has come is written down every second, behind what it speaks of. However it ends, what was kept stays.
 */
import { chunkLength, heldBytes, missingChunks } from '../../domain/files/chunks.ts'
import { Rate } from '../../domain/files/rate.ts'
import type { PeerId } from '../../domain/ids.ts'
import { add, count, difference, type SequenceSet } from '../../domain/sequence-set.ts'
import { MalformedError } from '../../protocol/cbor.ts'
import { type Chunk, decodeFileAnswer, encodeFileRequest } from '../../protocol/file-frames.ts'
import { fromBase64url } from '../../protocol/identifiers.ts'
import { MAX_RANGES } from '../../protocol/limits.ts'
import { completeFile, dropTransfer, forgetChunks, noteTold, recordChunks } from '../../store/files.ts'
import type { FileRow, TransferRow } from '../../store/schema.ts'
import { Coalesced } from '../serial.ts'
import type { FileContext } from './context.ts'
import { DIRECT_WINDOW, NOTED_MS, RECORD_MS, RELAYED_WINDOW, SILENCE_MS } from './limits.ts'
import { type FileStream, GoneError, NoRoomError } from './ports.ts'

/**
 * complete: all of it is here. stopped: nobody wants it any more, or `stop` was called. wrong: what came is not what was promised.
 * lost: the connection, or the patience.
 */
export type DownloadEnd = 'complete' | 'stopped' | 'denied' | 'gone' | 'busy' | 'wrong' | 'no-room' | 'lost'

export class Download {
  readonly peer: PeerId
  readonly row: FileRow
  readonly #context: FileContext
  readonly #ended = Promise.withResolvers<DownloadEnd>()
  /** Whether the other has noted that all of it is here. */
  readonly #noted = Promise.withResolvers<boolean>()
  readonly #rate = new Rate()
  readonly #recording: Coalesced
  /** What the store threw. */
  #fault: unknown
  #held: SequenceSet
  /** What was asked for and has not come. */
  #expected: SequenceSet
  #credit = 0
  /** Chunks that came and are not written yet, one after the other. */
  #writing: Promise<void> = Promise.resolve()
  #heldUp = false
  #isOver = false
  #stream: FileStream | undefined
  #cancelSilence: () => void = () => undefined
  #cancelRecord: () => void = () => undefined

  constructor(context: FileContext, row: FileRow, peer: PeerId) {
    this.#context = context
    this.row = row
    this.peer = peer
    this.#held = row.held
    // Of very scattered ones the rest is asked for the next time.
    this.#expected = missingChunks(row.size, row.held).slice(0, MAX_RANGES)
    this.#recording = new Coalesced(() => this.#record())
  }

  /** Chunks that were kept since it began. */
  get progress(): number {
    return count(difference(this.#held, this.row.held))
  }

  stop(): void {
    this.#end('stopped')
  }

  /** Resolves when it is over, and nothing of it is under way. Rejects with what the store throws. */
  async run(): Promise<DownloadEnd> {
    const { room, db, epoch } = this.#context
    const { blob, size, root, message_id } = this.row
    try {
      await room.begin(blob, { size, root: fromBase64url(root) }, this.#held)
    } catch (error) {
      if (error instanceof NoRoomError) return 'no-room'
      if (!(error instanceof GoneError)) throw error
      // The browser has deleted it: it is begun anew.
      await forgetChunks(db, epoch, message_id)
      return 'stopped'
    }
    let end: DownloadEnd
    try {
      void this.#fetch()
      end = await this.#ended.promise
    } finally {
      this.#cancelSilence()
      this.#cancelRecord()
      await this.#writing
      await this.#recording.idle()
      if (this.#fault === undefined) await this.#record(true)
      await room.end(blob)
      await dropTransfer(db, epoch, { message_id, peer_id: this.peer })
    }
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as it was thrown
    if (this.#fault !== undefined) throw this.#fault
    if (missingChunks(size, this.#held).length > 0) return end === 'complete' ? 'lost' : end
    return this.#complete()
  }

  async #fetch(): Promise<void> {
    const { links, log } = this.#context
    try {
      const stream = await links.fetch(this.peer, {
        frame: (frame) => {
          this.#receive(frame)
        },
        drained: () => undefined,
        closed: () => {
          this.#end('lost')
          this.#noted.resolve(false)
        },
      })
      this.#stream = stream
      if (this.#isOver) {
        stream.abort('not wanted any more')
        return
      }
      const window = stream.path === 'direct' ? DIRECT_WINDOW : RELAYED_WINDOW
      const credit = Math.max(1, Math.min(window, count(this.#expected)))
      const { message_id: message, share_code: code } = this.row
      stream.send(encodeFileRequest({ type: 'want', message, code, chunks: this.#expected, credit }))
      this.#credit = credit
      this.#rate.note(this.#bytes, this.#context.clock.now())
      this.#listenOn()
      this.#recordLater()
    } catch (error) {
      log.info('a file cannot be fetched', { peer: this.peer, reason: String(error) })
      this.#end('lost')
    }
  }

  get #bytes(): number {
    return heldBytes(this.row.size, this.#held)
  }

  #receive(frame: Uint8Array): void {
    let answer
    try {
      answer = decodeFileAnswer(frame)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.#end('wrong')
      return
    }
    if (answer?.type === 'noted') this.#noted.resolve(true)
    if (this.#isOver) return
    this.#listenOn()
    switch (answer?.type) {
      case 'noted':
        return
      case 'chunk':
        this.#take(answer)
        return
      case 'refused':
        this.#end(answer.code)
        return
      case 'hold':
        this.#heldUp = answer.hold
        this.#rate.rest()
        this.#recording.request()
        this.#listenOn()
        return
      case undefined:
    }
  }

  /** In the order of their numbers, and no more than there is credit for: anything else is not what was agreed upon. */
  #take({ number, chunk, proof }: Chunk): void {
    const { room, clock } = this.#context
    const { size, blob } = this.row
    if (
      number !== this.#expected[0]?.[0] ||
      this.#credit === 0 ||
      chunk.length !== chunkLength(size, number)
    ) {
      this.#end('wrong')
      return
    }
    this.#expected = difference(this.#expected, [[number, number]])
    this.#credit -= 1
    const isLast = this.#expected.length === 0
    const kept = room.put(blob, number, { chunk, proof })
    // It is looked at when it is its turn.
    kept.catch(() => undefined)
    this.#writing = this.#writing.then(async () => {
      try {
        if ((await kept) === 'wrong') {
          this.#end('wrong')
          return
        }
      } catch (error) {
        if (error instanceof NoRoomError) this.#end('no-room')
        else this.#fail(error)
        return
      }
      this.#held = add(this.#held, number)
      this.#rate.note(this.#bytes, clock.now())
      if (isLast) this.#end('complete')
      else this.#giveCredit()
    })
  }

  #giveCredit(): void {
    if (this.#isOver || this.#credit >= count(this.#expected)) return
    this.#credit += 1
    this.#stream?.send(encodeFileRequest({ type: 'credit', chunks: 1 }))
  }

  async #complete(): Promise<DownloadEnd> {
    const { db, epoch } = this.#context
    const isWanted = await completeFile(db, epoch, this.row.message_id)
    if (!isWanted) {
      this.#stream?.abort('not wanted any more')
      return 'stopped'
    }
    this.#stream?.send(encodeFileRequest({ type: 'have' }))
    const cancel = this.#context.timer.after(NOTED_MS, () => {
      this.#noted.resolve(false)
    })
    const isNoted = await this.#noted.promise
    cancel()
    this.#stream?.close('all of it is here')
    if (isNoted && this.peer === this.row.author) await noteTold(db, epoch, this.row.message_id)
    return 'complete'
  }

  #recordLater(): void {
    this.#cancelRecord()
    this.#cancelRecord = this.#context.timer.after(RECORD_MS, () => {
      this.#recording.request()
      if (!this.#isOver) this.#recordLater()
    })
  }

  async #record(isLast = false): Promise<void> {
    const { room, db, epoch } = this.#context
    const held = this.#held
    if (isLast && held === this.row.held) return
    try {
      await room.flush(this.row.blob)
      const isWanted = await recordChunks(db, epoch, this.row, held, this.#transfer(held))
      if (!isWanted) this.#end('stopped')
    } catch (error) {
      if (error instanceof NoRoomError) this.#end('no-room')
      else this.#fail(error)
    }
  }

  #transfer(held: SequenceSet): TransferRow {
    return {
      message_id: this.row.message_id,
      peer_id: this.peer,
      direction: 'in',
      bytes: heldBytes(this.row.size, held),
      rate: this.#rate.bytesPerSecond,
      held_up: this.#heldUp ? 1 : 0,
    }
  }

  /** Whoever says nothing for long is not there any more, unless it said that it pauses. */
  #listenOn(): void {
    this.#cancelSilence()
    if (this.#heldUp || this.#isOver) return
    this.#cancelSilence = this.#context.timer.after(SILENCE_MS, () => {
      this.#end('lost')
    })
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    this.#end('stopped')
  }

  #end(how: DownloadEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    // What is complete is closed when that is written down.
    if (how !== 'complete') this.#stream?.abort(how)
    this.#ended.resolve(how)
  }
}
