/**
 * Readers: each takes a decoded CBOR value and gives it back typed and bounded, or throws MalformedError that
 * names the field (SPEC 1.3, 1.4). What is not read here does not get past the codec.
 */
import { type Cbor, decode, LaterVersionError, MalformedError } from './cbor.ts'

export type Reader<T> = (value: Cbor | undefined, field: string) => T

const fail = (field: string, wanted: string): never => {
  throw new MalformedError(`${field}: expected ${wanted}`)
}

const encoder = new TextEncoder()

/** A whole number from `min` to `max`. */
export const uint =
  (max: number, min = 0): Reader<number> =>
  (value, field) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : fail(field, `a whole number from ${min} to ${max}`)

/** Exactly `length` bytes. */
export const fixedBytes =
  (length: number): Reader<Uint8Array> =>
  (value, field) =>
    value instanceof Uint8Array && value.length === length ? value : fail(field, `${length} bytes`)

/** At most `max` bytes. */
export const bytes =
  (max: number): Reader<Uint8Array> =>
  (value, field) =>
    value instanceof Uint8Array && value.length <= max ? value : fail(field, `at most ${max} bytes`)

/** Text of at most `maxBytes` bytes of UTF-8. */
export const text =
  (maxBytes: number): Reader<string> =>
  (value, field) =>
    typeof value === 'string' && value.length <= maxBytes && encoder.encode(value).length <= maxBytes
      ? value
      : fail(field, `text of at most ${maxBytes} bytes`)

export const flag: Reader<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : fail(field, 'true or false')

/** What `inner` reads, or null. */
export const nullable =
  <T>(inner: Reader<T>): Reader<T | null> =>
  (value, field) =>
    value === null ? null : inner(value, field)

/** An array of at most `max` elements, each read by `inner`. */
export const list =
  <T>(inner: Reader<T>, max: number): Reader<T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length > max) return fail(field, `a list of at most ${max}`)
    return value.map((element: Cbor, i) => inner(element, `${field}[${i}]`))
  }

/** What `inner` reads, or `absent` where the array ends before it: earlier versions had no such element. */
export const atEnd =
  <T>(inner: Reader<T>, absent: T): Reader<T> =>
  (value, field) =>
    value === undefined ? absent : inner(value, field)

/** An array that begins with what the readers read. More elements may follow: later versions add at the end. */
export const tuple =
  <T extends readonly unknown[]>(...readers: { [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (value, field) => {
    if (!Array.isArray(value)) return fail(field, 'an array')
    return readers.map((reader: Reader<unknown>, i: number) =>
      reader(value[i] as Cbor, `${field}[${i}]`),
    ) as unknown as T
  }

/** Throws LaterVersionError for an array that begins with a greater number than `version`, whatever stands behind that. */
export function refuseLater(value: Cbor, version: number, field: string): void {
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  if (typeof first === 'number' && first > version)
    throw new LaterVersionError(`${field}: version ${first} is later than ${version}`)
}

/** The kind of a frame, and the element after it. */
export function kindAndBody(frame: Uint8Array): readonly [kind: number, body: Cbor | undefined] {
  const value = decode(frame)
  if (!Array.isArray(value)) throw new MalformedError('a frame is an array')
  const elements: readonly Cbor[] = value
  return [uint(0xffff)(elements[0], 'kind'), elements[1]]
}
