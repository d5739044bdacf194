/** Files in chunks, numbered from 1: how many there are, how long each is, and which are still missing. */
import { difference, type SequenceSet } from '../sequence-set.ts'

/** Bytes of every chunk but the last: a hash and a proof for each cost little, and one that is lost is soon sent again. */
export const CHUNK_BYTES = 256 * 1024

/** A file without bytes has no chunks. */
export const chunkCount = (size: number): number => Math.ceil(size / CHUNK_BYTES)

/** Bytes of chunk `n` of a file; 0 where it has no such chunk. */
export function chunkLength(size: number, n: number): number {
  if (n < 1 || n > chunkCount(size)) return 0
  return Math.min(CHUNK_BYTES, size - (n - 1) * CHUNK_BYTES)
}

/** Where chunk `n` begins. */
export const chunkStart = (n: number): number => (n - 1) * CHUNK_BYTES

/** All chunks of a file. */
export const allChunks = (size: number): SequenceSet => (size === 0 ? [] : [[1, chunkCount(size)]])

/** The chunks that are not held. */
export const missingChunks = (size: number, held: SequenceSet): SequenceSet =>
  difference(allChunks(size), held)

/** Bytes of the chunks that are held. */
export function heldBytes(size: number, held: SequenceSet): number {
  const last = chunkCount(size)
  let bytes = 0
  for (const [from, to] of held) {
    const end = Math.min(to, last)
    if (end >= from) bytes += (end - from) * CHUNK_BYTES + chunkLength(size, end)
  }
  return bytes
}
