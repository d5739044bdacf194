/**
 * The hash tree of a file (SPEC 22.2): that of RFC 9162, 2.1, over its chunks. With the root, the number of chunks and the
 * proof that comes with it, each chunk can be checked alone, in whatever order they come.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { sameBytes } from './cbor.ts'

/** Bytes of a hash. */
export const HASH_BYTES = 32
/** Before the bytes of a chunk, and before two hashes: neither can pass for the other. */
export const LEAF_PREFIX = 0x00
const NODE_PREFIX = Uint8Array.of(0x01)

/** The root of a file without bytes. */
export const emptyRoot = (): Uint8Array => sha256(new Uint8Array())

export const leafHash = (chunk: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(LEAF_PREFIX), chunk))

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(NODE_PREFIX, left, right))

/** The tree over the leaves of a file, in memory: 64 bytes for each chunk. */
export class HashTree {
  /** From the leaves up; one that has no sibling stands again a level higher. */
  readonly #levels: readonly (readonly Uint8Array[])[]

  /** `leaves`: the hashes of all chunks, one behind the other. */
  constructor(leaves: Uint8Array) {
    if (leaves.length % HASH_BYTES !== 0) throw new Error(`${leaves.length} bytes are no hashes`)
    let level: readonly Uint8Array[] = Array.from({ length: leaves.length / HASH_BYTES }, (_, i) =>
      leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    )
    const levels = [level]
    while (level.length > 1) levels.push((level = above(level)))
    this.#levels = levels
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)?.[0] ?? emptyRoot()
  }

  /** The hash of chunk `n`, from 1. */
  leaf(n: number): Uint8Array {
    const leaf = this.#levels[0]?.[n - 1]
    if (leaf === undefined) throw new Error(`there is no chunk ${n}`)
    return leaf
  }

  /** What proves chunk `n`: the siblings on its way to the root, the lowest first. */
  proof(n: number): Uint8Array[] {
    let index = n - 1
    return this.#levels.flatMap((level) => {
      const sibling = level[index ^ 1]
      index >>= 1
      return sibling === undefined ? [] : [sibling]
    })
  }
}

const above = (level: readonly Uint8Array[]): Uint8Array[] =>
  Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
    const [left, right] = [level[2 * i], level[2 * i + 1]]
    if (left === undefined) throw new Error('no node')
    return right === undefined ? left : nodeHash(left, right)
  })

/** Whether `leaf` is the hash of chunk `n`, of `count`, in the file with this root. */
export function provesChunk(
  root: Uint8Array,
  count: number,
  n: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isInteger(n) || n < 1 || n > count) return false
  let hash = leaf
  let used = 0
  for (let index = n - 1, width = count; width > 1; index >>= 1, width = Math.ceil(width / 2)) {
    // The last of an odd number has no sibling.
    if (index === width - 1 && index % 2 === 0) continue
    const sibling = proof[used++]
    if (sibling === undefined) return false
    hash = index % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
  }
  return used === proof.length && sameBytes(hash, root)
}
