/** What a tab and its files worker say to each other: calls, each answered once, and how far one has come. */
import type { SequenceSet } from '../../domain/sequence-set.ts'
import type { BlobShape, ProvenChunk } from '../../sync/files/ports.ts'

/** The folder of the files among those of this origin. */
export const FOLDER = 'gigi-files'

/** A small picture of a file, and how large the file's own is; of what is no picture, nothing. */
export interface Look {
  readonly dimensions: { readonly width: number; readonly height: number }
  readonly preview: Uint8Array | null
}

export interface Attached {
  /** Bytes that were taken in. */
  readonly size: number
  readonly root: Uint8Array
  readonly look: Look | null
}

export type FilesCall =
  | { readonly type: 'begin'; readonly blob: string; readonly shape: BlobShape; readonly held: SequenceSet }
  | { readonly type: 'put'; readonly blob: string; readonly n: number; readonly proven: ProvenChunk }
  | { readonly type: 'flush'; readonly blob: string }
  | { readonly type: 'end'; readonly blob: string }
  | { readonly type: 'read'; readonly blob: string; readonly shape: BlobShape; readonly n: number }
  | { readonly type: 'remove'; readonly blob: string }
  | { readonly type: 'list' }
  /** Takes a file in, under that name. */
  | { readonly type: 'attach'; readonly blob: string; readonly file: Blob }
  /** Calls the taking in of a file off. */
  | { readonly type: 'call-off'; readonly blob: string }

export interface FilesRequest {
  readonly id: number
  readonly call: FilesCall
}

export type FilesReply =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  /** Errors lose their class on the way: what they are is told by their names. */
  | { readonly type: 'failed'; readonly id: number; readonly name: string; readonly message: string }
  /** Bytes that were taken in so far. */
  | { readonly type: 'progress'; readonly id: number; readonly bytes: number }
