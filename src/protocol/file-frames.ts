/**
 * `/gigi/file/1.0.0` (SPEC 22): one file, or what of it is missing, on one stream that whoever wants it opens. It brings bytes
 * and nothing else: what the file is says the message that shared it.
 *
 * | Frame   | From    | Fields                                                                  |
 * |---------|---------|-------------------------------------------------------------------------|
 * | want    | fetcher | 0, message id, share code, [[first, last], …] (chunks), credit           |
 * | credit  | fetcher | 1, so many chunks more                                                  |
 * | have    | fetcher | 2                                                                       |
 * | chunk   | server  | 16, number, bytes, [sibling's hash, …]                                  |
 * | refused | server  | 17, code                                                                |
 * | hold    | server  | 18, whether nothing comes for now                                       |
 * | noted   | server  | 19: that the other has all of it                                        |
 *
 * Credit is given back for what was written: it is the only flow control there is.
 */
import type { MessageId } from '../domain/ids.ts'
import { CHUNK_BYTES } from '../domain/files/chunks.ts'
import { isSequenceSet, type SequenceSet } from '../domain/sequence-set.ts'
import { decode, encode, MalformedError } from './cbor.ts'
import { fromBase64url, toBase64url, uuidBytes, uuidText } from './identifiers.ts'
import { MAX_FILE_BYTES, MAX_FILE_WINDOW, MAX_PROOF_HASHES, MAX_RANGES } from './limits.ts'
import { HASH_BYTES } from './merkle.ts'
import { bytes, fixedBytes, flag, list, type Reader, tuple, uint } from './shape.ts'

export const FILE_PROTOCOL = '/gigi/file/1.0.0'

/** The first frame of a stream, once. */
export interface Want {
  readonly type: 'want'
  /** Of the message that shared the file. */
  readonly message: MessageId
  readonly code: string
  /** The chunks that are missing, or the first of them where they are scattered; none: all of it is kept. */
  readonly chunks: SequenceSet
  /** Chunks that may be sent before more is given. */
  readonly credit: number
}

export type FileRequest =
  | Want
  | { readonly type: 'credit'; readonly chunks: number }
  /** All of the file is kept: nothing more is wanted. */
  | { readonly type: 'have' }

/**
 * denied: not for whoever asks, for whatever reason: nobody learns which codes there are. gone: it was there, and is not any more,
 * or has changed. busy: later.
 */
export const FILE_REFUSALS = ['denied', 'gone', 'busy'] as const
export type FileRefusal = (typeof FILE_REFUSALS)[number]

export interface Chunk {
  readonly type: 'chunk'
  readonly number: number
  readonly chunk: Uint8Array
  readonly proof: readonly Uint8Array[]
}

export type FileAnswer =
  | Chunk
  /** The last frame of a stream. */
  | { readonly type: 'refused'; readonly code: FileRefusal }
  | { readonly type: 'hold'; readonly hold: boolean }
  /** It is known here, durably, that the other has all of it. */
  | { readonly type: 'noted' }

export function encodeFileRequest(request: FileRequest): Uint8Array<ArrayBuffer> {
  switch (request.type) {
    case 'want': {
      const { message, code, chunks, credit } = request
      return encode([0, uuidBytes(message), fromBase64url(code), chunks, credit])
    }
    case 'credit':
      return encode([1, request.chunks])
    case 'have':
      return encode([2])
  }
}

export function encodeFileAnswer(answer: FileAnswer): Uint8Array<ArrayBuffer> {
  switch (answer.type) {
    case 'chunk':
      return encode([16, answer.number, answer.chunk, answer.proof])
    case 'refused':
      return encode([17, FILE_REFUSALS.indexOf(answer.code)])
    case 'hold':
      return encode([18, answer.hold])
    case 'noted':
      return encode([19])
  }
}

const kind = uint(0xffff)
const number = uint(Math.ceil(MAX_FILE_BYTES / CHUNK_BYTES), 1)
const credit = uint(MAX_FILE_WINDOW, 1)
const chunks: Reader<SequenceSet> = (value, field) => {
  const ranges = list(tuple<[number, number]>(number, number), MAX_RANGES)(value, field)
  if (!isSequenceSet(ranges)) throw new MalformedError(`${field}: not ascending, disjoint ranges`)
  return ranges
}
const want = tuple<[number, Uint8Array, Uint8Array, SequenceSet, number]>(
  kind,
  fixedBytes(16),
  fixedBytes(16),
  chunks,
  credit,
)
const chunk = tuple<[number, number, Uint8Array, Uint8Array[]]>(
  kind,
  number,
  bytes(CHUNK_BYTES),
  list(fixedBytes(HASH_BYTES), MAX_PROOF_HASHES),
)

/** Null for a frame of a later version. Throws MalformedError. */
export function decodeFileRequest(frame: Uint8Array): FileRequest | null {
  const value = decode(frame)
  switch (kindOf(value)) {
    case 0: {
      const [, message, code, wanted, given] = want(value, 'want')
      const id = uuidText(message)
      return { type: 'want', message: id, code: toBase64url(code), chunks: wanted, credit: given }
    }
    case 1:
      return { type: 'credit', chunks: tuple<[number, number]>(kind, credit)(value, 'credit')[1] }
    case 2:
      return { type: 'have' }
    default:
      return null
  }
}

/** Null for a frame of a later version. Throws MalformedError. */
export function decodeFileAnswer(frame: Uint8Array): FileAnswer | null {
  const value = decode(frame)
  switch (kindOf(value)) {
    case 16: {
      const [, n, bytes, proof] = chunk(value, 'chunk')
      return { type: 'chunk', number: n, chunk: bytes, proof }
    }
    case 17: {
      const [, code] = tuple<[number, number]>(kind, uint(0xffff))(value, 'refused')
      return { type: 'refused', code: FILE_REFUSALS[code] ?? 'denied' }
    }
    case 18:
      return { type: 'hold', hold: tuple<[number, boolean]>(kind, flag)(value, 'hold')[1] }
    case 19:
      return { type: 'noted' }
    default:
      return null
  }
}

function kindOf(value: ReturnType<typeof decode>): number {
  if (!Array.isArray(value)) throw new MalformedError('a frame is an array')
  return kind((value as readonly (typeof value)[])[0], 'kind')
}
