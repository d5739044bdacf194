/** Padding (SPEC 19.2): what is sealed is one of a few sizes, so that its length says little of what it holds. */
import { MalformedError } from './cbor.ts'
import { LETTER_SIZES } from './limits.ts'

/** Ends the content before its padding: of no meaning in itself, and not zero. */
const END = 0x80

/** The content at the first of `sizes`, which ascend, that has room. Throws RangeError when it is too long for all of them. */
export function pad(content: Uint8Array, sizes: readonly number[] = LETTER_SIZES): Uint8Array<ArrayBuffer> {
  const size = sizes.find((size) => size > content.length)
  if (size === undefined) throw new RangeError(`${content.length} bytes are too many to be padded`)
  const padded = new Uint8Array(size)
  padded.set(content)
  padded[content.length] = END
  return padded
}

/** What was padded, whatever size up to the last of `sizes` it was padded to. Throws MalformedError when there is no end to be found. */
export function unpad(padded: Uint8Array, sizes: readonly number[] = LETTER_SIZES): Uint8Array {
  if (padded.length > (sizes.at(-1) ?? 0)) throw new MalformedError(`${padded.length} bytes with the padding`)
  const end = padded.findLastIndex((byte) => byte !== 0)
  if (padded[end] !== END) throw new MalformedError('padding: it does not begin')
  return padded.subarray(0, end)
}
