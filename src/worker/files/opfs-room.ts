/**
 * The file room in the origin private file system: of each file its bytes, and the hashes of its chunks, 32 bytes each, from which
 * its tree is made again. Runs in a dedicated worker, which alone may write there synchronously.
 */
import { chunkCount, chunkLength, chunkStart, heldBytes } from '../../domain/files/chunks.ts'
import { highest, type SequenceSet } from '../../domain/sequence-set.ts'
import { sameBytes } from '../../protocol/cbor.ts'
import { HASH_BYTES, HashTree, LEAF_PREFIX, provesChunk } from '../../protocol/merkle.ts'
import {
  type BlobShape,
  type FileRoom,
  GoneError,
  NoRoomError,
  type ProvenChunk,
} from '../../sync/files/ports.ts'
import { FOLDER } from './messages.ts'

const TREE = '.tree'
/** Bytes that are left free: for messages, which must have room whatever comes. */
export const SPARE_BYTES = 32 * 1024 * 1024
/** Files that are served at a time and whose trees are kept. */
const MAX_TREES = 8
/** Files of a worker that has just ended may be kept a little longer: how often they are tried, and how long apart, milliseconds. */
const MAX_TRIES = 15
const RETRY_MS = 200

interface Writing {
  readonly shape: BlobShape
  readonly data: FileSystemSyncAccessHandle
  readonly leaves: FileSystemSyncAccessHandle
}

interface Reading {
  readonly file: File
  readonly tree: HashTree
}

export class OpfsRoom implements FileRoom {
  readonly #folder: Promise<FileSystemDirectoryHandle>
  readonly #writing = new Map<string, Writing>()
  readonly #reading = new Map<string, Promise<Reading>>()

  constructor() {
    this.#folder = navigator.storage
      .getDirectory()
      .then((root) => root.getDirectoryHandle(FOLDER, { create: true }))
    // Whoever calls is told.
    this.#folder.catch(() => undefined)
  }

  async begin(blob: string, shape: BlobShape, held: SequenceSet): Promise<void> {
    if (this.#writing.has(blob)) throw new Error(`${blob} is being written`)
    await requireRoom(shape.size - heldBytes(shape.size, held))
    this.#reading.delete(blob)
    const data = await this.#open(blob)
    try {
      const last = highest(held)
      if (last > 0 && data.getSize() < chunkStart(last) + chunkLength(shape.size, last))
        throw new GoneError(`${blob} is shorter than it was`)
      this.#writing.set(blob, { shape, data, leaves: await this.#open(blob + TREE) })
    } catch (error) {
      data.close()
      throw error
    }
  }

  async put(blob: string, n: number, { chunk, proof }: ProvenChunk): Promise<'kept' | 'wrong'> {
    const { shape } = this.#written(blob)
    if (chunk.length !== chunkLength(shape.size, n)) return 'wrong'
    const leaf = await leafOf(chunk)
    if (!provesChunk(shape.root, chunkCount(shape.size), n, leaf, proof)) return 'wrong'
    this.#write(blob, n, chunk, leaf)
    return 'kept'
  }

  flush(blob: string): Promise<void> {
    const { data, leaves } = this.#written(blob)
    data.flush()
    leaves.flush()
    return Promise.resolve()
  }

  async end(blob: string): Promise<void> {
    const writing = this.#written(blob)
    await this.flush(blob)
    this.#writing.delete(blob)
    writing.data.close()
    writing.leaves.close()
  }

  async read(blob: string, shape: BlobShape, n: number): Promise<ProvenChunk> {
    const { file, tree } = await this.#readable(blob, shape)
    const start = chunkStart(n)
    let chunk: Uint8Array<ArrayBuffer>
    try {
      chunk = new Uint8Array(await file.slice(start, start + chunkLength(shape.size, n)).arrayBuffer())
    } catch (error) {
      throw new GoneError(`${blob} cannot be read`, { cause: error })
    }
    if (!sameBytes(await leafOf(chunk), tree.leaf(n))) throw new GoneError(`${blob} has changed`)
    return { chunk, proof: tree.proof(n) }
  }

  async remove(blob: string): Promise<void> {
    this.#reading.delete(blob)
    const folder = await this.#folder
    for (const name of [blob, blob + TREE])
      try {
        await folder.removeEntry(name)
      } catch (error) {
        if (!isNamed(error, 'NotFoundError')) throw error
      }
  }

  async list(): Promise<string[]> {
    const names = new Set<string>()
    for await (const name of (await this.#folder).keys())
      names.add(name.endsWith(TREE) ? name.slice(0, -TREE.length) : name)
    return [...names]
  }

  /**
   * Takes a file in under a name: all its chunks, in order, read piece by piece. Returns the root of its tree. Throws what reading it
   * throws, NoRoomError, or the reason of `signal`; nothing is left then.
   */
  async attach(
    blob: string,
    file: Blob,
    signal: AbortSignal,
    progress: (bytes: number) => void,
  ): Promise<Uint8Array> {
    const { size } = file
    await this.begin(blob, { size, root: new Uint8Array() }, [])
    try {
      const hashes = new Uint8Array(chunkCount(size) * HASH_BYTES)
      for (let n = 1; n <= chunkCount(size); n += PIECE_CHUNKS) {
        signal.throwIfAborted()
        const piece = await file.slice(chunkStart(n), chunkStart(n + PIECE_CHUNKS)).arrayBuffer()
        const chunks = chunksOf(new Uint8Array(piece), size, n)
        const leaves = await Promise.all(chunks.map(leafOf))
        for (const [i, chunk] of chunks.entries()) {
          const leaf = leaves[i] ?? new Uint8Array()
          hashes.set(leaf, (n + i - 1) * HASH_BYTES)
          this.#write(blob, n + i, chunk, leaf)
        }
        progress(chunkStart(n) + piece.byteLength)
      }
      await this.end(blob)
      return new HashTree(hashes).root
    } catch (error) {
      await this.#giveUp(blob)
      throw error
    }
  }

  async #giveUp(blob: string): Promise<void> {
    const writing = this.#writing.get(blob)
    this.#writing.delete(blob)
    writing?.data.close()
    writing?.leaves.close()
    await this.remove(blob)
  }

  #written(blob: string): Writing {
    const writing = this.#writing.get(blob)
    if (writing === undefined) throw new Error(`${blob} was not begun`)
    return writing
  }

  #write(blob: string, n: number, chunk: Uint8Array<ArrayBuffer> | Uint8Array, leaf: Uint8Array): void {
    const { data, leaves } = this.#written(blob)
    write(data, chunk, chunkStart(n))
    write(leaves, leaf, (n - 1) * HASH_BYTES)
  }

