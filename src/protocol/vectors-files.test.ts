/** Files against `vectors.json`, as any other implementation would be checked by them. */
import { readFileSync } from 'node:fs'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHUNK_BYTES } from '../domain/files/chunks.ts'
import { encode, MalformedError } from './cbor.ts'
import {
  decodeFileAnswer,
  decodeFileRequest,
  encodeFileAnswer,
  encodeFileRequest,
  type FileAnswer,
  type FileRequest,
} from './file-frames.ts'
import { MAX_FILE_FRAME_BYTES, MAX_FILE_REQUEST_BYTES, MAX_PROOF_HASHES, MAX_RANGES } from './limits.ts'
import { HashTree, leafHash, provesChunk } from './merkle.ts'
import { fromJson, type Vectors } from './testing-vectors.ts'

const file = readFileSync(new URL('vectors.json', import.meta.url), 'utf8')
const { files } = JSON.parse(file) as Vectors

test.each(files.trees)('the tree over $chunks has the root $root (SPEC 22.2)', (vector) => {
  const leaves = vector.chunks.map((chunk) => leafHash(hexToBytes(chunk)))
  expect(leaves.map(bytesToHex)).toEqual(vector.leaves)
  const tree = new HashTree(concatBytes(...leaves))
  expect(bytesToHex(tree.root)).toBe(vector.root)
  for (const [i, proof] of vector.proofs.entries()) {
    expect(tree.proof(i + 1).map(bytesToHex)).toEqual(proof)
    const leaf = leaves[i] ?? new Uint8Array()
    const root = hexToBytes(vector.root)
    expect(provesChunk(root, leaves.length, i + 1, leaf, proof.map(hexToBytes))).toBe(true)
  }
})

test.each(files.requests)('the request $fields.type is read and made (SPEC 22.6)', ({ fields, bytes }) => {
  const request = fromJson(fields) as FileRequest
  expect(decodeFileRequest(hexToBytes(bytes))).toEqual(request)
  expect(bytesToHex(encodeFileRequest(request))).toBe(bytes)
})

test.each(files.answers)('the answer $fields.type is read and made (SPEC 22.6)', ({ fields, bytes }) => {
  const answer = fromJson(fields) as FileAnswer
  expect(decodeFileAnswer(hexToBytes(bytes))).toEqual(answer)
  expect(bytesToHex(encodeFileAnswer(answer))).toBe(bytes)
})

test.each(files.malformed)('$reason is malformed (SPEC 1.4, 22.6)', ({ kind, bytes }) => {
  const read = kind === 'request' ? decodeFileRequest : decodeFileAnswer
  expect(() => read(hexToBytes(bytes))).toThrow(MalformedError)
})

describe('frames of files', () => {
  test('of a later version are skipped, or say what is known (SPEC 15.1)', () => {
    expect(decodeFileRequest(encode([99, 'later']))).toBeNull()
    expect(decodeFileAnswer(encode([99, 'later']))).toBeNull()
    expect(decodeFileRequest(encode([1, 4, 'later']))).toEqual({ type: 'credit', chunks: 4 })
    expect(decodeFileAnswer(encode([17, 99]))).toEqual({ type: 'refused', code: 'denied' })
  })

  test('are under their limits at their largest', () => {
    const chunk = encodeFileAnswer({
      type: 'chunk',
      number: 65_536,
      chunk: new Uint8Array(CHUNK_BYTES),
      proof: Array.from({ length: MAX_PROOF_HASHES }, () => new Uint8Array(32)),
    })
    expect(chunk.length).toBeLessThanOrEqual(MAX_FILE_FRAME_BYTES)
    const want = encodeFileRequest({
      ...(decodeFileRequest(hexToBytes(files.requests[0]?.bytes ?? '')) as Extract<
        FileRequest,
        { type: 'want' }
      >),
      chunks: Array.from({ length: MAX_RANGES }, (_, i) => [60_000 + 2 * i, 60_000 + 2 * i] as const),
    })
    expect(want.length).toBeLessThanOrEqual(MAX_FILE_REQUEST_BYTES)
  })

  test('a chunk that is longer than chunks are is malformed', () => {
    const long = encode([16, 1, new Uint8Array(CHUNK_BYTES + 1), []])
    expect(() => decodeFileAnswer(long)).toThrow(MalformedError)
  })

  test('any bytes are read, skipped or malformed (SPEC 1.4)', () => {
    const frames = [...files.requests, ...files.answers].map(({ bytes }) => hexToBytes(bytes))
    const changed = fc
      .tuple(fc.constantFrom(...frames), fc.nat(), fc.nat(255))
      .map(([frame, at, byte]) => frame.map((old, i) => (i === at % frame.length ? byte : old)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), changed), (bytes) => {
        for (const read of [decodeFileRequest, decodeFileAnswer])
          try {
            read(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError)
          }
      }),
    )
  })
})
