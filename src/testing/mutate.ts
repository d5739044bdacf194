/**
 * Structural mutation of what goes over the wire: a recording of frames, as CBOR values, is changed in its order,
 * its shape and its bytes, down into the CBOR inside byte strings. It knows nothing of what the frames mean, so new
 * kinds need nothing here.
 */
import fc from 'fast-check'
import { type Cbor, decode, encode, MalformedError } from '../protocol/cbor.ts'

/** A change of one value somewhere in a frame. */
export interface Mutation {
  /** Which child to go down to, level by level, modulo their number. */
  readonly path: readonly number[]
  readonly how: keyof typeof CHANGES
  readonly n: number
}

/** A change of a recording. `at` and `n` count modulo what there is. */
export type Edit =
  | { readonly type: 'mutate'; readonly at: number; readonly mutation: Mutation }
  | { readonly type: 'cut' | 'flip' | 'repeat' | 'drop' | 'swap'; readonly at: number; readonly n: number }
  | { readonly type: 'insert'; readonly at: number; readonly frame: Uint8Array }

const JUNK: readonly Cbor[] = [
  ...[null, true, -1, 0, 2 ** 32, 2 ** 47 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER, '', 'x'.repeat(400)],
  ...[[], [[]], [0, 0], new Uint8Array(0), new Uint8Array(32), new Uint8Array(70_000)],
  Array.from({ length: 20 }).reduce<Cbor>((inner) => [inner], 0),
]

const isList = (value: Cbor): value is readonly Cbor[] => Array.isArray(value)

const CHANGES = {
  junk: (_value: Cbor, n: number): Cbor => JUNK[n % JUNK.length] ?? null,
  less: (value: Cbor, n: number): Cbor => {
    if (typeof value === 'number') return value - 1 - (n % 3)
    if (typeof value === 'string' || value instanceof Uint8Array || isList(value))
      return value.slice(0, Math.max(0, value.length - 1 - (n % 3)))
    return null
  },
  more: (value: Cbor, n: number): Cbor => {
    if (typeof value === 'number') return Math.min(value + 1 + n, Number.MAX_SAFE_INTEGER)
    if (typeof value === 'string') return value + 'x'.repeat(1 + (n % 400))
    if (value instanceof Uint8Array) return longer(value, 1 + (n % 400))
    return isList(value) ? [...value, n, 'more'] : [value, value]
  },
  /** Lists far over any limit; the rest is as with `more`. */
  many: (value: Cbor, n: number): Cbor =>
    isList(value) && value.length > 0
      ? Array.from({ length: n }, (_, i) => value[i % value.length] ?? null)
      : CHANGES.more(value, n),
  flip: (value: Cbor, n: number): Cbor => {
    if (typeof value === 'boolean') return !value
    if (value instanceof Uint8Array) return flipped(value, n)
    return isList(value) ? value.toReversed() : (JUNK[n % JUNK.length] ?? null)
  },
} as const

export const mutationArbitrary: fc.Arbitrary<Mutation> = fc.record({
  path: fc.array(fc.nat(2000), { maxLength: 8 }),
  how: fc.constantFrom(...(Object.keys(CHANGES) as (keyof typeof CHANGES)[])),
  n: fc.nat(2000),
})

const at = fc.nat(100)

/** Edits of a recording; `frames` are others that may be slipped in. */
export const editArbitrary = (frames: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Edit> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('mutate'), at, mutation: mutationArbitrary }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom('cut', 'flip', 'repeat', 'drop', 'swap'),
        at,
        n: fc.nat(2000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('insert'), at, frame: frames }) },
  )

/** The recording after the edits, in their order. */
export function edited(recording: readonly Uint8Array[], edits: readonly Edit[]): readonly Uint8Array[] {
  return edits.reduce((frames, edit) => {
    const i = edit.at % Math.max(1, frames.length)
    const frame = frames[i]
    if (edit.type === 'insert') return frames.toSpliced(i + 1, 0, edit.frame)
    if (frame === undefined) return frames
    switch (edit.type) {
      case 'mutate':
        return frames.with(i, mutatedFrame(frame, edit.mutation))
      case 'cut':
        return frames.with(i, frame.subarray(0, edit.n % (frame.length + 1)))
      case 'flip':
        return frames.with(i, flipped(frame, edit.n))
      case 'repeat':
        return frames.toSpliced(i, 0, ...Array.from({ length: edit.n % 8 }, () => frame))
      case 'drop':
        return frames.toSpliced(i, 1)
      case 'swap':
        return frames.with(i, frames[edit.n % frames.length] ?? frame).with(edit.n % frames.length, frame)
    }
  }, recording)
}

function mutatedFrame(frame: Uint8Array, mutation: Mutation): Uint8Array {
  const value = embedded(frame)
  return value === undefined ? frame : encode(mutated(value, mutation.path, mutation))
}

function mutated(value: Cbor, [step, ...path]: readonly number[], { how, n }: Mutation): Cbor {
  const inner = value instanceof Uint8Array ? embedded(value) : value
  if (step === undefined || inner === undefined || !isList(inner) || inner.length === 0)
    return CHANGES[how](value, n)
  const i = step % inner.length
  const changed = inner.with(i, mutated(inner[i] ?? null, path, { path, how, n }))
  return value instanceof Uint8Array ? encode(changed) : changed
}

/** The list that bytes hold as CBOR, if they do. */
function embedded(bytes: Uint8Array): Cbor | undefined {
  try {
    const value = decode(bytes)
    return isList(value) ? value : undefined
  } catch (error) {
    if (error instanceof MalformedError) return undefined
    throw error
  }
}

function flipped(bytes: Uint8Array, n: number): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(n)
  const i = n % bytes.length
  return bytes.slice().fill((bytes[i] ?? 0) ^ (1 << (n % 8)), i, i + 1)
}

function longer(bytes: Uint8Array, by: number): Uint8Array {
  const all = new Uint8Array(bytes.length + by)
  all.set(bytes)
  return all
}
