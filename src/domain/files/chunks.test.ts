import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { count, fromNumbers, numbersOf, union } from '../sequence-set.ts'
import {
  allChunks,
  CHUNK_BYTES,
  chunkCount,
  chunkLength,
  chunkStart,
  heldBytes,
  missingChunks,
} from './chunks.ts'

/** Around the places where something changes, and anywhere. */
const sizes = fc.oneof(
  fc.constantFrom(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES),
  fc.integer({ min: 0, max: 60 * CHUNK_BYTES }),
)
const held = fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 40 }).map(fromNumbers)

describe('the chunks of a file', () => {
  test('follow each other without a gap, and are as long as the file together', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        let end = 0
        for (let n = 1; n <= chunkCount(size); n++) {
          expect(chunkStart(n)).toBe(end)
          expect(chunkLength(size, n)).toBeGreaterThan(0)
          end += chunkLength(size, n)
        }
        expect(end).toBe(size)
        expect(chunkLength(size, 0)).toBe(0)
        expect(chunkLength(size, chunkCount(size) + 1)).toBe(0)
      }),
    )
  })

  test('are missing or held, and never both', () => {
    fc.assert(
      fc.property(sizes, held, (size, set) => {
        const missing = missingChunks(size, set)
        const kept = [...numbersOf(set)].filter((n) => n <= chunkCount(size))
        expect(count(missing) + kept.length).toBe(chunkCount(size))
        expect(union(missing, fromNumbers(kept))).toEqual(allChunks(size))
        const bytes = kept.reduce((sum, n) => sum + chunkLength(size, n), 0)
        expect(heldBytes(size, set)).toBe(bytes)
        expect(heldBytes(size, set) + heldBytes(size, missing)).toBe(size)
      }),
    )
  })

  test('of a file without bytes there are none, and nothing of it is missing', () => {
    expect(allChunks(0)).toEqual([])
    expect(missingChunks(0, [])).toEqual([])
    expect(heldBytes(0, [])).toBe(0)
  })
})
