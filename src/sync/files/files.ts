/**
 * The transfer of files, as the leader runs it: fetches what is wanted, serves what was shared, and clears away what nobody speaks of
 * any more. What is wanted says the store, from whichever tab; whom to fetch from says `choose`.
 */
import { backoffMs } from '../../domain/backoff.ts'
import { heldBytes } from '../../domain/files/chunks.ts'
import type { MessageId, PeerId } from '../../domain/ids.ts'
import { MalformedError, sameBytes } from '../../protocol/cbor.ts'
import { decodeFileAnswer, encodeFileAnswer, encodeFileRequest } from '../../protocol/file-frames.ts'
import { fromBase64url } from '../../protocol/identifiers.ts'
import { emptyRoot } from '../../protocol/merkle.ts'
import { onTablesChanged } from '../../store/changes.ts'
import { isQuotaExceeded } from '../../store/faults.ts'
import { firstDoomedAt } from '../../store/file-choices.ts'
import {
  clearTransfers,
  completeFile,
  failFile,
  noteTold,
  readUntold,
  readWanted,
  settleNew,
  type WantedFile,
} from '../../store/files.ts'
import { FencedError } from '../../store/leadership.ts'
import type { FileProblem } from '../../store/schema.ts'
import type { Random, SessionPath } from '../ports.ts'
import { Coalesced } from '../serial.ts'
import { choose, type Reach } from './choose.ts'
import type { FileContext } from './context.ts'
import { Download, type DownloadEnd } from './download.ts'
import {
  ASK_BACKOFF,
  DOOMED_MS,
  FETCH_BACKOFF,
  MAX_LOOKED_AT,
  MAX_UPLOADS,
  MAX_UPLOADS_PER_PEER,
  NOTED_MS,
  SWEEP_MS,
} from './limits.ts'
import type { FileStream, FileStreamListener } from './ports.ts'
import { removeDoomed, removeOrphans } from './sweep.ts'
import { Upload } from './upload.ts'

export interface FileSyncOptions extends FileContext {
  readonly random: Random
  readonly listener: {
    /** With whom a session is wanted, for their files. */
    sought(peers: ReadonlySet<PeerId>): void
    /** Another leader has taken over. */
    fenced(): void
  }
}

/** Whether somebody says that they know that we have all of a file; of what cannot be read they say nothing. */
function isNoted(frame: Uint8Array): boolean {
  try {
    return decodeFileAnswer(frame)?.type === 'noted'
  } catch (error) {
    if (error instanceof MalformedError) return false
    throw error
  }
}

const NOWHERE: Reach = { path: 'none', since: 0 }

/** How often in a row one peer could not give one file, and when it is asked again. */
interface Failure {
  readonly count: number
  readonly until: number
  readonly end: DownloadEnd
}

export class FileSync {
  readonly #options: FileSyncOptions
  readonly #reaches = new Map<PeerId, Reach>()
  readonly #downloads = new Map<MessageId, Download>()
  readonly #uploads = new Set<Upload>()
  readonly #failures = new Map<string, Failure>()
  readonly #looking = new Coalesced(() => this.#guard('look for files', () => this.#look()))
  readonly #sweeping = new Coalesced(() => this.#guard('clear files away', () => this.#sweep()))
  /** The beginning of the session in which it was told that a file is here. */
  readonly #told = new Map<MessageId, number>()
  readonly #ends = new Set<Promise<void>>()
  #isRunning = false
  #unsubscribe: () => void = () => undefined
  #cancelWake: () => void = () => undefined
  #cancelSweep: () => void = () => undefined
  #orphansAt = 0

