/**
 * Deterministic CBOR (SPEC 1.1; RFC 8949 section 4.2): one value has one encoding, so signatures and hashes are over
 * bytes that anyone can make again. Of CBOR we use whole numbers, byte strings, text, arrays, booleans, null.
 */
import { decode as cborDecode, encode as cborEncode, rfc8949EncodeOptions, Tokenizer } from 'cborg'
import { MAX_CBOR_DEPTH } from './limits.ts'

export type Cbor = null | boolean | number | string | Uint8Array | readonly Cbor[]

/** Bytes that are not what the protocol says. Always the other side's fault, and never passes the edge. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

/** Bytes of a later version of the protocol than this one: nothing is wrong with them, and they cannot be read here. */
export class LaterVersionError extends MalformedError {}

export const encode = (value: Cbor): Uint8Array<ArrayBuffer> => cborEncode(value, rfc8949EncodeOptions)

const OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
}

/** The library drops a byte order mark at the beginning of a text, which is a character like any other here. */
class ExactText extends Tokenizer {
  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next()
    if (token.byteValue instanceof Uint8Array && beginsWithMark(token.byteValue))
      token.value = `\uFEFF${String(token.value)}`
    return token
  }
}

const beginsWithMark = (text: Uint8Array): boolean => text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf

/** Decodes exactly one value that fills `bytes`. Throws MalformedError for anything else. */
export function decode(bytes: Uint8Array): Cbor {
  const hasMark = checkForm(bytes)
  try {
    if (!hasMark) return cborDecode(bytes, OPTIONS) as Cbor
    const exact = { ...OPTIONS, retainStringBytes: true }
    return cborDecode(bytes, { ...exact, tokenizer: new ExactText(bytes, exact) }) as Cbor
  } catch (error) {
    throw new MalformedError(`not deterministic CBOR: ${String(error)}`, { cause: error })
  }
}

/** Whether `bytes` are the one encoding of `value`. */
export function isEncodingOf(bytes: Uint8Array, value: Cbor): boolean {
  return sameBytes(bytes, encode(value))
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

// The library decodes nested arrays by recursion, so a frame of array heads would exhaust the stack, and lets
// text pass that is not UTF-8. This walks the heads, and refuses those, and maps, tags and floats, which the
// protocol does not use. Returns whether a text begins with a byte order mark.
function checkForm(bytes: Uint8Array): boolean {
  let hasMark = false
  const open: number[] = []
  let at = 0
  do {
    const head = bytes[at++]
    if (head === undefined) throw new MalformedError('CBOR ends early')
    const major = head >> 5
    const minor = head & 31
    let argument = minor
    if (minor >= 24) {
      if (minor > 27) throw new MalformedError('CBOR of indefinite length')
      const width = 1 << (minor - 24)
      argument = 0
      for (let i = 0; i < width; i++) {
        const byte = bytes[at++]
        if (byte === undefined) throw new MalformedError('CBOR ends early')
        argument = argument * 256 + byte
      }
    }
    if (major === 5 || major === 6) throw new MalformedError('CBOR maps and tags are not used here')
    if (major === 7 && (minor < 20 || minor > 22)) throw new MalformedError('CBOR floats are not used here')
    if (major === 2 || major === 3) {
      at += argument
      if (at > bytes.length) throw new MalformedError('CBOR ends early')
      const text = bytes.subarray(at - argument, at)
      if (major === 3) checkText(text)
      if (major === 3 && beginsWithMark(text)) hasMark = true
    }
    if (major === 4) {
      if (argument > bytes.length) throw new MalformedError('CBOR array longer than its bytes')
      if (open.length >= MAX_CBOR_DEPTH) throw new MalformedError('CBOR nested too deeply')
      open.push(argument)
    } else {
      closeItem(open)
    }
    while (open.length > 0 && open.at(-1) === 0) {
      open.pop()
      closeItem(open)
    }
  } while (open.length > 0)
  return hasMark
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function checkText(bytes: Uint8Array): void {
  try {
    utf8.decode(bytes)
  } catch (error) {
    throw new MalformedError('CBOR text that is not UTF-8', { cause: error })
  }
}

function closeItem(open: number[]): void {
  const rest = open.at(-1)
  if (rest !== undefined) open[open.length - 1] = rest - 1
}