  async #open(name: string): Promise<FileSystemSyncAccessHandle> {
    const handle = await (await this.#folder).getFileHandle(name, { create: true })
    for (let tries = 1; ; tries++)
      try {
        return await handle.createSyncAccessHandle()
      } catch (error) {
        if (!isNamed(error, 'NoModificationAllowedError') || tries === MAX_TRIES) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
  }

  #readable(blob: string, shape: BlobShape): Promise<Reading> {
    const known = this.#reading.get(blob)
    if (known !== undefined) return known
    const reading = this.#openToRead(blob, shape)
    this.#reading.set(blob, reading)
    reading.catch(() => this.#reading.delete(blob))
    const [oldest] = this.#reading.keys()
    if (this.#reading.size > MAX_TREES && oldest !== undefined) this.#reading.delete(oldest)
    return reading
  }

  async #openToRead(blob: string, shape: BlobShape): Promise<Reading> {
    try {
      const folder = await this.#folder
      const file = await (await folder.getFileHandle(blob)).getFile()
      const leaves = await (await (await folder.getFileHandle(blob + TREE)).getFile()).arrayBuffer()
      const tree = new HashTree(new Uint8Array(leaves))
      if (file.size !== shape.size || !sameBytes(tree.root, shape.root))
        throw new GoneError(`${blob} is not what it was`)
      return { file, tree }
    } catch (error) {
      if (error instanceof GoneError) throw error
      throw new GoneError(`${blob} is not there`, { cause: error })
    }
  }
}

/** Chunks that are read at once of a file that is taken in: 4 MiB. */
const PIECE_CHUNKS = 16

const chunksOf = (piece: Uint8Array<ArrayBuffer>, size: number, first: number): Uint8Array<ArrayBuffer>[] => {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0, n = first; at < piece.length; n++) {
    const length = chunkLength(size, n)
    chunks.push(piece.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** As `leafHash`, by the browser, which is several times as fast. */
async function leafOf(chunk: Uint8Array): Promise<Uint8Array> {
  const input = new Uint8Array(1 + chunk.length)
  input[0] = LEAF_PREFIX
  input.set(chunk, 1)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input))
}

function write(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  let written: number
  try {
    written = handle.write(bytes, { at })
  } catch (error) {
    if (isNamed(error, 'QuotaExceededError')) throw new NoRoomError('the storage is full', { cause: error })
    throw error
  }
  if (written < bytes.length) throw new NoRoomError('the storage is full')
}

/** Throws NoRoomError where so many bytes would leave too little. */
async function requireRoom(bytes: number): Promise<void> {
  const { usage, quota } = await navigator.storage.estimate()
  if (usage === undefined || quota === undefined) return
  if (quota - usage < bytes + SPARE_BYTES)
    throw new NoRoomError(`${bytes} bytes do not fit: ${quota - usage} are free`)
}

const isNamed = (error: unknown, name: string): boolean =>
  error instanceof DOMException && error.name === name
