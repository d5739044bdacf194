/**
 * What every file room must do. Plain functions that throw, since the real one lives in browsers, where no test runner of ours does:
 * `e2e/file-room.spec.ts` runs them there, and the unit tests on the one in memory.
 */
import { CHUNK_BYTES, chunkCount, chunkLength, chunkStart } from '../domain/files/chunks.ts'
import { HashTree, leafHash } from '../protocol/merkle.ts'
import type { BlobShape, FileRoom, ProvenChunk } from '../sync/files/ports.ts'

/** A file with its tree, as its sender has it. */
class Sample {
  readonly data: Uint8Array<ArrayBuffer>
  readonly #tree: HashTree

  constructor(size: number, seed = 1) {
    this.data = new Uint8Array(size)
    for (let i = 0, state = seed; i < size; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      this.data[i] = state >>> 16
    }
    const count = chunkCount(size)
    const leaves = new Uint8Array(count * 32)
    for (let n = 1; n <= count; n++) leaves.set(leafHash(this.chunk(n)), (n - 1) * 32)
    this.#tree = new HashTree(leaves)
  }

  get shape(): BlobShape {
    return { size: this.data.length, root: this.#tree.root }
  }

  chunk(n: number): Uint8Array<ArrayBuffer> {
    return this.data.slice(chunkStart(n), chunkStart(n) + chunkLength(this.data.length, n))
  }

  proven(n: number): ProvenChunk {
    return { chunk: this.chunk(n), proof: this.#tree.proof(n) }
  }
}

const SIZE = 3 * CHUNK_BYTES + 5

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold that ${what}`)
}

async function throws(name: string, task: () => Promise<unknown>): Promise<void> {
  try {
    await task()
  } catch (error) {
    check(error instanceof Error && error.name === name, `${String(error)} is a ${name}`)
    return
  }
  throw new Error(`no ${name} was thrown`)
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

async function write(
  room: FileRoom,
  blob: string,
  sample: Sample,
  numbers: readonly number[],
): Promise<void> {
  for (const n of numbers) check((await room.put(blob, n, sample.proven(n))) === 'kept', `chunk ${n} is kept`)
}

async function readsAll(room: FileRoom, blob: string, sample: Sample): Promise<void> {
  for (let n = 1; n <= chunkCount(sample.data.length); n++) {
    const { chunk, proof } = await room.read(blob, sample.shape, n)
    check(same(chunk, sample.chunk(n)), `chunk ${n} is what was put`)
    const expected = sample.proven(n).proof
    check(proof.length === expected.length, `chunk ${n} has its proof`)
    check(
      proof.every((hash, i) => same(hash, expected[i] ?? new Uint8Array())),
      `the proof of chunk ${n} is right`,
    )
  }
}

/** Each on a room with nothing in it. */
export const fileRoomContract: readonly (readonly [name: string, run: (room: FileRoom) => Promise<void>])[] =
  [
    [
      'what was put in order is read as it was, with its proofs',
      async (room) => {
        const sample = new Sample(SIZE)
        await room.begin('a', sample.shape, [])
        await write(room, 'a', sample, [1, 2, 3, 4])
        await room.end('a')
        await readsAll(room, 'a', sample)
      },
    ],
    [
      'in whatever order, several at a time, and of several files',
      async (room) => {
        const [one, other] = [new Sample(SIZE, 1), new Sample(2 * CHUNK_BYTES, 2)]
        await room.begin('a', one.shape, [])
        await room.begin('b', other.shape, [])
        const puts = [
          room.put('a', 4, one.proven(4)),
          room.put('b', 2, other.proven(2)),
          room.put('a', 1, one.proven(1)),
          room.put('a', 3, one.proven(3)),
          room.put('b', 1, other.proven(1)),
          room.put('a', 2, one.proven(2)),
        ]
        check(
          (await Promise.all(puts)).every((put) => put === 'kept'),
          'all are kept',
        )
        await room.end('a')
        await room.end('b')
        await readsAll(room, 'a', one)
        await readsAll(room, 'b', other)
      },
    ],
    [
      'what is not proven is not kept',
      async (room) => {
        const sample = new Sample(SIZE)
        await room.begin('a', sample.shape, [])
        const bad = sample.proven(2)
        bad.chunk[7] = (bad.chunk[7] ?? 0) ^ 1
        check((await room.put('a', 2, bad)) === 'wrong', 'changed bytes are wrong')
        check((await room.put('a', 2, sample.proven(3))) === 'wrong', 'another chunk is wrong')
        const short = { ...sample.proven(4), chunk: sample.chunk(4).slice(1) }
        check((await room.put('a', 4, short)) === 'wrong', 'a short chunk is wrong')
        const proofless = { ...sample.proven(1), proof: [] }
        check((await room.put('a', 1, proofless)) === 'wrong', 'a chunk without its proof is wrong')
        check((await room.put('a', 5, sample.proven(4))) === 'wrong', 'a chunk behind the end is wrong')
        await write(room, 'a', sample, [1, 2, 3, 4])
        await room.end('a')
        await readsAll(room, 'a', sample)
      },
    ],
    [
      'what was flushed and left is gone on with',
      async (room) => {
        const sample = new Sample(SIZE)
        await room.begin('a', sample.shape, [])
        await write(room, 'a', sample, [1, 3])
        await room.flush('a')
        await room.end('a')
        await room.begin('a', sample.shape, [
          [1, 1],
          [3, 3],
        ])
        await write(room, 'a', sample, [2, 4])
        await room.end('a')
        await readsAll(room, 'a', sample)
      },
    ],
    [
      'a file that is shorter than what was held of it is gone',
      async (room) => {
        const sample = new Sample(SIZE)
        await throws('GoneError', () => room.begin('a', sample.shape, [[1, 2]]))
        await room.begin('a', sample.shape, [])
        await write(room, 'a', sample, [1])
        await room.end('a')
        await throws('GoneError', () => room.begin('a', sample.shape, [[1, 2]]))
        await room.begin('a', sample.shape, [[1, 1]])
        await room.end('a')
      },
    ],
    [
      'what is incomplete, of another root, or not there, is not read',
      async (room) => {
        const sample = new Sample(SIZE)
        await throws('GoneError', () => room.read('a', sample.shape, 1))
        await room.begin('a', sample.shape, [])
        await write(room, 'a', sample, [1, 2, 3])
        await room.end('a')
        await throws('GoneError', () => room.read('a', sample.shape, 1))
        await room.begin('a', sample.shape, [[1, 3]])
        await write(room, 'a', sample, [4])
        await room.end('a')
        const other = new Sample(SIZE, 2)
        await throws('GoneError', () => room.read('a', other.shape, 1))
        await readsAll(room, 'a', sample)
      },
    ],
    [
      'what was removed is not there, and can be removed again',
      async (room) => {
        const sample = new Sample(5)
        for (const blob of ['a', 'b']) {
          await room.begin(blob, sample.shape, [])
          await write(room, blob, sample, [1])
          await room.end(blob)
        }
        check((await room.list()).sort().join() === 'a,b', 'both are listed')
        await readsAll(room, 'a', sample)
        await room.remove('a')
        await room.remove('a')
        check((await room.list()).join() === 'b', 'the other is left')
        await throws('GoneError', () => room.read('a', sample.shape, 1))
        await readsAll(room, 'b', sample)
      },
    ],
    [
      'a file without bytes is one too',
      async (room) => {
        const sample = new Sample(0)
        await room.begin('a', sample.shape, [])
        await room.end('a')
        check((await room.list()).join() === 'a', 'it is there')
      },
    ],
    [
      'what cannot fit is refused before anything is written',
      async (room) => {
        const shape = { size: 2 ** 53, root: new Uint8Array(32) }
        await throws('NoRoomError', () => room.begin('a', shape, []))
        const sample = new Sample(5)
        await room.begin('a', sample.shape, [])
        await write(room, 'a', sample, [1])
        await room.end('a')
        await readsAll(room, 'a', sample)
      },
    ],
  ]
