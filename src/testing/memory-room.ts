/** A file room in memory, with as much room as the test says. What was put and not flushed is gone when `crash` is called. */
import { chunkCount, chunkLength, chunkStart, heldBytes } from '../domain/files/chunks.ts'
import { highest, type SequenceSet } from '../domain/sequence-set.ts'
import { sameBytes } from '../protocol/cbor.ts'
import { HASH_BYTES, HashTree, leafHash, provesChunk } from '../protocol/merkle.ts'
import {
  type BlobShape,
  type FileRoom,
  GoneError,
  NoRoomError,
  type ProvenChunk,
} from '../sync/files/ports.ts'

interface Stored {
  data: Uint8Array
  leaves: Uint8Array
}

export class MemoryRoom implements FileRoom {
  readonly #flushed = new Map<string, Stored>()
  readonly #writing = new Map<string, Stored & { readonly shape: BlobShape }>()
  /** Bytes that all files may have together. */
  quota = Infinity
  /** The chunks that were put, in order: `<name> <number>`. */
  readonly puts: string[] = []

  begin(blob: string, shape: BlobShape, held: SequenceSet): Promise<void> {
    if (this.#writing.has(blob)) return Promise.reject(new Error(`${blob} is being written`))
    if (this.#used + shape.size - heldBytes(shape.size, held) > this.quota)
      return Promise.reject(new NoRoomError('it does not fit'))
    const stored = this.#flushed.get(blob) ?? { data: new Uint8Array(), leaves: new Uint8Array() }
    const last = highest(held)
    if (last > 0 && stored.data.length < chunkStart(last) + chunkLength(shape.size, last))
      return Promise.reject(new GoneError(`${blob} is shorter than it was`))
    this.#writing.set(blob, { data: stored.data.slice(), leaves: stored.leaves.slice(), shape })
    return Promise.resolve()
  }

  async put(blob: string, n: number, { chunk, proof }: ProvenChunk): Promise<'kept' | 'wrong'> {
    const writing = this.#written(blob)
    const { shape } = writing
    const leaf = leafHash(chunk)
    await Promise.resolve()
    if (chunk.length !== chunkLength(shape.size, n)) return 'wrong'
    if (!provesChunk(shape.root, chunkCount(shape.size), n, leaf, proof)) return 'wrong'
    if (this.#used + chunk.length > this.quota) throw new NoRoomError('it is full')
    this.puts.push(`${blob} ${String(n)}`)
    writing.data = written(writing.data, chunk, chunkStart(n))
    writing.leaves = written(writing.leaves, leaf, (n - 1) * HASH_BYTES)
    return 'kept'
  }

  flush(blob: string): Promise<void> {
    const { data, leaves } = this.#written(blob)
    this.#flushed.set(blob, { data: data.slice(), leaves: leaves.slice() })
    return Promise.resolve()
  }

  async end(blob: string): Promise<void> {
    await this.flush(blob)
    this.#writing.delete(blob)
  }

  read(blob: string, shape: BlobShape, n: number): Promise<ProvenChunk> {
    const stored = this.#flushed.get(blob)
    if (stored === undefined) return Promise.reject(new GoneError(`${blob} is not there`))
    const tree = new HashTree(stored.leaves)
    const chunk = stored.data.slice(chunkStart(n), chunkStart(n) + chunkLength(shape.size, n))
    const isSame = stored.data.length === shape.size && sameBytes(tree.root, shape.root)
    if (!isSame || !sameBytes(leafHash(chunk), tree.leaf(n)))
      return Promise.reject(new GoneError(`${blob} has changed`))
    return Promise.resolve({ chunk, proof: tree.proof(n) })
  }

  remove(blob: string): Promise<void> {
    this.#flushed.delete(blob)
    return Promise.resolve()
  }

  list(): Promise<string[]> {
    return Promise.resolve([...new Set([...this.#flushed.keys(), ...this.#writing.keys()])])
  }

  /** Puts a whole file there, and gives the root of its tree. */
  store(blob: string, data: Uint8Array): Uint8Array {
    const leaves = new Uint8Array(chunkCount(data.length) * HASH_BYTES)
    for (let n = 1; n <= chunkCount(data.length); n++)
      leaves.set(
        leafHash(data.subarray(chunkStart(n), chunkStart(n) + chunkLength(data.length, n))),
        (n - 1) * HASH_BYTES,
      )
    this.#flushed.set(blob, { data: data.slice(), leaves })
    return new HashTree(leaves).root
  }

  /** What is on the disk under a name. */
  bytes(blob: string): Uint8Array | undefined {
    return this.#flushed.get(blob)?.data
  }

  /** Changes a byte of a file behind its back. */
  spoil(blob: string, at: number): void {
    const data = this.#flushed.get(blob)?.data
    if (data !== undefined) data[at] = (data[at] ?? 0) ^ 1
  }

  crash(): void {
    this.#writing.clear()
  }

  get #used(): number {
    return [...this.#flushed.values()].reduce((sum, { data }) => sum + data.length, 0)
  }

  #written(blob: string): Stored & { readonly shape: BlobShape } {
    const writing = this.#writing.get(blob)
    if (writing === undefined) throw new Error(`${blob} was not begun`)
    return writing
  }
}

function written(before: Uint8Array, bytes: Uint8Array, at: number): Uint8Array {
  const after = new Uint8Array(Math.max(before.length, at + bytes.length))
  after.set(before)
  after.set(bytes, at)
  return after
}
