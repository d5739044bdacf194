/** Names of files that others chose: made such that they can be shown, and saved anywhere. */

/** Bytes of UTF-8: what file systems take. */
const MAX_BYTES = 255
/** Bytes of an extension that is kept where a name is cut. */
const MAX_EXTENSION_BYTES = 24

// Control, formatting and unassigned-looking characters, among them those that turn the text around them and those that
// nobody sees: `cod\u202Egpj.exe` would be shown as `codexe.jpg`.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\uFEFF\u115F\u1160\u3164\uFFA0]/gu
/** What some file system does not take. */
const RESERVED = /[<>:"|?*]/g
/** Names of devices on Windows, whatever their extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

const utf8 = new TextEncoder()
const lengthOf = (text: string): number => utf8.encode(text).length

/**
 * The last part of a path, without what cannot be seen or saved; never empty, never longer than file systems take. The same
 * for what it gives.
 */
export function safeFileName(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = trimmed(last.replace(UNSEEN, '').replace(RESERVED, '_').replace(/\s+/gu, ' '))
  const named = plain === '' ? 'file' : DEVICE.test(plain) ? `_${plain}` : plain
  return shortened(named)
}

/** Windows drops dots and spaces at the end; a dot in front hides the file elsewhere. */
const trimmed = (name: string): string => name.replace(/^[. ]+|[. ]+$/g, '')

function shortened(name: string): string {
  if (lengthOf(name) <= MAX_BYTES) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && lengthOf(name.slice(dot)) <= MAX_EXTENSION_BYTES ? name.slice(dot) : ''
  let stem = ''
  let room = MAX_BYTES - lengthOf(extension)
  for (const character of name.slice(0, name.length - extension.length)) {
    room -= lengthOf(character)
    if (room < 0) break
    stem += character
  }
  return trimmed(stem) + extension
}
