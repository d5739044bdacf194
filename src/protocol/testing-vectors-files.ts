/** The test vectors of files (SPEC 22): trees over chunks, proofs, and the frames that bring them. */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import type { MessageId } from '../domain/ids.ts'
import { CHUNK_BYTES } from '../domain/files/chunks.ts'
import { type Cbor, encode } from './cbor.ts'
import { encodeFileAnswer, encodeFileRequest, type FileAnswer, type FileRequest } from './file-frames.ts'
import { toBase64url, uuidBytes } from './identifiers.ts'
import { MAX_FILE_WINDOW, MAX_PROOF_HASHES } from './limits.ts'
import { HashTree, leafHash } from './merkle.ts'
import { run } from './testing-vectors-samples.ts'
import type { Json } from './testing-vectors.ts'

/** Chunks of one byte each: a tree does not know how long they are. */
function treeVector(count: number) {
  const chunks = Array.from({ length: count }, (_, i) => Uint8Array.of(i))
  const leaves = chunks.map(leafHash)
  const tree = new HashTree(concatBytes(...leaves))
  return {
    chunks: chunks.map(bytesToHex),
    leaves: leaves.map(bytesToHex),
    root: bytesToHex(tree.root),
    proofs: leaves.map((_, i) => tree.proof(i + 1).map(bytesToHex)),
  }
}

const requests = (message: MessageId): FileRequest[] => [
  {
    type: 'want',
    message,
    code: toBase64url(run(0xa0, 16)),
    chunks: [
      [1, 3],
      [7, 40],
    ],
    credit: 8,
  },
  { type: 'want', message, code: toBase64url(run(0xa0, 16)), chunks: [], credit: 1 },
  { type: 'credit', chunks: 1 },
  { type: 'have' },
]

const answers: FileAnswer[] = [
  { type: 'chunk', number: 3, chunk: run(0, 20), proof: [run(0x20, 32), run(0x40, 32)] },
  { type: 'chunk', number: 1, chunk: run(0, 1), proof: [] },
  { type: 'refused', code: 'denied' },
  { type: 'refused', code: 'gone' },
  { type: 'refused', code: 'busy' },
  { type: 'hold', hold: true },
  { type: 'noted' },
]

type Row = readonly [reason: string, value: Cbor]

const malformedRequests = (message: MessageId): Row[] => {
  const [id, code] = [uuidBytes(message), run(0xa0, 16)]
  return [
    ['a want with a short code', [0, id, code.subarray(1), [[1, 1]], 1]],
    ['a want with chunk 0', [0, id, code, [[0, 1]], 1]],
    [
      'a want with chunks that overlap',
      [
        0,
        id,
        code,
        [
          [1, 3],
          [3, 4],
        ],
        1,
      ],
    ],
    ['a want without credit', [0, id, code, [[1, 1]], 0]],
    ['a want with more credit than the window', [0, id, code, [[1, 1]], MAX_FILE_WINDOW + 1]],
    ['a want without its end', [0, id, code]],
    ['credit of nothing', [1, 0]],
    ['more credit than the window', [1, MAX_FILE_WINDOW + 1]],
    ['what is no array', 7],
  ]
}

const malformedAnswers: readonly Row[] = [
  ['chunk 0', [16, 0, run(0, 1), []]],
  ['a chunk that is longer than chunks are', [16, 1, new Uint8Array(CHUNK_BYTES + 1), []]],
  ['a chunk with half a hash', [16, 1, run(0, 1), [run(0, 16)]]],
  [
    'a chunk with more hashes than trees have levels',
    [16, 1, run(0, 1), Array.from({ length: MAX_PROOF_HASHES + 1 }, () => run(0, 32))],
  ],
  ['a hold that says nothing', [18]],
]

/** `json` makes fields as they stand in the file. */
export const fileVectors = (json: (value: unknown) => Json, message: MessageId) => ({
  trees: [0, 1, 2, 3, 5, 8, 13].map(treeVector),
  requests: requests(message).map((fields) => ({
    fields: json(fields),
    bytes: bytesToHex(encodeFileRequest(fields)),
  })),
  answers: answers.map((fields) => ({ fields: json(fields), bytes: bytesToHex(encodeFileAnswer(fields)) })),
  malformed: [
    ...malformedRequests(message).map(([reason, value]) => ({ kind: 'request', reason, value })),
    ...malformedAnswers.map(([reason, value]) => ({ kind: 'answer', reason, value })),
  ]
    // One that is too long to stand in a file is made where it is tested.
    .map(({ value, ...rest }) => ({ ...rest, bytes: bytesToHex(encode(value)) }))
    .filter(({ bytes }) => bytes.length < 10_000),
})