  constructor(options: FileSyncOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { db, epoch, links } = this.#options
    await clearTransfers(db, epoch)
    this.#isRunning = true
    links.serve((stream) => this.#serve(stream))
    this.#unsubscribe = onTablesChanged(db, (tables) => {
      if (tables.has('files') || tables.has('contacts') || tables.has('groups')) {
        for (const upload of this.#uploads) upload.look()
        this.#looking.request()
      }
      // The size up to which files come unasked.
      if (tables.has('meta')) this.#looking.request()
      if (tables.has('doomed_blobs')) this.#sweeping.request()
    })
    this.#looking.request()
    this.#sweeping.request()
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#unsubscribe()
    this.#cancelWake()
    this.#cancelSweep()
    this.#options.links.serve(null)
    for (const download of this.#downloads.values()) download.stop()
    await Promise.all([this.#looking.idle(), this.#sweeping.idle()])
    while (this.#ends.size > 0) await Promise.all(this.#ends)
  }

  /** By which path a peer is connected now. */
  peer(peer: PeerId, path: SessionPath | 'none'): void {
    const before = this.#reaches.get(peer) ?? NOWHERE
    if (before.path === path) return
    if (path === 'none') this.#reaches.delete(peer)
    else this.#reaches.set(peer, { path, since: this.#options.clock.now() })
    // A new session: what failed in the last one may do now.
    if (before.path === 'none' || path === 'direct') this.#forgive(peer)
    // A better path than the one that is used: it goes on there.
    if (before.path === 'relayed' && path === 'direct')
      for (const download of this.#downloads.values()) if (download.peer === peer) download.stop()
    this.#looking.request()
  }

  async #look(): Promise<void> {
    const { db, epoch, clock, timer, listener } = this.#options
    await settleNew(db, epoch, MAX_LOOKED_AT)
    const wanted = await readWanted(db, epoch, MAX_LOOKED_AT)
    const files = new Map(wanted.map((file) => [file.row.message_id, file]))
    for (const download of this.#downloads.values())
      if (!files.has(download.row.message_id) && wanted.length < MAX_LOOKED_AT) download.stop()
    for (const file of wanted) if (file.row.size === 0) await this.#takeEmpty(file)
    const untold = await readUntold(db, epoch, MAX_LOOKED_AT)
    for (const file of untold) if (!this.#downloads.has(file.row.message_id)) this.#track(this.#tell(file))
    if (!this.#isRunning) return
    const { begin, at, sought } = choose(
      wanted
        .filter(({ row }) => row.size > 0)
        .map(({ row, members }) => ({
          message: row.message_id,
          size: row.size,
          missing: row.size - heldBytes(row.size, row.held),
          members,
        })),
      {
        now: clock.now(),
        running: [...this.#downloads.values()].map(({ row }) => ({
          message: row.message_id,
          size: row.size,
        })),
        reach: (peer) => this.#reaches.get(peer) ?? NOWHERE,
        askableAt: (message, peer) => this.#failures.get(`${message} ${peer}`)?.until ?? 0,
      },
    )
    listener.sought(sought)
    for (const { message, peer } of begin) {
      const file = files.get(message)
      if (file !== undefined) this.#track(this.#fetch(file, peer))
    }
    this.#cancelWake()
    if (at !== null)
      this.#cancelWake = timer.after(Math.max(0, at - clock.now()), () => {
        this.#looking.request()
      })
  }

  async #fetch({ row, members }: WantedFile, peer: PeerId): Promise<void> {
    const download = new Download(this.#options, row, peer)
    this.#downloads.set(row.message_id, download)
    let end: DownloadEnd
    try {
      end = await download.run()
    } catch (error) {
      // The disk, say, which may take more in a while.
      this.#report('keep what was fetched', error)
      end = 'lost'
    } finally {
      this.#downloads.delete(row.message_id)
    }
    const { db, epoch } = this.#options
    if (end === 'complete' || end === 'no-room') this.#forget(row.message_id)
    else if (end !== 'stopped') this.#failed(download, end)
    if (end === 'no-room') await failFile(db, epoch, row.message_id, 'no-room')
    const problem = this.#problemOf(row.message_id, members)
    if (problem !== null) {
      await failFile(db, epoch, row.message_id, problem)
      this.#forget(row.message_id)
    }
    this.#looking.request()
  }

  #failed({ row, peer, progress }: Download, end: DownloadEnd): void {
    const { clock, random } = this.#options
    const key = `${row.message_id} ${peer}`
    // What came further before it ended is gone on with at once.
    const count = progress > 0 && end === 'lost' ? 0 : (this.#failures.get(key)?.count ?? 0) + 1
    const limits = end === 'lost' || end === 'busy' ? FETCH_BACKOFF : ASK_BACKOFF
    const wait = count === 0 ? 0 : backoffMs(count, limits, random.fraction())
    this.#failures.set(key, { count, until: clock.now() + wait, end })
  }

  /** Why a file cannot be had, when nobody is left who could give it; null while someone is. */
  #problemOf(message: MessageId, members: readonly PeerId[]): FileProblem | null {
    const ends = members.map((peer) => this.#failures.get(`${message} ${peer}`)?.end)
    if (ends.length === 0) return null
    if (!ends.every((end) => end === 'denied' || end === 'gone' || end === 'wrong')) return null
    if (ends.includes('wrong')) return 'damaged'
    return ends.includes('denied') ? 'denied' : 'gone'
  }

  #forget(message: MessageId): void {
    for (const key of [...this.#failures.keys()])
      if (key.startsWith(`${message} `)) this.#failures.delete(key)
  }

  #forgive(peer: PeerId): void {
    for (const key of [...this.#failures.keys()]) if (key.endsWith(` ${peer}`)) this.#failures.delete(key)
  }

  /** A file without bytes is complete if that is what was promised. */
  async #takeEmpty({ row }: WantedFile): Promise<void> {
    const { db, epoch } = this.#options
    if (sameBytes(fromBase64url(row.root), emptyRoot())) await completeFile(db, epoch, row.message_id)
    else await failFile(db, epoch, row.message_id, 'damaged')
  }

  /** Tells whoever shared a file that all of it is here, where that was not heard. */
  async #tell({ row, members }: WantedFile): Promise<void> {
    const { db, epoch, links, timer, log } = this.#options
    if (row.size === 0 || !members.includes(row.author)) {
      await noteTold(db, epoch, row.message_id)
      return
    }
    const since = this.#reaches.get(row.author)?.since
    // Once in a session: who does not take it in will not the second time.
    if (since === undefined || this.#told.get(row.message_id) === since) return
    this.#told.set(row.message_id, since)
    const noted = Promise.withResolvers<boolean>()
    try {
      const stream = await links.fetch(row.author, {
        frame: (frame) => {
          noted.resolve(isNoted(frame))
        },
        drained: () => undefined,
        closed: () => {
          noted.resolve(false)
        },
      })
      const { message_id: message, share_code: code } = row
      stream.send(encodeFileRequest({ type: 'want', message, code, chunks: [], credit: 1 }))
      const cancel = timer.after(NOTED_MS, () => {
        noted.resolve(false)
      })
      const isKnown = await noted.promise
      cancel()
      stream.close('told')
      if (isKnown) await noteTold(db, epoch, message)
    } catch (error) {
      if (error instanceof FencedError) throw error
      log.info('it could not be told that a file is here', { reason: String(error) })
    }
  }

  #serve(stream: FileStream): FileStreamListener {
    const mates = [...this.#uploads].filter((upload) => upload.stream.peer === stream.peer).length
    if (this.#uploads.size >= MAX_UPLOADS || mates >= MAX_UPLOADS_PER_PEER) {
      stream.send(encodeFileAnswer({ type: 'refused', code: 'busy' }))
      stream.close('too many')
      return { frame: () => undefined, drained: () => undefined, closed: () => undefined }
    }
    const over = Promise.withResolvers<void>()
    const upload = new Upload(this.#options, stream, (fault) => {
      this.#uploads.delete(upload)
      if (fault !== undefined) this.#report('serve a file', fault)
      over.resolve()
    })
    this.#uploads.add(upload)
    this.#track(over.promise.then(() => upload.idle()))
    return upload
  }

  async #sweep(): Promise<void> {
    const { clock, timer } = this.#options
    const now = clock.now()
    await removeDoomed(this.#options, now)
    if (now >= this.#orphansAt || now < this.#orphansAt - SWEEP_MS) {
      await removeOrphans(this.#options, now)
      this.#orphansAt = now + SWEEP_MS
    }
    const doomed = await firstDoomedAt(this.#options.db)
    if (!this.#isRunning) return
    const next = Math.min(this.#orphansAt, doomed === null ? Infinity : doomed + DOOMED_MS)
    this.#cancelSweep()
    this.#cancelSweep = timer.after(Math.max(1, next - clock.now()), () => {
      this.#sweeping.request()
    })
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#report('fetch a file', error)
      })
      .finally(() => this.#ends.delete(tracked))
    this.#ends.add(tracked)
  }

  async #guard(what: string, task: () => Promise<void>): Promise<void> {
    if (!this.#isRunning) return
    try {
      await task()
    } catch (error) {
      this.#report(what, error)
    }
  }

  #report(what: string, error: unknown): void {
    const { log, listener } = this.#options
    if (!this.#isRunning && !(error instanceof FencedError)) return
    log.warn(`could not ${what}`, { reason: String(error), full: isQuotaExceeded(error) })
    if (error instanceof FencedError) listener.fenced()
  }
}
